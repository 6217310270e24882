"""What a run shows, in words: each answer, and what must not be said."""

import math

import pytest

from ncl_deepxde.evaluation.rows import (
    CONSERVATION_ROWS,
    ERROR_ROWS,
    TRAINING_ROWS,
    MetricRow,
)
from ncl_deepxde.reports.findings import exact_digits, findings

ROWS = (*ERROR_ROWS, *CONSERVATION_ROWS, *TRAINING_ROWS)
DIVERGED = {"state": "diverged", "text": "Its last loss is 500."}
RESTING = {"state": "ok", "text": "Its loss rests."}


def model(error, **more):
    """Return the metrics of a model with some errors of the density over time."""
    series = dict(zip(("0.1", "0.2"), error, strict=True))
    return {"standardized_l2": {"rho": series}, **more}


def told(question, models, **more):
    """Return the finding of a question and its text."""
    metrics = {"problem": "pond", "models": models, **more}
    (found,) = [f for f in findings(metrics, ROWS) if question in f.question]
    return found, "\n".join(found.answers)


def test_the_most_accurate_is_named_with_its_values():
    models = {"pinn": model([0.3, 0.5]), "ncl": model([0.1, 0.2])}
    _, text = told("accurate", models)
    assert "Best of 2 comparisons: ncl in 2." in text
    assert "Error / standard deviation, rho, t = 0.2: ncl 0.200, pinn 0.500." in text
    assert "level" not in text
    assert "one seed" in text


def test_the_order_of_models_decides_nothing():
    models = {"ncl": model([0.3, 0.5]), "pinn": model([0.1, 0.2])}
    assert "pinn in 2" in told("accurate", models)[1]


def test_close_values_are_called_level():
    models = {"pinn": model([0.3, 0.21]), "ncl": model([0.1, 0.2])}
    assert "about level" in told("accurate", models)[1]


def test_a_bad_field_is_called_bad_whoever_wins():
    models = {"pinn": model([3.0, 5.0]), "ncl": model([0.9, 1.0])}
    assert "None is better than answering with the mean" in told("accurate", models)[1]


def test_starts_that_are_built_in_win_nothing():
    models = {
        name: {"standardized_l2": {"rho": {"0": first, "0.1": second}}}
        for name, first, second in (("hard", 1e-7, 0.3), ("soft", 0.1, 0.2))
    }
    assert "Best of one comparison: soft in 1." in told("accurate", models)[1]


def test_larger_is_better_where_the_metric_says_so():
    rows = (MetricRow("r2", "Accuracy", "R2", "largest"),)
    metrics = {"models": {"pinn": {"r2": 0.5}, "ncl": {"r2": 0.9}}}
    best, values, *_ = findings(metrics, rows)[0].answers
    assert best == "Best of one comparison: ncl in 1."
    assert values == "R2: ncl 0.900, pinn 0.500."


def test_a_diverged_model_wins_nothing():
    """Also where another model is called after it."""
    models = {
        "pinn": model([0.3, 0.5]),
        "pinn-hard": model([0.01, 0.02]),
        "ncl": model([0.1, 0.2]),
    }
    training = {"pinn": RESTING, "pinn-hard": DIVERGED, "ncl": RESTING}
    _, text = told("accurate", models, training=training)
    assert "ncl in 2" in text
    assert "pinn 0.500" in text
    assert "Left out of this, since the training diverged: pinn-hard." in text
    found, text = told("training", models, training=training)
    assert found.is_warning
    assert "pinn-hard diverged. Its last loss is 500." in text


def test_good_trainings_need_one_word():
    models = {"ncl": model([0.1, 0.2])}
    found, text = told("training", models, training={"ncl": RESTING})
    assert not found.is_warning
    assert text.startswith("Yes")


@pytest.mark.parametrize(
    ("solver", "start"),
    [
        ("closed form", "Yes: it is known"),
        ("exact, known parts", "Yes: it is known"),
        ("observations", "It is measured"),
        ("finite elements (dolfinx)", "It is computed"),
    ],
)
def test_a_reference_judges_as_well_as_it_is_known(solver, start):
    found, text = told("reference", {}, reference={"solver": solver})
    assert text.startswith(start)
    assert not found.is_warning


@pytest.mark.parametrize(("distance", "is_doubtful"), [(0.04, True), (0.06, False)])
def test_models_that_agree_doubt_the_reference(distance, is_doubtful):
    models = {"pinn": model([0.01, 0.1]), "ncl": model([0.01, 0.11])}
    found, text = told(
        "reference",
        models,
        reference={"solver": "finite elements"},
        agreement={"pinn and ncl": {"rho": {"0.1": 0.01, "0.2": distance}}},
    )
    assert found.is_warning == is_doubtful
    assert ("Not for rho from t = 0.2 on" in text) == is_doubtful


@pytest.mark.parametrize(
    ("ratio", "digits"),
    [(0.9, 0), (0.09, 1), (3e-6, 5), (1e-17, 16), (0.0, 16), (math.nan, 0), (7.0, 0)],
)
def test_digits_of_a_ratio(ratio, digits):
    assert exact_digits(ratio) == digits


def test_what_is_exact_is_told_in_digits():
    models = {
        "pinn": {"continuity_relative": 0.4, "mass_drift": 3e-3},
        "ncl": {"continuity_relative": 5e-6, "mass_drift": 2e-8},
    }
    _, text = told("exact", models)
    assert "(continuity): pinn does not keep it, ncl to 5 digits." in text
    assert "The total mass is constant: pinn to 2 digits, ncl to 7 digits." in text
    assert "measures no law" in told("exact", {"ncl": model([0.1, 0.2])})[1]


def test_a_broken_promise_is_no_success():
    training = {"ncl": RESTING | {"broken": ["continuity: 0.1 is left"]}}
    found, text = told("succeed", {"ncl": model([0.1, 0.2])}, training=training)
    assert found.is_warning
    assert "BROKEN: continuity" in text
