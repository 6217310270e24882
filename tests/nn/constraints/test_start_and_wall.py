"""An initial state and a wall, each by itself: formulas, and what is refused."""

import math

import numpy as np
import pytest
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.nn import NCL, InitialState, Wall
from ncl_deepxde.nn.constraints.start_and_wall import elapsed

ANGLES = 2 * math.pi * torch.arange(50, dtype=torch.float64) / 50
CIRCLE = torch.stack([ANGLES.cos(), ANGLES.sin()], dim=1)


def ball(x):
    return 1 - x.square().sum(dim=1, keepdim=True)


def bump(x):
    return 2 + torch.exp(-x.square().sum(dim=1, keepdim=True)) + 0.1 * x[:, :1]


def swirl(x):
    return torch.cat([-x[:, 1:], x[:, :1]], dim=1)


def test_momentum_is_that_given_or_density_times_velocity():
    x = torch.rand(7, 2)
    assert torch.equal(InitialState(bump, swirl).momentum_at(x), swirl(x))
    found = InitialState(bump, velocity=swirl).momentum_at(x)
    assert torch.equal(found, bump(x) * swirl(x))
    with pytest.raises(ValueError, match="no momentum and no velocity is given"):
        InitialState(bump).momentum_at(x)


@pytest.mark.parametrize("ramp", [None, 0.3])
def test_the_factor_vanishes_at_the_state_only(ramp):
    t = torch.linspace(0.2, 3.0, 7)[:, None]
    found = InitialState(bump, time=0.2, ramp=ramp).factor(t).numpy()
    dt = t.numpy() - 0.2
    right = dt if ramp is None else 1 - np.exp(-dt / ramp)
    np.testing.assert_allclose(found, right, rtol=1e-14, atol=1e-16)
    assert found[0] == 0
    g = elapsed(torch.as_tensor(dt), ramp)
    np.testing.assert_allclose(g, right * (ramp or 1), rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize("fades", [False, True])
def test_the_drift_is_that_of_its_formula(fades):
    ramp, mean = 0.4, torch.tensor([0.5, -1.0])
    initial = InitialState(
        bump, swirl, time=0.1, ramp=ramp, potential=(lambda x: x**2) if fades else None
    )
    x, t = torch.rand(7, 2), torch.rand(7, 1) + 0.1
    s, decay = (t - 0.1) / ramp, torch.exp(-(t - 0.1) / ramp)
    moving = swirl(x) - mean
    right = -ramp * (1 - decay) * moving
    if fades:
        right = -(t - 0.1) * decay * moving + ((1 + s) * decay - 1) * x**2
    torch.testing.assert_close(initial.drift(x, t, mean), right)
    # At its time the state stands still, and leaves with the momentum minus the mean.
    start = torch.full((7, 1), 0.1)
    assert (initial.drift(x, start, mean) == 0).all()
    rate = vmap(jacrev(lambda t, x: initial.drift(x[None], t[None], mean)[0]))(start, x)
    torch.testing.assert_close(rate[..., 0], -moving)


def test_a_state_without_momentum_moves_only_where_it_fades():
    assert not InitialState(bump).moves
    assert InitialState(bump, ramp=0.1, potential=swirl).moves
    assert InitialState(bump, swirl).moves


def test_the_surface_is_corrected_by_one_step_and_its_normals_are_of_length_one():
    off = CIRCLE * (1 + 4e-6)
    x, n = Wall(ball, off).surface()
    assert float((x.norm(dim=1) - 1).abs().max()) < 1e-10
    torch.testing.assert_close(n, -CIRCLE, rtol=0, atol=1e-10)


def build(**arguments):
    return NCL([3, 4, 3], "tanh", "Glorot normal", **arguments)


BAD = [
    (lambda: InitialState(bump, swirl, swirl), "momentum and velocity"),
    (lambda: InitialState(bump, ramp=0.0), "ramp"),
    (lambda: InitialState(bump, potential=swirl), "ramp must be given"),
    (lambda: build(initial=InitialState(lambda x: x[:, 0])), "density"),
    (lambda: build(initial=InitialState(lambda x: x[:, :1].numpy())), "density"),
    (lambda: build(initial=InitialState(bump, momentum=bump)), "momentum"),
    (lambda: build(wall=Wall(lambda x: x, CIRCLE)), "wall"),
    (lambda: build(wall=Wall(ball, CIRCLE / 2)), "points"),
    (lambda: build(wall=Wall(lambda x: ball(x) ** 2, CIRCLE)), "gradient"),
    (lambda: InitialState(bump, time=math.nan), "time must be finite"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
