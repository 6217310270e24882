"""Starts and walls in the units of a network."""

import deepxde as dde
import pytest
import torch

from ncl_deepxde.nn import InitialState, InitialVelocity, Scales, Wall
from ncl_deepxde.nn.base.units import NetworkUnits
from ncl_deepxde.nn.constraints.in_units import start_in_units, wall_in_units

UNITS = NetworkUnits.of(Scales((6.0, 2.0), time=3.0), 2)


def one(x):
    return torch.ones_like(x[:, :1])


@pytest.mark.parametrize("kind", [InitialState, InitialVelocity])
def test_time_is_divided_by_its_scale_where_there_is_no_ramp(kind) -> None:
    t = torch.tensor([[1.0], [2.5]])
    found = start_in_units(kind(one, time=1.0), UNITS)
    assert found.factor(t).flatten().tolist() == [0.0, 0.5]
    fading = kind(one, time=1.0, ramp=0.5)
    assert torch.equal(start_in_units(fading, UNITS).factor(t), fading.factor(t))


def test_wall_has_slope_one_in_scaled_coordinates() -> None:
    box = dde.geometry.Rectangle([0, 0], [6, 2])
    wall = Wall.of(box, lambda x: (x[:, 0] == 0) | (x[:, 0] == 6))
    x = torch.rand(7, 2) * torch.tensor([6.0, 2.0])
    found = wall_in_units(wall, UNITS)
    assert found is not None
    # The slope along axis 0 is 1 and its length 6, whatever the wall is multiplied by.
    torch.testing.assert_close(found.at(x), wall.at(x) / 6, rtol=1e-14, atol=0)
    tall = wall_in_units(Wall(lambda x: 1e5 * wall.at(x), wall.points), UNITS)
    assert tall is not None
    torch.testing.assert_close(tall.at(x), found.at(x), rtol=1e-14, atol=0)
    with pytest.raises(ValueError, match=r"^wall: must map points"):
        Wall(lambda x: x, wall.points).at(x)


def test_without_scales_nothing_changes() -> None:
    units = NetworkUnits.of(None, 2)
    wall, start = Wall(one, torch.rand(3, 2)), InitialState(one)
    assert wall_in_units(wall, units) is wall
    assert wall_in_units(None, UNITS) is None
    assert start_in_units(start, units) is start
    assert start_in_units(None, UNITS) is None


@pytest.mark.parametrize(
    ("wall", "message"),
    [
        (Wall(lambda x: (x * 0).sum(1, True), torch.rand(3, 2)), "a gradient that"),
        (Wall(one, torch.rand(3, 3)), r"points must be a tensor of shape \(K, 2\)"),
        (Wall(lambda x: x, torch.rand(3, 2)), "must map points"),
    ],
)
def test_walls_that_are_none_are_refused(wall, message) -> None:
    with pytest.raises(ValueError, match=f"^wall: .*{message}"):
        wall_in_units(wall, UNITS)
