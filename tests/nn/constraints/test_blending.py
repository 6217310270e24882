"""Functions of the parts of a wall: their values and slopes there, what is refused."""

import deepxde as dde
import numpy as np
import pytest
import torch

from ncl_deepxde.nn import Wall
from ncl_deepxde.nn.constraints.blending import Blending

g = dde.geometry
LIMITS = {torch.float64: 1e-12, torch.float32: 2e-5}


def along(x):
    return ~(np.isclose(x[:, 0], 0) | np.isclose(x[:, 0], 2))


def obstacle(unit=1.0):
    box = g.Rectangle([0, 0], [2 * unit, unit])
    return box - g.Disk([0.75 * unit, 0.5 * unit], 0.25 * unit)


def blending(power):
    return Blending(Wall.of(obstacle(), along), power)


def slopes(function, x):
    x = x.clone().requires_grad_()
    columns = function(x).unbind(dim=1)
    rows = [torch.autograd.grad(c.sum(), x, retain_graph=True)[0] for c in columns]
    return torch.stack(rows, dim=1)


@pytest.mark.parametrize("power", [1, 2])
def test_each_is_one_on_its_part_and_level_along_the_wall(power, dtype) -> None:
    function = blending(power)
    x, n = (t.to(dtype) for t in function.wall.surface())
    values, limit = function(x), LIMITS[dtype]
    assert values.shape == (len(x), 3)
    assert values.dtype == dtype
    right = function.owners().to(dtype)
    torch.testing.assert_close(values, right, rtol=0, atol=limit)
    slope = slopes(function, x)
    tangent = torch.stack([-n[:, 1], n[:, 0]], dim=1)
    largest = slopes(blending(1), x).abs().max()
    assert (slope @ tangent[:, :, None]).abs().max() < 10 * limit * largest
    assert (slope.abs().max() < 10 * limit * largest) == (power == 2)


@pytest.mark.parametrize("power", [1, 2])
def test_they_add_up_to_one_and_are_smooth_inside(power) -> None:
    x = torch.as_tensor(obstacle().random_points(200)).double()
    values = blending(power)(x)
    torch.testing.assert_close(values.sum(dim=1), torch.ones(200), rtol=0, atol=1e-14)
    assert (values > 0).all()
    assert (slopes(blending(power), x).norm(dim=2) < 100).all()


def test_units_do_not_matter_in_single_precision() -> None:
    x = torch.tensor([[0.3, 0.2], [1.4, 0.6]], dtype=torch.float32)
    right = blending(2)(x)
    for unit in 1e-9, 1e9:
        found = Blending(Wall.of(obstacle(unit), along_in(unit)), 2)(unit * x)
        torch.testing.assert_close(found, right, rtol=1e-2, atol=0)


def along_in(unit):
    return lambda x: along(x / unit)


CIRCLE = torch.randn(20, 2, dtype=torch.float64, generator=torch.Generator())
CIRCLE = CIRCLE / CIRCLE.norm(dim=1, keepdim=True)


def outer(x):
    return 4 - x.square().sum(dim=1, keepdim=True)


def inner(x):
    return x.square().sum(dim=1, keepdim=True) - 1


def both(x):
    return outer(x) * inner(x)


def test_parts_written_by_hand() -> None:
    wall = Wall(both, torch.cat([CIRCLE, 2 * CIRCLE]), (outer, inner))
    values = Blending(wall, 1)(1.5 * CIRCLE)
    # 4 - 2.25 and 2.25 - 1, the other one's share.
    right = torch.tensor([[1.25, 1.75]]).expand(20, 2) / 3
    torch.testing.assert_close(values, right)


@pytest.mark.parametrize(
    ("points", "components"),
    [
        (CIRCLE, (outer, inner)),
        (torch.cat([CIRCLE, 2 * CIRCLE]), (outer, outer)),
        (torch.cat([CIRCLE, 2 * CIRCLE]), (both, inner)),
    ],
)
def test_parts_must_share_the_points(points, components) -> None:
    with pytest.raises(ValueError, match="wall: each of its points must be on one of"):
        Blending(Wall(both, points, components), 1)


def test_shapes_are_checked() -> None:
    wall = Wall(both, torch.cat([CIRCLE, 2 * CIRCLE]), (outer, lambda x: x))
    with pytest.raises(ValueError, match="components of wall: must map points"):
        Blending(wall, 1)


def test_many_parts_do_not_underflow(dtype):
    holes = [[x, y] for x in (0.2, 0.4, 0.6, 0.8) for y in (0.2, 0.4, 0.6, 0.8)]
    geometry = dde.geometry.Rectangle([0, 0], [1, 1])
    for center in holes:
        geometry = geometry - dde.geometry.Disk(center, 0.05)
    blend = Blending(Wall.of(geometry), 2)
    x = torch.as_tensor(geometry.random_points(50), dtype=dtype)
    found = blend(x)
    assert found.shape == (50, 17)
    assert found.isfinite().all()
    assert (found.sum(dim=1) - 1).abs().max() < 20 * torch.finfo(dtype).eps
