"""Budgets: what is wrong is refused."""

import pytest

from ncl_deepxde.problems.observed import Adam, GridAdam

BUDGET = {"lr": 1e-3, "steps": 10, "least_lr": 0.0}


@pytest.mark.parametrize(
    "wrong",
    [{"lr": 0.0}, {"steps": 0}, {"steps": 1.5}, {"clip": -1.0}, {"weight_deacy": 1.0}],
)
def test_adam_refuses_what_is_out_of_range_or_unknown(wrong):
    assert Adam(**BUDGET).clip is None
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Adam(**{**BUDGET, **wrong})


def test_a_grid_needs_its_rate_and_others_have_none():
    assert GridAdam(**BUDGET, grid_lr=0.5).grid_lr == 0.5
    with pytest.raises(ValueError, match="grid_lr"):
        GridAdam(**BUDGET)
    with pytest.raises(ValueError, match="grid_lr"):
        Adam(**BUDGET, grid_lr=0.5)
