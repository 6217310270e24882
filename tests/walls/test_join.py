"""Unions, intersections, complements: signs, gradients on one wall, finite corners."""

import pytest
import torch

from ncl_deepxde.walls.factors import HalfSpace, Inside
from ncl_deepxde.walls.join import Joined, Negative, Product

LEFT = HalfSpace((0.0, 0.0), (1.0, 0.0), 1.0)
DISK = Inside((0.0, 0.0), 1.0)


@pytest.mark.parametrize("union", [True, False])
def test_signs_are_those_of_the_region(union) -> None:
    torch.manual_seed(0)
    x = 4 * torch.rand(500, 2, dtype=torch.float64) - 2
    inside = torch.stack([(LEFT(x) > 0)[:, 0], (DISK(x) > 0)[:, 0]])
    expected = inside.any(0) if union else inside.all(0)
    assert ((Joined((LEFT, DISK), union)(x)[:, 0] > 0) == expected).all()
    assert ((Negative(DISK)(x)[:, 0] > 0) == ~inside[1]).all()


@pytest.mark.parametrize("union", [True, False])
def test_slope_is_that_of_the_wall_and_finite_at_the_corner(union) -> None:
    joined = Joined((LEFT, DISK), union)
    sign = -1.0 if union else 1.0
    x = torch.tensor([[sign, 0.0], [0.0, 1.0]], dtype=torch.float64)
    if not union:
        assert abs(float(joined(x)[0])) <= 1e-15
    grad = torch.func.vmap(torch.func.grad(lambda y: joined(y[None])[0, 0]))(x)
    assert grad.isfinite().all()
    expected = torch.tensor([-sign, 0.0]).double() * (1.0 if not union else 2.0)
    scale = grad[0].norm() / expected.norm()
    torch.testing.assert_close(grad[0] / scale, expected)


def test_product_is_a_length() -> None:
    x = torch.tensor([[0.5, 0.0]], dtype=torch.float64)
    found = Product((LEFT, DISK), scale=3.0)(x)
    assert float(found) == pytest.approx(3 * 0.5 * (1 - 0.25))
