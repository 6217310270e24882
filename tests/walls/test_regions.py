"""Walls of DeepXDE's geometries: positive inside, m.n = 0, the normals of DeepXDE."""

import deepxde as dde
import numpy as np
import pytest
import torch

from ncl_deepxde.nn import NCL, Wall

g = dde.geometry
BOX, DISK = g.Rectangle([0, 0], [2, 1]), g.Disk([0.75, 0.5], 0.25)
ELL = g.Polygon([[0, 0], [2, 0], [2, 1], [1, 1], [1, 2], [0, 2]])
REGIONS = {
    "interval": g.Interval(0, 2),
    "rectangle": BOX,
    "disk": DISK,
    "ellipse": g.Ellipse([0, 0], 2, 1, 0.25),
    "triangle": g.Triangle([0, 0], [1, 0], [0, 1]),
    "polygon": ELL,
    "cuboid": g.Cuboid([0, 0, 0], [1, 2, 3]),
    "sphere": g.Sphere([0, 0, 0], 2),
    "hypercube": g.Hypercube([0] * 4, [1] * 4),
    "difference": BOX - DISK,
    "union": BOX | g.Disk([2, 0.5], 0.25),
    "intersection": BOX & g.Disk([1, 0.5], 0.75),
    "box-hole": BOX - g.Rectangle([0.5, 0.25], [0.75, 0.5]),
    "polygon-disk": ELL - DISK,
}


@pytest.mark.parametrize("region", REGIONS.values(), ids=REGIONS)
def test_nothing_crosses_the_wall(region):
    torch.manual_seed(0)
    wall = Wall.of(region)
    inside = torch.as_tensor(region.random_points(300)).double()
    assert wall.at(inside).min() > 0
    net = NCL([region.dim + 1, 8, 1 + region.dim], "tanh", "Glorot normal", wall=wall)
    net = net.double()
    x, n = wall.surface()
    m = net(torch.cat([x, torch.rand(len(x), 1).double()], dim=1))[:, 1:]
    assert (m * n).sum(dim=1).abs().max() <= 1e-13
    if not isinstance(region, g.Ellipse):
        outward = torch.as_tensor(region.boundary_normal(wall.points.numpy()))
        assert ((outward * n).sum(dim=1) + 1).abs().max() <= 1e-5


def test_an_unknown_geometry_is_refused():
    with pytest.raises(ValueError, match="geometry: must be"):
        Wall.of(g.StarShaped([0, 0], 1, [0.1], [0.1]))


def sides(x):
    return np.isclose(x[:, 1], 0) | np.isclose(x[:, 1], 1)


def net_of(wall):
    torch.manual_seed(0)
    options = {"wall": wall, "construction": "matrix", "mean_density": 1.0}
    return NCL([3, 8, 3], "tanh", "Glorot normal", **options).double()


def test_change_of_mass_is_the_flux_through_the_open_sides():
    net = net_of(Wall.of(BOX, sides))
    node, weight = np.polynomial.legendre.leggauss(40)
    node, weight = torch.as_tensor((node + 1) / 2), torch.as_tensor(weight / 2)
    X, Y = torch.meshgrid(2 * node, node, indexing="ij")
    weights = 2 * torch.outer(weight, weight).flatten()
    points = torch.stack([X.flatten(), Y.flatten()], dim=1)

    def at(t):
        z = torch.cat([points, t * torch.ones(len(points), 1)], dim=1)
        return (net(z)[:, 0] * weights).sum()

    def outflow(t):
        total = 0.0
        for x, normal in ((0.0, -1.0), (2.0, 1.0)):
            z = torch.stack([x * torch.ones(40), node], dim=1).double()
            z = torch.cat([z, t * torch.ones(40, 1)], dim=1)
            total = total + normal * (net(z)[:, 1] * weight).sum()
        return total

    t = torch.tensor(0.3, dtype=torch.float64)
    change = torch.func.jacrev(at)(t)
    assert abs(change) > 1e-4
    assert abs(change + outflow(t)) <= 1e-12 * abs(change)


@pytest.mark.parametrize(
    ("region", "where", "message"),
    [
        (BOX, lambda x: x[:, 0] < 1, "the low side of axis 1"),
        (ELL, lambda x: x[:, 0] < 0.5, "the side from"),
        (BOX - DISK, lambda x: x[:, 0] < 0.7, "of the boundary of a Disk|of axis 1"),
        (BOX, lambda x: x[:, 0] > 9, "must take some side"),
    ],
)
def test_parts_of_sides_are_refused(region, where, message):
    with pytest.raises(ValueError, match=message):
        Wall.of(region, where)


def test_an_obstacle_alone_may_be_the_wall():
    def obstacle(x):
        return np.hypot(x[:, 0] - 0.75, x[:, 1] - 0.5) < 0.3

    wall = Wall.of(BOX - DISK, obstacle)
    assert wall.at(torch.tensor([[0.0, 0.5], [1.0, 0.0]]).double()).min() > 0.05
    x, n = wall.surface()
    m = net_of(wall)(torch.cat([x, torch.rand(len(x), 1).double()], dim=1))[:, 1:]
    assert (m * n).sum(dim=1).abs().max() <= 1e-13


def test_drawing_leaves_the_users_random_numbers_alone():
    np.random.seed(3)  # noqa: NPY002
    expected = np.random.rand(3)  # noqa: NPY002
    np.random.seed(3)  # noqa: NPY002
    Wall.of(BOX - DISK)
    assert (np.random.rand(3) == expected).all()  # noqa: NPY002
