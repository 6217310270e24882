"""Metrics of the cavity: divergence, extrema, the published values."""

import numpy as np
import pytest
import torch

from ncl_deepxde.problems.cavity.measures import EXTREMA, divergence, extrema
from ncl_deepxde.problems.cavity.models import exact, plain

# Of a spectral solution of another project, see
# tests/benchmarks/precision_problems/test_cavity.py; Galerkin's method with polynomials
# of degree 28 there has these extrema, right to 1e-6.
GALERKIN = {"u_min": -0.1818893, "v_max": 0.1539299, "v_min": -0.2182598}


def test_divergence_of_the_exact_network_is_rounding():
    x = np.random.default_rng(0).random((9, 2))
    # Sums of some hundred terms.
    assert divergence(exact([8])[0], x)[1] < 1e-13
    assert divergence(plain([8])[0], x)[1] > 1e-3


def test_divergence_is_u_x_plus_v_y():
    class Known(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(1))

        def forward(self, x):
            return torch.cat([3 * x[:, :1], -x[:, 1:], 0 * x[:, :1]], dim=1)

    assert divergence(Known(), np.ones((2, 2))) == (2.0, 2 / 3)


def test_extrema_are_those_of_the_lines():
    def flow(points, time):
        x, y = points.T
        u = (y - 0.3) ** 2 - 0.25
        v = np.where(x < 0.5, 0.1 - (x - 0.2) ** 2, (x - 0.85) ** 2 - 0.4)
        return {"u": np.stack([u, v], axis=1)}

    found = extrema(flow)
    assert found == pytest.approx({"u_min": -0.25, "v_max": 0.1, "v_min": -0.4})


def test_published_extrema_agree_with_a_second_method():
    # The published ones are the largest at nodes 0.01 apart.
    assert pytest.approx(EXTREMA, rel=3e-4) == GALERKIN
