"""Transported density: flows in closed form, right and wrong ones, and networks."""

from __future__ import annotations

import math

import deepxde as dde
import numpy as np
import pytest
import torch
from networks import continued
from scipy.integrate import solve_ivp

from ncl_deepxde.evaluation.consistency import consistency_errors, consistency_smape
from ncl_deepxde.nn import NCL, LFlow


class Formula(torch.nn.Module):
    """A flow in closed form, as a network of (rho, u) or (rho, rho u)."""

    def __init__(self, flow, output="velocity"):
        super().__init__()
        self.flow, self.output = flow, output
        self.weight = torch.nn.Parameter(torch.zeros(()))

    def forward(self, inputs):
        rho, u = self.flow(inputs[:, :-1], inputs[:, -1:])
        w = u if self.output == "velocity" else rho * u
        return torch.cat([rho, w], dim=1) + self.weight


def blob(x):
    return 0.1 + torch.exp(-4 * (x - 0.3).square().sum(dim=1, keepdim=True))


def rotation(x, t, speed=3.0):
    """A blob turning about the origin."""
    turned = torch.stack([-x[:, 1], x[:, 0]], dim=1)
    back = torch.cos(speed * t) * x - torch.sin(speed * t) * turned
    return blob(back), speed * turned


def expansion(x, t, rate=0.7):
    """A blob that spreads: u = rate x, its mass constant."""
    shrink = torch.exp(-rate * t)
    return shrink ** x.shape[1] * blob(shrink * x), rate * x


def unmoved(x, t, rate=0.7):
    """The velocity of the expansion, and a density that ignores it."""
    return torch.ones_like(t), rate * x


def sample(n=200, d=2, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 1, (n, d)), rng.uniform(0, 1, (n, 1))


@pytest.mark.parametrize("output", ["velocity", "flux"])
@pytest.mark.parametrize("flow", [rotation, expansion])
def test_exact_flows_are_consistent_to_the_tolerance(flow, output) -> None:
    x, t = sample()
    net = Formula(flow, output)
    for tolerance in (1e-4, 1e-7, 1e-10):
        errors = consistency_errors(net, x, t, tolerance=tolerance, output=output)
        assert errors.shape == (200,)
        assert errors.dtype == np.float64
        # The tolerance holds for a step and for the place, where the logarithm of the
        # density has slopes below 10.
        assert errors.max() < 10 * tolerance


def test_exact_flow_in_single_precision() -> None:
    dde.config.set_default_float("float32")
    x, t = sample()
    net = Formula(rotation).float()
    # Rounding of some hundred evaluations, each 6e-8.
    assert consistency_smape(net, x, t, tolerance=1e-6, output="velocity") < 1e-5


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("start", [0.0, 0.4])
def test_wrong_density_has_the_error_of_the_formula(d, start) -> None:
    x, t = sample(d=d)
    net = Formula(unmoved)
    options = {"start": start, "tolerance": 1e-10, "eps": 1e-14, "output": "velocity"}
    errors = consistency_errors(net, x, t, **options)
    # |1 - e^-k| / (1 + e^-k) with k = rate d (t - s).
    expected = np.abs(np.tanh(0.7 * d * (t[:, 0] - start) / 2))
    np.testing.assert_allclose(errors, expected, atol=1e-8)
    smape = consistency_smape(net, x, t, **options)
    assert smape == pytest.approx(expected.mean(), abs=1e-8)


def test_eps_softens_small_densities() -> None:
    errors = consistency_errors(
        Formula(unmoved),
        np.zeros((1, 2)),
        1.0,
        tolerance=1e-10,
        eps=0.5,
        output="velocity",
    )
    e = math.exp(-1.4)
    assert errors[0] == pytest.approx((1 - e) / (1.5 + e), abs=1e-9)


def test_every_point_meets_the_tolerance_by_itself() -> None:
    # A mean over the batch would allow the only moving point errors of 45 tolerances.
    x = np.zeros((2001, 2))
    x[1000] = [0.7, -0.2]
    net = Formula(lambda x, t: rotation(x, t, speed=40.0))
    options = {"tolerance": 1e-5, "output": "velocity"}
    errors = consistency_errors(net, x, 1.0, **options)
    alone = consistency_errors(net, x[1000:1001], 1.0, **options)
    assert errors[1000] == pytest.approx(alone[0], rel=1e-6)
    assert np.delete(errors, 1000).max() < 1e-12


