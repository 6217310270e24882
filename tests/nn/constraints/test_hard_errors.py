"""Initial states and walls that contradict each other are refused."""

import math

import pytest
import torch

from ncl_deepxde.nn import NCL, Continuation, InitialState, Wall

ANGLES = 2 * math.pi * torch.arange(50, dtype=torch.float64) / 50
CIRCLE = torch.stack([ANGLES.cos(), ANGLES.sin()], dim=1)


def ball(x):
    return 1 - x.square().sum(dim=1, keepdim=True)


def bump(x):
    return 2 + torch.exp(-x.square().sum(dim=1, keepdim=True)) + 0.1 * x[:, :1]


def swirl(x):
    return torch.cat([-x[:, 1:], x[:, :1]], dim=1)


def build(**arguments):
    return NCL([3, 4, 3], "tanh", "Glorot normal", **arguments)


BAD = [
    (
        lambda: build(
            wall=Wall(ball, CIRCLE),
            initial=InitialState(bump, ramp=0.1, potential=lambda x: x),
        ),
        "potential of initial",
    ),
    (lambda: build(wall=Wall(ball, torch.ones(4, 3))), "points"),
    (lambda: build(wall=Wall(ball, CIRCLE.numpy())), "points must be a tensor"),
    (lambda: build(wall=Wall(ball, CIRCLE[:0])), "K > 0"),
    (lambda: build(initial=InitialState(bump), periods=1.0), "periods: .* axis 0"),
    (
        lambda: build(
            wall=Wall(ball, CIRCLE),
            initial=InitialState(bump, momentum=lambda x: x * math.nan),
        ),
        "initial: the momentum, less",
    ),
    (
        lambda: build(wall=Wall(ball, CIRCLE), initial=Continuation(build(), 0.1, 0.1)),
        "initial: the momentum, less",
    ),
    (
        lambda: build(
            wall=Wall(ball, CIRCLE),
            initial=InitialState(bump, velocity=lambda x: x),
        ),
        r"initial.*m\.n.*lifting=Lifting",
    ),
    (
        lambda: build(wall=Wall(ball, CIRCLE), mean_momentum=[1.0, 0.0]),
        "mean_momentum",
    ),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_state_that_vanishes_on_the_wall_is_accepted_with_its_rounding():
    def still(x):
        return swirl(x) * ball(x) + 1e-15

    state = InitialState(bump, still, ramp=0.1, potential=still)
    assert build(wall=Wall(ball, CIRCLE), initial=state).dim == 2
