"""The state that an incompressible flow starts from, and how it fades."""

import math

import pytest
import torch

from ncl_deepxde.nn import InitialVelocity

TIMES = torch.tensor([[0.5], [0.7], [40.0]], dtype=torch.float64)


def psi(x):
    return torch.sin(2 * math.pi * x).prod(dim=1, keepdim=True)


def shear(x):
    return torch.cat([0.4 + torch.sin(2 * math.pi * x[:, 1:]), 0 * x[:, :1]], dim=1)


def test_without_a_ramp_the_state_stays() -> None:
    state = InitialVelocity(psi, time=0.5)
    assert torch.equal(state.factor(TIMES), TIMES - 0.5)
    assert torch.equal(state.remainder(TIMES), torch.ones_like(TIMES))


def test_with_a_ramp_the_state_fades() -> None:
    state = InitialVelocity(psi, time=0.5, ramp=0.1)
    f, h = state.factor(TIMES)[:, 0], state.remainder(TIMES)[:, 0]
    assert (f[0], h[0]) == (0, 1)
    torch.testing.assert_close(f[1].item(), 1 - math.exp(-2))
    torch.testing.assert_close(h[1].item(), 3 * math.exp(-2))
    assert (f[2], h[2] < 1e-100) == (1, True)
    slope = torch.func.jacrev(state.remainder)(TIMES[0])
    assert slope.item() == 0, "the state does not move at its time"


def test_state_of_a_torus_knows_its_mean() -> None:
    state = InitialVelocity.on_torus(shear, [1.0, 1.0], time=0.2, ramp=0.3)
    torch.testing.assert_close(state.mean, [0.4, 0.0], rtol=0, atol=1e-15)
    assert (state.time, state.ramp) == (0.2, 0.3)
    x = torch.rand(5, 2)
    expected = -torch.cos(2 * math.pi * x[:, 1:]) / (2 * math.pi)
    torch.testing.assert_close(state.potential(x), expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("options", [{"time": math.inf}, {"ramp": 0.0}])
def test_bad_times_are_refused(options) -> None:
    with pytest.raises(ValueError, match=r"^InitialVelocity: (time|ramp) must be"):
        InitialVelocity(psi, **options)
