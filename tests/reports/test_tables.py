"""Rows of metrics, best values, aligned text."""

import pytest

from ncl_deepxde.evaluation.rows import (
    CONSERVATION_ROWS,
    ERROR_ROWS,
    TRAINING_ROWS,
    MetricRow,
)
from ncl_deepxde.reports.tables import Row, format_value, metric_rows, text_table

KNOWN = (
    *ERROR_ROWS,
    MetricRow("relative_squared_l2", "Squared error", "dimension", "smallest"),
    MetricRow("w2_squared", "Distance"),
    MetricRow("r2", "Accuracy", "R2", "largest"),
    MetricRow("r2_truth", "Accuracy", "R2 everywhere", "largest"),
    *CONSERVATION_ROWS,
    *TRAINING_ROWS,
    MetricRow("peak", "Training", "peak memory", "smallest", "MiB"),
)


def row(best="smallest", **values):
    return Row(MetricRow("key", "section"), "label", best, values)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (50563, "50,563"),
        (0.41, "0.410"),
        (0.0012345, "0.00123"),
        (3.2e-16, "3.20e-16"),
        (120.34, "120"),
        (1234.5, "1,234"),
        (999.7, "1,000"),
        (1.5e7 + 0.5, "1.50e+07"),
        (-0.5, "-0.500"),
        (float("nan"), "not finite"),
        (float("inf"), "not finite"),
        (None, "-"),
    ],
)
def test_format_value(value, text):
    assert format_value(value) == text


def test_best_value_depends_on_the_direction():
    assert row(a=0.1, b=0.2).is_best("a")
    assert not row(a=0.1, b=0.2).is_best("b")
    assert row("largest", a=0.1, b=0.2).is_best("b")
    assert not row(None, a=0.1, b=0.2).is_best("a")


def test_best_value_is_shared_by_values_that_read_the_same():
    three = row(a=0.10001, b=0.10002, c=0.2)
    assert [three.is_best(c) for c in "abc"] == [True, True, False]


def test_nothing_is_best_without_a_difference():
    assert not row(a=0.1).is_best("a")
    assert not row(a=0.1, b=0.1).is_best("a")


def test_value_that_is_not_finite_is_never_best():
    diverged = row(a=float("nan"), b=0.2)
    assert not diverged.is_best("a")
    assert diverged.is_best("b")
    assert not row("largest", a=float("inf"), b=0.2).is_best("a")


def test_rows_of_nested_errors_are_sorted_by_time():
    errors = {"u": {"10": 4.0, "2": 3.0}, "rho": {"0.3333": 2.0, "5e-05": 1.0}}
    rows = metric_rows({"pinn": {"relative_l2": errors}}, KNOWN)
    assert [(r.label, r.values["pinn"]) for r in rows] == [
        ("rho, t = 5e-05", 1.0),
        ("rho, t = 0.3333", 2.0),
        ("u, t = 2", 3.0),
        ("u, t = 10", 4.0),
    ]
    assert {r.section for r in rows} == {"Relative L2 error"}


def test_many_times_are_thinned_to_first_last_and_between():
    errors = {"rho": {f"{i / 100:.4g}": float(i) for i in range(35)}}
    rows = metric_rows({"pinn": {"relative_l2": errors}}, KNOWN, max_times=4)
    assert [r.values["pinn"] for r in rows] == [0, 11, 23, 34]


def test_rows_of_models_with_different_metrics_have_gaps():
    rows = metric_rows(
        {"a": {"loss": 1.0, "mass_drift": 0.0}, "b": {"loss": 2.0}}, KNOWN
    )
    assert [r.label for r in rows] == ["mass drift", "final loss"]
    assert rows[0].values == {"a": 0.0}


def test_seconds_per_step_are_computed_where_missing():
    rows = metric_rows({"a": {"train_seconds": 10.0, "steps": 40}}, KNOWN)
    assert {r.label: r.values["a"] for r in rows}["seconds per step"] == 0.25
    given = {"train_seconds": 10.0, "steps": 40, "seconds_per_step": 0.2}
    rows = metric_rows({"a": given}, KNOWN)
    assert {r.label: r.values["a"] for r in rows}["seconds per step"] == 0.2


@pytest.mark.parametrize(
    ("metrics", "section", "label", "best"),
    [
        ({"r2_3d": 0.9}, "Accuracy", "R2 3D", "largest"),
        ({"r2_truth_2d": 0.9}, "Accuracy", "R2 everywhere 2D", "largest"),
        (
            {"relative_squared_l2": {"25": 0.1}},
            "Squared error",
            "dimension 25",
            "smallest",
        ),
        ({"w2_squared": {"a-b": {"std": 0.1}}}, "Distance", "a-b std", None),
        ({"peak_3d": 1.5}, "Training", "peak memory 3D (MiB)", "smallest"),
        ({"my_own": 1.0}, "Other", "my own", None),
    ],
)
def test_metrics_are_shown_as_their_problem_says(metrics, section, label, best):
    (found,) = metric_rows({"model": metrics}, KNOWN)
    assert (found.section, found.label, found.best) == (section, label, best)


def test_text_and_flags_make_no_row():
    assert metric_rows({"a": {"note": "text", "done": True}}, KNOWN) == []


def test_text_table_aligns_columns():
    text = text_table(["name", "a"], [["Section"], ["x", "1.25"], ["longer", "3"]])
    assert text.splitlines() == [
        "name       a",
        "------------",
        "Section",
        "x       1.25",
        "longer     3",
    ]


def test_wide_text_table_continues_below():
    header = ["row", *(f"column {i}" for i in range(20))]
    text = text_table(header, [["x", *map(str, range(20))]], width=60)
    assert max(len(line) for line in text.splitlines()) <= 60
    for name in header[1:]:
        assert text.count(f"{name} ") + text.count(f"{name}\n") == 1
