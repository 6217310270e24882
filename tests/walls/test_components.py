"""Connected parts of walls: holes, sides, obstacles on a side, curves that touch."""

import deepxde as dde
import numpy as np
import pytest
import torch

from ncl_deepxde.nn import Wall
from ncl_deepxde.walls import wall_components

g = dde.geometry


def along(x):
    """Everything but the vertical sides of the box."""
    return ~(np.isclose(x[:, 0], 0) | np.isclose(x[:, 0], 2))


def closed_on_the_left(x):
    return ~np.isclose(x[:, 0], 2)


def inside_curved(x):
    return (x[:, 0] > 1e-6) & (x[:, 0] < 4 - 1e-6)


def cases():
    """Return regions and walls, with a point on each part in the documented order.

    A geometry keeps the float type in which it was made.
    """
    box, disk = g.Rectangle([0, 0], [2, 1]), g.Disk([0.75, 0.5], 0.25)
    t = np.linspace(0, 1, 15)
    floor = np.stack([4 * t, 0.2 * np.sin(6 * t)], axis=1)
    roof = np.stack([4 * t[::-1], np.ones(15)], axis=1)
    curved = g.Polygon(np.concatenate([floor, roof]))
    return {
        "box": (box, None, [[0.5, 0]]),
        "channel": (box, along, [[0.5, 0], [0.5, 1]]),
        "hole": (box - disk, None, [[0.5, 1], [0.5, 0.5]]),
        "obstacle": (box - disk, along, [[0.5, 0], [0.5, 1], [0.5, 0.5]]),
        "inlet": (box - disk, closed_on_the_left, [[0, 0.5], [0.5, 0.5]]),
        "cut": (box - g.Disk([1, 0], 0.3), along, [[1, 0.3], [0.5, 1]]),
        "tangent": (box - g.Disk([1, 0.3], 0.3), along, [[1, 0.6], [0.5, 1]]),
        "near": (
            box - g.Disk([1, 0.301], 0.3),
            along,
            [[0.5, 0], [0.5, 1], [1, 0.601]],
        ),
        "step": (box - g.Rectangle([1, 0], [1.5, 0.4]), along, [[1, 0.2], [0.5, 1]]),
        "two": (
            box - disk - g.Disk([1.5, 0.5], 0.2),
            None,
            [[0.5, 1], [0.5, 0.5], [1.5, 0.7]],
        ),
        "two-at-once": (
            box - (disk | g.Disk([1.5, 0.5], 0.2)),
            None,
            [[0.5, 1], [0.5, 0.5], [1.5, 0.7]],
        ),
        "overlapping": (
            box - disk - g.Disk([1.1, 0.5], 0.2),
            None,
            [[0.5, 1], [0.5, 0.5]],
        ),
        "annulus": (
            g.Disk([0, 0], 2) - g.Ellipse([0, 0], 1, 0.5),
            None,
            [[0, 2], [1, 0]],
        ),
        "tiny": (box - g.Disk([1, 0.3], 0.002), None, [[0.5, 1], [1, 0.302]]),
        "curved": (curved, inside_curved, [floor[3], [2, 1]]),
        "triangle": (
            g.Triangle([0, 0], [1, 0], [0, 1]) - g.Disk([0.3, 0.3], 0.1),
            None,
            [[0.5, 0], [0.4, 0.3]],
        ),
        "cut-to-a-lens": (box & g.Disk([1, 0.5], 0.75), None, [[1, 0]]),
    }


@pytest.mark.parametrize("name", list(cases()))
def test_each_part_has_a_function_of_its_own(name) -> None:
    region, where, points = cases()[name]
    np.random.seed(0)  # noqa: NPY002
    parts = wall_components(region, where)
    x = np.array(points, dtype=float)
    assert len(parts) == len(points)
    found = np.stack([part.where(x) for part in parts], axis=1)
    assert (found == np.eye(len(points), dtype=bool)).all()
    wall = Wall.of(region, where)
    if len(points) == 1:
        assert wall.components == ()
        return
    on_wall, _ = wall.surface()
    values = torch.cat([f(on_wall) for f in wall.components], dim=1)
    # Points come in single precision; a length of 2e-3 is still far from it.
    assert ((values.abs() < 1e-6).sum(dim=1) == 1).all()
    assert (values.abs() < 1e-6).any(dim=0).all()
    inside = torch.as_tensor(region.random_points(200)).double()
    assert min(float(f(inside).min()) for f in wall.components) > 0


def test_other_dimensions_have_one_part() -> None:
    room = g.Cuboid([0, 0, 0], [1, 1, 1]) - g.Sphere([0.5, 0.5, 0.5], 0.2)
    assert Wall.of(room).components == ()
    assert Wall.of(g.Interval(0, 1)).components == ()


def box_with_hole(unit):
    hole = g.Disk([0.75 * unit, 0.5 * unit], 0.25 * unit)
    return g.Rectangle([0, 0], [2 * unit, unit]) - hole


def test_units_do_not_matter() -> None:
    for unit in 1e-6, 1e6:
        wall = Wall.of(box_with_hole(unit))
        middle = torch.tensor([[0.25, 0.5]]).double()
        values = [float(f(unit * middle)) / unit for f in wall.components]
        same = [float(f(middle)) for f in Wall.of(box_with_hole(1.0)).components]
        np.testing.assert_allclose(values, same, rtol=1e-2)
