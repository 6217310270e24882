"""Words on the Hodge decomposition."""

from ncl_deepxde.problems.hodge.results import summarize


def test_summary_says_the_numbers_of_every_case():
    model = {
        "train_seconds": 90.0,
        "train_seconds_4": 61.0,
        "relative_squared_l2": {"2": 0.031, "4": 0.042},
        "divergence_relative": {"2": 1.5e-7, "4": 2.5e-7},
        "memory_per_point": {"2": 12.0, "4": 34.0},
    }
    trivial = {"2": 1.1, "4": 0.97}
    reference = {"error_of_the_field_itself": trivial}
    text = summarize({"models": {"potential": model}, "reference": reference})
    assert text.split("\n\n") == [
        "n = 2: the field itself is off its divergence-free part by 1.1 (relative "
        "squared L2).",
        "potential, n = 2: error 0.031 after 90 s; largest divergence 1.5e-07 of its "
        "largest term; 12 KiB per point.",
        "n = 4: the field itself is off its divergence-free part by 0.97 (relative "
        "squared L2).",
        "potential, n = 4: error 0.042 after 61 s; largest divergence 2.5e-07 of its "
        "largest term; 34 KiB per point.",
    ]
