"""Words of optimal transport: all numbers of a run, in their units."""

from ncl_deepxde.problems.optimal_transport.results import summarize

REFERENCE = {
    "w2_squared": {"a-b": {"mean": 0.51234, "std": 0.012}},
    "w2_squared_limit": {"a-b": 0.5},
    "w2_squared_limit_error": {"a-b": 0.003},
    "n": [100, 200],
    "repeats": 7,
}
MAP = {
    "w2_squared": {"a-b": {"mean": 0.6, "std": 0.04}},
    "w2_relative_difference": {"a-b": 0.171},
    "w2_relative_to_limit": {"a-b": -0.2},
    "arrival": {"a-b": 0.034},
}
FLOW = {
    **MAP,
    "terminal_mse": {"a-b": 2e-3},
    "continuity_relative": {"a-b": 3e-7},
    "mass_error": {"a-b": 4e-6},
}


def words(**changes):
    models = {"icnn": MAP, "lflow": FLOW}
    text = summarize({"reference": {**REFERENCE, **changes}, "models": models})
    return text.split("\n\n")


def test_numbers_of_reference_and_models_are_said():
    reference, icnn, lflow = words()
    assert reference.startswith("a-b: W2 squared of discrete OT between 200 samples is")
    assert "0.5123 (standard deviation 0.0120 over 7 repeats)" in reference
    assert reference.endswith("0.5000 +- 0.0030 in the limit of infinitely many.")
    for name, text in (("icnn", icnn), ("lflow", lflow)):
        assert text.startswith(f"{name}, a-b: W2 squared 0.6000 (+17.1 %, -20.0 %")
        assert "standard deviation 0.0400 over samples" in text
        assert "to the target it is 3.4e-02" in text
    assert "continuity" not in icnn
    assert "density at the ends 2.0e-03" in lflow
    assert "continuity residual 3.0e-07 of its largest term" in lflow
    assert lflow.endswith("error of the mass 4.0e-06.")


def test_the_best_known_value_of_the_reference_is_said():
    exact, *_ = words(w2_squared_exact={"a-b": 0.49})
    assert exact.endswith("repeats), exactly 0.4900.")
    single, *_ = words(w2_squared_limit={"a-b": None})
    assert single.endswith("over 7 repeats).")
