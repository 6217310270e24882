"""Gauss's rules: polynomials exactly, the theorem of Gauss, refusals."""

import math

import deepxde as dde
import pytest
import torch

from ncl_deepxde.quadrature import boundary_rule, inside_rule

SHAPES = {
    "interval": lambda: dde.geometry.Interval(-1.0, 2.5),
    "rectangle": lambda: dde.geometry.Rectangle([0.5, -1.0], [2.0, 3.0]),
    "cuboid": lambda: dde.geometry.Cuboid([0, -1, 2], [1, 1, 2.5]),
    "hypercube": lambda: dde.geometry.Hypercube([0, 0, 0, 0], [1, 2, 1, 0.5]),
    "disk": lambda: dde.geometry.Disk([0.5, -1.0], 1.5),
    "sphere": lambda: dde.geometry.Sphere([0.5, -1.0, 2.0], 1.5),
    "with-time": lambda: dde.geometry.GeometryXTime(
        dde.geometry.Interval(0, 1), dde.geometry.TimeDomain(0, 2)
    ),
}
# Volume and area of the boundary.
SIZES = {
    "interval": (3.5, 2.0),
    "rectangle": (6.0, 11.0),
    "cuboid": (1.0, 7.0),
    "hypercube": (1.0, 2 * (1 + 0.5 + 1 + 2)),
    "disk": (math.pi * 1.5**2, 2 * math.pi * 1.5),
    "sphere": (4 / 3 * math.pi * 1.5**3, 4 * math.pi * 1.5**2),
    "with-time": (1.0, 2.0),
}


@pytest.mark.parametrize("name", SHAPES)
def test_weights_are_volume_and_area(name) -> None:
    volume, area = SIZES[name]
    points, weights = inside_rule(SHAPES[name](), 6)
    assert points.shape == (len(weights), points.shape[1])
    assert float(weights.sum()) == pytest.approx(volume, rel=1e-13)
    on, normals, weights = boundary_rule(SHAPES[name](), 6)
    assert on.shape == normals.shape
    assert float(weights.sum()) == pytest.approx(area, rel=1e-13)


@pytest.mark.parametrize("name", SHAPES)
def test_theorem_of_gauss_holds(name) -> None:
    """int div F = oint F.n for a cubic field, which every rule integrates exactly."""

    def field(x):
        return x**3 + x.sum(dim=1, keepdim=True) ** 2 * x[:, :1]

    def divergence(x):
        s = x.sum(dim=1)
        d = x.shape[1]
        return 3 * x.square().sum(1) + 2 * s * x[:, 0] * d + s**2

    points, weights = inside_rule(SHAPES[name](), 6)
    on, normals, area = boundary_rule(SHAPES[name](), 6)
    inside = float((weights * divergence(points)).sum())
    across = float((area * (field(on) * normals).sum(1)).sum())
    assert inside == pytest.approx(across, rel=1e-12)
    assert abs(inside) > 0.1


@pytest.mark.parametrize("name", SHAPES)
def test_points_are_where_they_belong(name) -> None:
    shape = SHAPES[name]()
    shape = getattr(shape, "geometry", shape)
    points, _ = inside_rule(shape, 5)
    on, normals, _ = boundary_rule(shape, 5)
    assert bool(shape.inside(points.numpy()).all())
    assert bool(shape.on_boundary(on.numpy()).all())
    torch.testing.assert_close(normals.norm(dim=1), torch.ones(len(on)))
    assert not shape.inside((on + 0.01 * normals).numpy()).any()


def test_error_falls_fast() -> None:
    exact = math.e - 1
    errors = []
    for nodes in (2, 4, 8):
        x, w = inside_rule(dde.geometry.Interval(0, 1), nodes)
        errors.append(abs(float(w @ x[:, 0].exp()) - exact))
    assert errors[0] < 1e-3
    assert errors[1] < 1e-8
    assert errors[2] < 1e-14


def test_other_geometries_are_refused() -> None:
    triangle = dde.geometry.Triangle([0, 0], [1, 0], [0, 1])
    for rule in inside_rule, boundary_rule:
        with pytest.raises(ValueError, match=r"domain: must be an interval.*Triangle"):
            rule(triangle)
        with pytest.raises(ValueError, match="nodes: must be at least 1"):
            rule(dde.geometry.Interval(0, 1), 0)
