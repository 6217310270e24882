"""Budgets of stages: the limits they keep, the keywords they give."""

import pytest
from pydantic import ValidationError

from ncl_deepxde.problems.euler.budgets import (
    AdamBudget,
    Budget,
    GaussNewtonBudget,
    GaussNewtonOptions,
    LBFGSOptions,
    NNCGOptions,
    given,
)


def test_either_limit_is_enough():
    assert Budget(steps=1).seconds is None
    assert Budget(seconds=0.5).steps is None
    with pytest.raises(ValidationError, match="steps or seconds must be given"):
        Budget()


@pytest.mark.parametrize(
    "changes",
    [
        {"steps": 0},
        {"seconds": 0.0},
        {"resample_every": 0},
        {"num_domain": 0},
        {"num_initial": 0},
        {"num_wall": 0},
        {"steps": 1.5},
    ],
)
def test_numbers_out_of_bounds_are_refused(changes):
    (name,) = changes
    with pytest.raises(ValidationError) as error:
        GaussNewtonBudget(**{"seconds": 1.0, **changes})
    assert [item["loc"] for item in error.value.errors()] == [(name,)]


@pytest.mark.parametrize("half", [{"drop": 0.5}, {"drop_at": 300}])
def test_drop_needs_its_step(half):
    with pytest.raises(ValidationError, match="drop and drop_at must be given togeth"):
        AdamBudget(steps=5, lr=1e-2, **half)


def test_points_of_conditions_change_where_they_are_given():
    budget = GaussNewtonBudget(steps=5, num_wall=7)
    assert budget.condition_points == {"initial": None, "wall": 7}


def test_keywords_are_those_that_are_given():
    assert given(GaussNewtonOptions(damping=1e-3, damping_range=(1e-6, 1e2))) == {
        "damping": 1e-3,
        "damping_range": (1e-6, 1e2),
    }
    assert given(LBFGSOptions()) == given(NNCGOptions()) == {}
