"""Networks as solutions, and the largest continuity residual."""

import deepxde as dde
import numpy as np
import pytest
import torch

from ncl_deepxde.evaluation import solution as evaluation
from ncl_deepxde.evaluation.solution import NetworkSolution, continuity_error
from ncl_deepxde.nn import NCL, CurlNet


class Formula(torch.nn.Module):
    """rho = 2 + x t, m = (-x^2 / 2 + c x, y), p = t: the residual is c + 1."""

    def __init__(self, c):
        super().__init__()
        self.c = torch.nn.Parameter(torch.tensor(c))

    def forward(self, inputs):
        x, y, t = inputs.split(1, dim=1)
        return torch.cat([2 + x * t, self.c * x - x**2 / 2, y, t], dim=1)


def test_solution_divides_momentum_by_density(dtype) -> None:
    points = np.random.default_rng(0).random((7, 2))
    found = NetworkSolution(Formula(0.5))(points, 0.25)
    x, y = points[:, :1], points[:, 1:]
    rho = 2 + 0.25 * x
    right = {
        "rho": rho,
        "u": np.hstack([0.5 * x - x**2 / 2, y]) / rho,
        "p": np.full_like(x, 0.25),
    }
    assert set(found) == set(right)
    for key, value in right.items():
        assert (found[key].shape, found[key].dtype) == (value.shape, np.float64)
        eps = torch.finfo(dtype).eps
        np.testing.assert_allclose(found[key], value, rtol=8 * eps, atol=8 * eps)


def test_chunks_do_not_change_the_solution(monkeypatch) -> None:
    net = NCL([3, 8, 4], "tanh", "Glorot normal", mean_density=3.0)
    points = np.random.default_rng(0).random((23, 2))
    times = np.linspace(0, 1, 23)[:, None]
    whole, error = (
        NetworkSolution(net)(points, 0.5),
        continuity_error(net, points, times),
    )
    monkeypatch.setattr(evaluation, "CHUNK", 5)
    cut = NetworkSolution(net)(points, 0.5)
    for key, value in whole.items():
        np.testing.assert_allclose(cut[key], value, rtol=1e-14, atol=1e-14)
    # The residual itself is round-off, so only its size is comparable.
    found = continuity_error(net, points, times)
    assert max(found.relative, error.relative) < 1e-14


def test_continuity_error_of_a_formula() -> None:
    points = np.random.default_rng(0).random((50, 2))
    times = np.random.default_rng(1).random((50, 1))
    error = continuity_error(Formula(0.5), points, times)
    # Terms: d_t rho = x, d_x m_1 = c - x, d_y m_2 = 1.
    assert error.largest == pytest.approx(1.5, rel=1e-14)
    assert error.relative == pytest.approx(1.5, rel=1e-14)
    error = continuity_error(Formula(-3.0), points, times)
    assert error.largest == pytest.approx(2.0, rel=1e-14)
    assert error.relative == pytest.approx(2 / (3 + points[:, 0].max()), rel=1e-14)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_exact_and_other_networks_are_told_apart(d, dtype) -> None:
    rng = np.random.default_rng(0)
    points, times = rng.random((20, d)), rng.random((20, 1))
    sizes = [d + 1, 8, 8, d + 2]
    exact = continuity_error(NCL(sizes, "tanh", "Glorot normal"), points, times)
    assert exact.relative < {torch.float64: 1e-12, torch.float32: 1e-5}[dtype]
    assert exact.largest > 0 or dtype == torch.float64
    plain = continuity_error(dde.nn.FNN(sizes, "tanh", "Glorot normal"), points, times)
    assert plain.relative > 1e-2
    if d > 1:
        curl = continuity_error(CurlNet(sizes, "tanh", "Glorot normal"), points, times)
        assert curl.relative > 1e-2


@pytest.mark.parametrize("output", ["flux", "velocity"])
def test_both_outputs_of_one_network_are_the_same_solution(output):
    torch.manual_seed(0)
    net = NCL([3, 8, 4], "tanh", "Glorot normal", mean_density=3.0, output=output)
    torch.manual_seed(0)
    flux = NCL([3, 8, 4], "tanh", "Glorot normal", mean_density=3.0)
    points = np.random.default_rng(0).random((7, 2))
    found, wanted = (NetworkSolution(n)(points, 0.3) for n in (net, flux))
    for field, value in wanted.items():
        # Both divide by the density once, in a different order.
        assert np.allclose(found[field], value, rtol=1e-13, atol=0)
    times = np.full((7, 1), 0.3)
    assert continuity_error(net, points, times).relative < 1e-12
