"""Each factor: zero on its piece with slope 1, a length, finite third derivatives."""

import math
from dataclasses import replace

import pytest
import torch

from ncl_deepxde.walls.factors import Ellipsoid, HalfSpace, Inside, Outside, Slab

C, S = math.cos(0.3), math.sin(0.3)
CIRCLE = Inside((1.0, -1.0), 2.0)
AROUND = torch.linspace(0, 6, 9, dtype=torch.float64)[:, None]
ON_CIRCLE = torch.cat([1 + 2 * AROUND.cos(), -1 + 2 * AROUND.sin()], dim=1)
ON_ELLIPSE = torch.cat(
    [
        3 * AROUND.cos() * C - AROUND.sin() * S,
        3 * AROUND.cos() * S + AROUND.sin() * C,
    ],
    dim=1,
)
ELLIPSE = Ellipsoid((0.0, 0.0), ((C, S), (-S, C)), (3.0, 1.0))
PIECES = {
    "half-space": (HalfSpace((0.0, 1.0), (0.6, 0.8), 2.0), [[0.0, 1.0], [4.0, -2.0]]),
    "slab": (Slab(1, -1.0, 3.0), [[5.0, -1.0], [0.0, 3.0]]),
    "inside": (CIRCLE, ON_CIRCLE),
    "outside": (Outside(CIRCLE), ON_CIRCLE),
    "ellipse": (ELLIPSE, ON_ELLIPSE),
    "around an ellipse": (replace(ELLIPSE, sign=-1.0), ON_ELLIPSE),
}


@pytest.mark.parametrize("name", PIECES)
def test_zero_with_slope_one(name) -> None:
    factor, points = PIECES[name]
    x = torch.as_tensor(points, dtype=torch.float64)
    one = lambda y: factor(y[None])[0, 0]  # noqa: E731
    slope = torch.func.vmap(torch.func.grad(one))(x).norm(dim=1)
    assert factor(x).abs().max() <= 1e-14
    torch.testing.assert_close(slope, torch.ones_like(slope), rtol=0, atol=1e-13)
    third = torch.func.vmap(
        torch.func.jacrev(torch.func.jacrev(torch.func.jacrev(one)))
    )(x)
    assert third.isfinite().all()


def test_size_is_the_largest_value_inside() -> None:
    center = torch.tensor([[1.0, -1.0]], dtype=torch.float64)
    assert float(CIRCLE(center)) == CIRCLE.size == 1.0
    assert float(ELLIPSE(0 * center)) == ELLIPSE.size == 1.0
    far = torch.tensor([[1e9, 0.0]], dtype=torch.float64)
    assert float(Outside(CIRCLE)(far)) == pytest.approx(2.0)
    assert float(Slab(0, 0.0, 4.0)(2 * torch.ones(1, 1))) == 1.0
