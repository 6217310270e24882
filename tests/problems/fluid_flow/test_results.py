"""Figures of the simulated fluid flow: trajectories."""

import numpy as np
import torch

from ncl_deepxde.problems.fluid_flow.exact import MovingGaussians
from ncl_deepxde.problems.fluid_flow.reference import exact
from ncl_deepxde.problems.fluid_flow.results import trajectories


def test_trajectories_follow_the_map():
    start = np.array([[0.5, 0.2], [-1.0, 0.4]])
    times = np.linspace(0, 1.2, 121)
    path = trajectories(exact, start, times)
    assert path.shape == (121, 2, 2)
    t = torch.full((2, 1), 1.2)
    x = MovingGaussians(2).transport(torch.as_tensor(start), 0 * t, t)
    # Runge-Kutta of order 4: (2 pi / 100)^5 / 120 for each of 120 steps, amplified.
    np.testing.assert_allclose(path[-1], x, atol=1e-5)
