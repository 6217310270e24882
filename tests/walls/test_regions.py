"""Walls of DeepXDE's geometries: positive inside, m.n = 0, the normals of DeepXDE."""

import deepxde as dde
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
