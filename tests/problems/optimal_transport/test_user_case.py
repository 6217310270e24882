"""Samples of a user that do not fit are refused."""

from __future__ import annotations

import pytest

from ncl_deepxde.problems.optimal_transport.problem import PROBLEM


@pytest.mark.parametrize(
    ("options", "keep", "message"),
    [
        ({}, 1, "--data: must be given twice, .* got 1"),
        ({"d": 3}, 2, "must have 1 or 2 coordinates, got 3"),
        ({"scale": 100.0}, 2, "distances of order 1, got up to"),
        ({"scale": 0.01}, 2, "Subtract one vector"),
        ({"n": 5}, 2, "before.csv: samples: at least 10 are needed"),
    ],
)
def test_samples_that_do_not_fit_are_refused(write_samples, options, keep, message):
    files = write_samples(**options)[:keep]
    with pytest.raises(ValueError, match=message):
        PROBLEM.with_data(files)
