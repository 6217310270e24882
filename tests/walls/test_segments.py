"""Joined segments: the distance near one, finite derivatives on sides and at ends."""

import torch

from ncl_deepxde.walls.segments import Segments

ANGLE = Segments(((1.0, 0.0), (0.0, 0.0)), ((0.0, 0.0), (0.0, 1.0)), 2.0)


def test_derivatives_are_finite_on_the_wall_and_at_its_corner():
    x = torch.tensor([[0.5, 0.0], [0.0, 0.5], [0.0, 0.0]], dtype=torch.float64)
    one = lambda y: ANGLE(y[None])[0, 0]  # noqa: E731
    grad = torch.func.vmap(torch.func.grad(one))(x)
    third = torch.func.vmap(
        torch.func.jacrev(torch.func.jacrev(torch.func.jacrev(one)))
    )(x)
    assert ANGLE(x).abs().max() == 0
    assert third.isfinite().all()
    torch.testing.assert_close(grad[:2].norm(dim=1), torch.ones(2).double())


def test_derivatives_are_finite_on_the_line_of_a_segment_beyond_its_end():
    x = torch.tensor([[1.5, 0.0], [0.0, -0.5]], dtype=torch.float64)
    grad = torch.func.vmap(torch.func.grad(lambda y: ANGLE(y[None])[0, 0]))(x)
    assert grad.isfinite().all()
