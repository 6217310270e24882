"""Rows of tables: every metric once, and those that the measures really write."""

import numpy as np
import pytest

from ncl_deepxde.evaluation.metrics import errors_over_time
from ncl_deepxde.evaluation.rows import (
    CONSERVATION_ROWS,
    ERROR_ROWS,
    TRAINING_ROWS,
    MetricRow,
)
from ncl_deepxde.reports.tables import metric_rows

ROWS = (*ERROR_ROWS, *CONSERVATION_ROWS, *TRAINING_ROWS)


def test_every_key_has_one_row_with_a_section() -> None:
    assert len({row.key for row in ROWS}) == len(ROWS)
    assert all(row.section for row in ROWS)
    assert {row.best for row in ROWS} <= {"smallest", "largest", None}


def test_rows_of_errors_are_those_that_are_measured() -> None:
    def flow(points, time):
        return {"rho": 2 + np.sin(points[:, :1] + time)}

    found = errors_over_time(
        flow, flow, np.random.default_rng(0).random((9, 2)), [0.1], ["rho"]
    )
    assert set(found) == {row.key for row in ERROR_ROWS}
    assert all(row.has_times for row in ERROR_ROWS)


@pytest.mark.parametrize("best", ["smallest", "largest", None])
def test_the_table_shows_a_key_as_its_row_says(best) -> None:
    row = MetricRow("r2", "Accuracy", "R2", best, unit="m")
    (shown,) = metric_rows({"a": {"r2": 0.5}, "b": {"r2": 1.0}}, [row])
    assert (shown.section, shown.values) == ("Accuracy", {"a": 0.5, "b": 1.0})
    assert shown.best == best
    assert "R2" in shown.label


def test_direction_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"best: .*'largest' or None, got 'smalest'"):
        MetricRow("loss", "Training", "final loss", "smalest")
