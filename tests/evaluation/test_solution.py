"""Networks as solutions, and the largest continuity residual."""

import deepxde as dde
import numpy as np
import pytest
import torch
from networks import ALL_NETWORKS, continued, names

from ncl_deepxde import operators
from ncl_deepxde.evaluation import solution as evaluation
from ncl_deepxde.evaluation.solution import NetworkSolution, continuity_error
from ncl_deepxde.nn import NCL, CurlNet, MomentumNCL, Windows


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
    found = NetworkSolution(Formula(0.5), "flux")(points, 0.25)
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
    error = continuity_error(Formula(0.5), points, times, "flux")
    # Terms: d_t rho = x, d_x m_1 = c - x, d_y m_2 = 1.
    assert error.largest == pytest.approx(1.5, rel=1e-14)
    assert error.relative == pytest.approx(1.5, rel=1e-14)
    error = continuity_error(Formula(-3.0), points, times, "flux")
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
    net = dde.nn.FNN(sizes, "tanh", "Glorot normal")
    plain = continuity_error(net, points, times, "flux")
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


@pytest.mark.parametrize("name", names(is_flow=True))
def test_solution_of_every_flow_has_its_density_and_velocity(name) -> None:
    net = ALL_NETWORKS[name].build()
    net(torch.randn(64, 3))  # LFlow normalizes by its first points
    solution, x = NetworkSolution(net.eval()), torch.rand(9, 3)
    found = solution(x[:, :2].numpy(), x[:, 2:].numpy())
    close = {"rtol": 1e-12, "atol": 1e-12}
    for key, value in {"rho": net.density(x), "u": net.velocity(x)}.items():
        np.testing.assert_allclose(found[key], value.detach(), **close)
    at_one = solution(x[:, :2].numpy(), 1.0)["u"]
    alone = solution.velocity(x[:, :2].numpy(), 1.0)
    np.testing.assert_allclose(alone, at_one, **close)


def test_a_trained_source_is_no_pressure() -> None:
    x = torch.rand(9, 3)
    for extras in (0, 1):
        net = NCL([3, 8, 4 + extras], "tanh", "Glorot normal", source="trained")
        found = NetworkSolution(net)(x[:, :2].numpy(), x[:, 2:].numpy())
        assert ("p" in found) == bool(extras)
        if extras:
            np.testing.assert_array_equal(found["p"], net(x)[:, 4:].detach())


def test_windows_of_velocities_are_no_momenta() -> None:
    net, x = continued(output="velocity"), torch.rand(20, 3)
    points, times = x[:, :2].numpy(), x[:, 2:].numpy()
    found = NetworkSolution(net)(points, times)
    np.testing.assert_array_equal(found["u"], net.velocity(x).detach())
    assert continuity_error(net, points, times).relative < 1e-12


def test_pressure_of_a_momentum_network_is_that_of_its_operator() -> None:
    net, x = MomentumNCL([3, 8, 8], "tanh", "Glorot normal", periods=1.0), points()
    expected = operators.pressure(net(x)).detach()
    found = NetworkSolution(net)(x[:, :2].numpy(), x[:, 2:].numpy())["p"]
    np.testing.assert_array_equal(found, expected)
    assert (found - net(x)[:, 3:4].detach().numpy()).max() > 1e-3


def test_pressure_among_several_outputs_is_refused() -> None:
    nets = [MomentumNCL([3, 8, 8], "tanh", "Glorot normal") for _ in range(2)]
    net, x = Windows(nets, [0.5]), points()
    arguments = x[:, :2].numpy(), x[:, 2:].numpy()
    message = r"^pressure: must be given .* None for 8 outputs.*operators.pressure"
    with pytest.raises(ValueError, match=message):
        NetworkSolution(net)(*arguments)
    found = NetworkSolution(net, pressure=operators.pressure)(*arguments)["p"]
    np.testing.assert_array_equal(found, operators.pressure(net(x)).detach())


def test_flow_without_a_pressure_has_none() -> None:
    net, x = NCL([3, 8, 3], "tanh", "Glorot normal"), points()
    assert set(NetworkSolution(net)(x[:, :2].numpy(), 0.5)) == {"rho", "u"}


def points(n=9):
    return torch.rand(n, 3)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (None, r"output: must be 'flux' or 'velocity' .* got None for a FNN"),
        ("momentum", "output: must be one of .* got 'momentum'"),
    ],
)
def test_unknown_outputs_are_refused(output, message) -> None:
    net, x = dde.nn.FNN([3, 8, 4], "tanh", "Glorot normal"), np.zeros((2, 2))
    for evaluate in (
        lambda: NetworkSolution(net, output),
        lambda: continuity_error(net, x, np.zeros((2, 1)), output),
    ):
        with pytest.raises(ValueError, match=f"^{message}"):
            evaluate()


def test_contradicted_networks_are_refused() -> None:
    net, x = continued(output="velocity"), np.zeros((2, 2))
    message = r"^output: must be 'velocity' or None for this ExactWindows"
    for evaluate in (
        lambda: NetworkSolution(net, "flux"),
        lambda: continuity_error(net, x, np.zeros((2, 1)), "flux"),
    ):
        with pytest.raises(ValueError, match=message):
            evaluate()


def test_continuity_of_a_network_that_mixes_points_is_refused() -> None:
    """Its Jacobian at one point would be that of another network."""
    net = dde.nn.FNN([3, 8, 3], "tanh", "Glorot normal")
    x = np.random.default_rng(0).random((9, 3))
    assert continuity_error(net, x[:, :2], x[:, 2:], output="flux").largest > 0
    net.apply_output_transform(lambda x, y: y / y.abs().max())
    with pytest.raises(ValueError, match=r"^net: must be a function of each point"):
        continuity_error(net, x[:, :2], x[:, 2:], output="flux")


def test_large_networks_see_fewer_points_at_a_time():
    seen = []
    net = NCL([3, 2048, 2048, 4], "tanh", "Glorot normal", mean_density=2.0)
    net.register_forward_pre_hook(lambda module, given: seen.append(len(given[0])))
    NetworkSolution(net)(np.random.default_rng(0).random((600, 2)), 0.0)
    assert sum(seen) == 600
    assert max(seen) < 300