def test_outside_the_box_the_flow_is_that_of_the_nearest_point() -> None:
    def net(x, t):
        return x.square(), x

    # From 0.5 the path reaches the side at time log 2, with divergence 1 until there
    # and 0 beyond: twice the density 1 of the side, against 1/4. Without the box it
    # goes to e/2, where the density is e^2/4, times e for the divergence.
    x = np.array([[0.5]])
    options = {"start": 1.0, "tolerance": 1e-7, "eps": 1e-14, "output": "velocity"}
    inside = consistency_errors(Formula(net), x, 0.0, **options)
    clipped = consistency_errors(Formula(net), x, 0.0, box=(-1.0, [1.0]), **options)
    assert inside[0] == pytest.approx(math.tanh(1.5), abs=1e-6)
    assert clipped[0] == pytest.approx(1.75 / 2.25, abs=1e-5)


EXACT = {
    "ncl": lambda: NCL([3, 16, 16, 3], "tanh", "Glorot normal", mean_density=4.0),
    "lflow": lambda: LFlow(2, blocks=2, width=8, frequency=3.0),
}


@pytest.mark.parametrize("name", EXACT)
def test_network_with_exact_continuity_is_consistent(name, dtype) -> None:
    net = EXACT[name]()
    x, t = sample(100)
    net.train()
    tolerance = 1e-5 if dtype == torch.float32 else 1e-9
    assert consistency_errors(net, x, t, tolerance=tolerance).max() < 10 * tolerance
    assert net.training


@pytest.mark.parametrize("output", ["flux", "velocity"])
def test_windows_are_consistent_across_the_seam(output) -> None:
    net = continued(output=output)
    # One point: every other would bend at the seam at another time of the solver.
    x, _ = sample(1)
    assert consistency_errors(net, x, 0.55, start=0.45, tolerance=1e-5).max() < 1e-4


def test_plain_network_agrees_with_scipy() -> None:
    net = dde.nn.FNN([3, 16, 3], "tanh", "Glorot normal")
    net.linears[-1].bias.data = torch.tensor([2.0, 0.3, -0.2])
    x, t = np.array([0.3, -0.4]), 0.9

    def outputs(y, time):
        point = torch.tensor([[*y, time]])
        J = torch.func.jacrev(lambda p: net(p[None])[0])(point[0])
        return net(point)[0].detach().numpy(), (J[1, 0] + J[2, 1]).item()

    def slope(time, state):
        value, divergence = outputs(state[:2], time)
        return [value[1], value[2], divergence]

    end = solve_ivp(slope, (t, 0.2), [*x, 0], rtol=1e-9, atol=1e-9, method="DOP853").y[
        :, -1
    ]
    moved = outputs(end[:2], 0.2)[0][0] * math.exp(end[2])
    rho = outputs(x, t)[0][0]
    expected = abs(rho - moved) / (abs(rho) + abs(moved) + 1e-6)
    options = {"start": 0.2, "tolerance": 1e-10, "output": "velocity"}
    found = consistency_smape(net, x[None], t, **options)
    assert found == pytest.approx(expected, rel=1e-7)
    assert expected > 1e-3


def test_singular_velocity_is_refused() -> None:
    def collapse(x, t):
        return torch.ones_like(t), -x / x.square()

    # x(tau) = sqrt(x^2 + 2 (t - tau)) forwards hits the origin in finite time.
    with pytest.raises(RuntimeError, match=r"dopri8 cannot follow .* pass a box"):
        consistency_errors(
            Formula(collapse),
            np.full((1, 1), 0.5),
            0.0,
            start=1.0,
            max_steps=200,
            output="velocity",
        )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"points": np.zeros(3)}, r"points: must have the shape \(N, d\)"),
        ({"points": np.zeros((0, 2))}, "N > 0"),
        ({"times": np.zeros(5)}, r"times: .* \(5, 1\), got \(5,\)"),
        ({"times": np.zeros((4, 1))}, r"got \(4, 1\)"),
        ({"tolerance": 0.0}, "tolerance: must be positive"),
        ({"eps": -1.0}, "eps: must be positive"),
        ({"output": "momentum"}, "output: must be one of"),
        ({"output": None}, "output: must be 'flux' or 'velocity' .* for a Formula"),
    ],
)
def test_bad_arguments_are_refused(options, message) -> None:
    valid = {"points": np.zeros((5, 2)), "times": 0.5, "output": "velocity"}
    given = valid | options
    with pytest.raises(ValueError, match=message):
        consistency_errors(Formula(rotation), **given)
