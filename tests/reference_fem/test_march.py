"""The march through time: saved times do not disturb the steps."""

import manufactured
import numpy as np
import pytest

from reference_fem import torus
from reference_fem.starts import published_start

pytestmark = pytest.mark.fem

EULER = published_start("torus")


def test_saving_between_steps_does_not_change_the_steps(small_result):
    assert small_result.rho.shape == (3, 24, 12)
    assert small_result.u.shape == (3, 2, 24, 12)
    assert small_result.p.shape == (3, 12, 6)
    direct = torus.solve(
        EULER.density,
        EULER.velocity,
        n=6,
        dt=0.004,
        t_end=0.02,
        save_times=[0.004, 0.008, 0.012, 0.02],
        progress=False,
    )
    # linear solvers stop at 1e-12 and need not round the same way twice
    assert np.abs(direct.rho[-1] - small_result.rho[-1]).max() < 1e-10
    # quadratic interpolation between 0, 0.004, 0.008, 0.012: error of order dt^3
    between = small_result.evaluate(manufactured.grid(9).T, 0.009)["rho"]
    near = direct.evaluate(manufactured.grid(9).T, 0.009)["rho"]
    assert np.abs(between - near).max() < 1e-3
