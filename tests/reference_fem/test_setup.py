"""Arguments of a solve: steps, times to save, and what is refused."""

import numpy as np
import pytest

from reference_fem._setup import FlowSetup, TimeGrid, check, saved_times


@pytest.mark.parametrize(
    ("dt", "num_steps"), [(0.1, 3), (0.3, 1), (0.11, 3), (0.09, 4), (0.3 / 7, 7)]
)
def test_steps_end_at_the_final_time(dt, num_steps):
    grid = TimeGrid.create(dt, 0.3, 2)
    assert grid.num_steps == num_steps
    assert grid.steps.shape == (num_steps + 1,)
    assert grid.steps[-1] == 0.3
    assert grid.dt == 0.3 / num_steps


@pytest.mark.parametrize("dt", [0.3, 0.2, 0.1, 0.03, 1e-3])
def test_first_steps_of_third_order_grow_to_the_others(dt):
    grid = TimeGrid.create(dt, 0.3, 2, order=3)
    sizes = grid.sizes
    assert grid.steps[0] == 0.0
    assert grid.steps[-1] == 0.3
    assert sizes.sum() == pytest.approx(0.3, rel=1e-14)
    assert sizes[-1] == grid.dt == sizes.max() <= dt
    assert sizes[0] <= dt * (dt / 0.3) ** 0.5 * (1 + 1e-12)
    ratios = sizes[1:] / sizes[:-1]
    growing = ratios > 1 + 1e-9
    assert ratios[growing] == pytest.approx(1.5)
    # first those that grow, then those that are the same to the bit
    assert np.array_equal(np.sort(growing)[::-1], growing)
    assert (ratios[~growing] == 1).all()


def test_equal_steps_have_one_size():
    assert set(TimeGrid.create(0.007, 1 / 3, 2).sizes) == {1 / 3 / 48}


def test_saved_times_are_spaced_or_given():
    assert np.array_equal(saved_times(3, 0.5), [0.0, 0.25, 0.5])
    # a rounding beyond the end counts as the end
    times = saved_times([0.1, 0.5 * (1 + 1e-15)], 0.5)
    assert np.array_equal(times, [0.1, 0.5])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((0.1, -1.0, 2), "t_end must be positive and finite, got -1.0"),
        ((0.1, np.inf, 2), "t_end must be positive and finite"),
        ((0.0, 0.5, 2), r"dt must be positive and at most t_end = 0\.5, got 0\.0"),
        ((0.6, 0.5, 2), "dt must be positive and at most"),
        ((0.1, 0.5, 1), "save_times as a number must be at least 2, got 1"),
        ((0.1, 0.5, []), "save_times must increase within"),
        ((0.1, 0.5, [0.2, 0.1]), "save_times must increase within"),
        ((0.1, 0.5, [0.2, 0.6]), "save_times must increase within"),
        ((0.1, 0.5, [-0.1, 0.4]), "save_times must increase within"),
    ],
)
def test_bad_times_are_refused(arguments, words):
    with pytest.raises(ValueError, match=f"^{words}"):
        TimeGrid.create(*arguments)


def test_bad_order_is_refused():
    with pytest.raises(ValueError, match=r"^order must be 2 or 3, got 4"):
        FlowSetup(np.sin, np.sin, order=4)


@pytest.mark.parametrize("grad_div", [-1.0, np.inf, np.nan])
def test_bad_coefficient_is_refused(grad_div):
    with pytest.raises(ValueError, match=r"^grad_div must be finite and not negative"):
        FlowSetup(np.sin, np.sin, grad_div=grad_div)


def test_first_broken_rule_is_named():
    check(("a", 1, True, "one"))
    with pytest.raises(ValueError, match=r"^b must be two, got 3"):
        check(("a", 1, True, "one"), ("b", 3, False, "two"), ("c", 4, False, "five"))
