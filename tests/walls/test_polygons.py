"""Polygons: factors vanish on their sides alone, in convex ones and in pockets."""

import numpy as np
import pytest
import torch

from ncl_deepxde.walls.join import Product
from ncl_deepxde.walls.polygons import loop, polygon_factors

TRIANGLE = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
ELL = np.array([[0, 0], [2, 0], [2, 1], [1, 1], [1, 2], [0, 2]], dtype=float)
POLYGONS = {"triangle": TRIANGLE, "ell": ELL}


def on(vertices, side, share=0.3):
    end = vertices[(side + 1) % len(vertices)]
    return torch.as_tensor(vertices[side] + share * (end - vertices[side]))[None]


@pytest.mark.parametrize("name", POLYGONS)
@pytest.mark.parametrize("opened", [None, 0])
def test_factors_vanish_on_walls_alone(name, opened) -> None:
    vertices = POLYGONS[name]
    walls = [k != opened for k in range(len(vertices))]
    for function in (
        Product(tuple(polygon_factors(vertices, walls))),
        loop(vertices, walls),
    ):
        for side, is_wall in enumerate(walls):
            value = float(function(on(vertices, side)))
            assert abs(value) <= 1e-14 if is_wall else value > 1e-3
        inside = torch.tensor([[0.3, 0.3], [0.1, 0.8], [0.8, 0.1]]).double()
        assert (function(inside) > 1e-3).all()


def test_units_scale_the_factors() -> None:
    walls = [True] * len(ELL)
    x = torch.tensor([[0.5, 0.5]]).double()
    small = [float(f(x)) for f in polygon_factors(ELL, walls)]
    large = [float(f(1e6 * x)) for f in polygon_factors(1e6 * ELL, walls)]
    assert large == pytest.approx([1e6 * v for v in small], rel=1e-12)
