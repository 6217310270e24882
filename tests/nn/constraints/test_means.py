"""Constants of density and momentum: the defaults, the given, the determined."""

import math

import deepxde as dde
import numpy as np
import pytest
import torch

from ncl_deepxde.nn import NCL, InitialState, Wall
from ncl_deepxde.nn.base.spec import Constant
from ncl_deepxde.nn.constraints.means import mean_flux

ANGLES = 2 * math.pi * torch.arange(50, dtype=torch.float64) / 50
CIRCLE = torch.stack([ANGLES.cos(), ANGLES.sin()], dim=1)


def ball(x):
    return 1 - x.square().sum(dim=1, keepdim=True)


def bump(x):
    return 2 + torch.exp(-x.square().sum(dim=1, keepdim=True)) + 0.1 * x[:, :1]


def swirl(x):
    return torch.cat([-x[:, 1:], x[:, :1]], dim=1)


def state(x):
    a, b = 2 * math.pi * x.T
    m = torch.stack([0.3 + a.sin() ** 2, b.cos() - 1.2], dim=1)
    return m


def test_constants_are_trained_on_a_torus_and_zero_elsewhere():
    trained = [Constant(1.0, True), Constant(0.0, True), Constant(0.0, True)]
    assert mean_flux([1.0, 2.0], None, None, None, None) == trained
    assert mean_flux([1.0, None], None, None, None, None) == [Constant()] * 3


def test_numbers_are_kept_and_trained_ones_start_from_the_default():
    found = mean_flux([None, None], None, None, 4, [1, -2.5])
    assert found == [Constant(4.0), Constant(1.0), Constant(-2.5)]
    found = mean_flux([None, None], None, None, "trained", "trained")
    assert found == [Constant(1.0, True), Constant(0.0, True), Constant(0.0, True)]


def test_a_wall_leaves_the_density_to_training_and_the_momentum_at_rest():
    wall = Wall(ball, CIRCLE)
    found = mean_flux([None, None], None, wall, None, None)
    assert found == [Constant(1.0, True), Constant(), Constant()]


def test_a_state_determines_the_constants_which_are_its_mean_on_a_torus():
    initial = InitialState(lambda x: 2 + 0 * x[:, :1], momentum=state)
    density, *momentum = mean_flux([1.0, 1.0], initial, None, None, None)
    assert density == Constant(0.0)
    assert not any(constant.is_trained for constant in momentum)
    # sin^2 has the mean 1/2, cos has none.
    np.testing.assert_allclose([c.value for c in momentum], [0.8, -1.2], rtol=1e-14)
    flat = mean_flux([1.0, None], initial, None, None, None)
    assert flat == [Constant()] * 3


@pytest.mark.parametrize("value", [[1.0], [1.0, math.nan], ["a", "b"], object(), 1.0])
def test_what_is_no_list_of_finite_numbers_is_refused(value):
    message = r"^mean_momentum: must hold 2 finite number\(s\) or be 'trained', got"
    with pytest.raises(ValueError, match=message) as error:
        mean_flux([None, None], None, None, None, value)
    assert repr(value) in str(error.value)


def build(**arguments):
    return NCL([3, 4, 3], "tanh", "Glorot normal", **arguments)


BAD = [
    (lambda: build(initial=InitialState(bump), mean_density=1.0), "mean_density"),
    (
        lambda: build(
            initial=InitialState(bump, velocity=swirl), mean_momentum="trained"
        ),
        "mean_momentum",
    ),
    (lambda: build(wall=ball), "wall: must be an nn.Wall or None"),
    (
        lambda: build(wall=dde.geometry.Disk([0, 0], 1)),
        r"wall: must be an nn.Wall or None, .* Write nn.Wall.of\(",
    ),
    (
        lambda: build(initial=bump),
        r"initial: must be an nn.InitialState .* Wrap it: nn.InitialState\(",
    ),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
