"""Conditions on the boundary: what they take and what they refuse."""

import functools

import numpy as np
import pytest

from reference_fem.boundary import Inflow, Moving, Periodic, at_times


def test_functions_of_points_do_not_change_in_time():
    x = np.arange(6.0).reshape(2, 3)
    still, moving = at_times(lambda x: 2 * x), at_times(lambda x, t: t * x)
    assert np.array_equal(still(x, 7.0), 2 * x)
    assert np.array_equal(moving(x, 7.0), 7 * x)


def test_default_time_is_a_time():
    def velocity(x, t=0.0):
        return t * x

    assert at_times(velocity)(np.ones((2, 1)), 3.0)[0, 0] == 3


def test_arguments_that_may_be_anything_are_refused():
    def velocity(x, scale=1.0):
        return scale * x

    for function in (velocity, lambda: 0, lambda x, t, k: x):
        with pytest.raises(ValueError, match=r"points x and a time t, got one of \("):
            at_times(function)
    at_times(functools.partial(lambda k, x: k * x, 2))


@pytest.mark.parametrize(
    ("create", "words"),
    [
        (lambda: Moving((1, 0)), r"Moving velocity must be a function .* \(1, 0\)"),
        (lambda: Inflow(np.sin, 1.0), r"Inflow density must be a function .* 1\.0"),
        (lambda: Inflow(1.0, np.sin), r"Inflow velocity must be a function"),
        (lambda: Periodic((0, 0)), r"Periodic shift must be a finite vector"),
        (lambda: Periodic((np.inf, 0)), r"Periodic shift must be a finite vector"),
    ],
)
def test_bad_conditions_are_refused(create, words):
    with pytest.raises(ValueError, match=f"^{words}"):
        create()
