"""Values of saved solutions at points and times."""

import manufactured
import numpy as np
import pytest

from reference_fem.solution import time_weights
from reference_fem.starts import published_start


@pytest.mark.fem
def test_values_are_periodic_and_start_at_the_initial_state(small_result):
    x = manufactured.grid(11).T
    here, there = (
        small_result.evaluate(y, 0.0) for y in (x, x + np.array([2.0, -3.0]))
    )
    assert np.abs(here["rho"] - there["rho"]).max() < 1e-12
    rho_0 = published_start("torus").density(x.T)
    # P2 interpolation at h = 1/6
    assert np.abs(here["rho"][:, 0] - rho_0).max() < 0.1


@pytest.mark.fem
def test_bad_points_and_times_are_refused(small_result):
    with pytest.raises(ValueError, match=r"points must be .* \(N, 2\)"):
        small_result.evaluate(np.zeros((3, 3)), 0.0)
    with pytest.raises(ValueError, match="points must be finite"):
        small_result.evaluate(np.full((3, 2), np.nan), 0.0)
    for time in (-1e-6, 0.03, float("nan")):
        with pytest.raises(ValueError, match="time must lie in the saved range"):
            small_result.evaluate(np.zeros((3, 2)), time)


def test_time_weights_are_exact_for_cubics():
    times = np.array([0.0, 0.1, 0.25, 0.3, 0.5, 0.6])
    for time in (0.02, 0.27, 0.58):
        weights = time_weights(times, time)
        assert len(weights) == 4
        value = sum(w * times[k] ** 3 for k, w in weights.items())
        assert abs(value - time**3) < 1e-14
    assert time_weights(times, 0.25) == {2: 1.0}
