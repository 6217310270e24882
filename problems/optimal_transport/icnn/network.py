"""Networks that are convex functions of their inputs, and the map by their gradient."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import deepxde as dde
import torch
from torch import Tensor
from torch.nn.functional import leaky_relu, relu

__all__ = ["ConvexNetwork", "ConvexPair"]

SLOPE = 0.2


class ConvexNetwork(torch.nn.Module):
    r"""A function :math:`f: \mathbb R^d \to \mathbb R`, convex where no W is negative.

    .. math:: h_1 = a(A_0 x + b_0)^2, \qquad h_{k+1} = a(A_k x + b_k + W_k h_k), \qquad
        f = A_L x + W_L h_L + \tfrac{1}{2} e^c |x|^2

    with the leaky rectifier a of slopes 0.2 and 1. The layers are convex functions of
    sums of convex functions; the parabola starts with c = 0, so that its gradient is
    the identity.

    Args:
        dim: Number of space dimensions d.
        widths: Widths of the hidden layers :math:`h_1..h_L`.
        has_parabola: Whether there is a parabola; the authors' networks have none.
    """

    def __init__(self, dim: int, widths: Sequence[int], has_parabola: bool) -> None:
        super().__init__()
        real = dde.config.real(torch)
        self.log_curvature = (
            torch.nn.Parameter(torch.zeros((), dtype=real)) if has_parabola else None
        )
        self.from_input = torch.nn.ModuleList(
            torch.nn.Linear(dim, n, dtype=real) for n in (*widths, 1)
        )
        self.from_layer = torch.nn.ModuleList(
            torch.nn.Linear(m, n, bias=False, dtype=real)
            for m, n in pairwise((*widths, 1))
        )

    def forward(self, x: Tensor) -> Tensor:
        """Evaluate f, (N, 1), at points (N, d)."""
        first, *others, last = self.from_input
        *inner, end = self.from_layer
        h = leaky_relu(first(x), SLOPE).square()
        for A, W in zip(others, inner, strict=True):
            h = leaky_relu(A(x) + W(h), SLOPE)
        f: Tensor = last(x) + end(h)
        if self.log_curvature is None:
            return f
        r2 = x.square().sum(dim=1, keepdim=True)
        return f + self.log_curvature.exp() * r2 / 2

    def gradient(self, x: Tensor) -> Tensor:
        r"""Evaluate :math:`\nabla f`, (N, d), at points (N, d)."""
        is_trained = torch.is_grad_enabled()
        with torch.enable_grad():
            leaf = x if x.requires_grad else x.detach().requires_grad_()
            f = self(leaf).sum()
            (found,) = torch.autograd.grad(f, leaf, create_graph=is_trained)
        return found

    def convexity_penalty(self) -> Tensor:
        r"""Return :math:`\sum_k \|\max(-W_k, 0)\|^2`, 0-dimensional."""
        return torch.stack([relu(-W).square().sum() for W in self._coupling()]).sum()

    @torch.no_grad()
    def make_convex(self) -> None:
        """Set the negative entries of all W to 0."""
        for W in self._coupling():
            W.clamp_(min=0)

    def _coupling(self) -> list[Tensor]:
        """Return all W."""
        return [*self.from_layer.parameters()]


class ConvexPair(dde.nn.pytorch.NN):  # type: ignore[misc]
    r"""Two potentials f and g; :math:`\nabla g` carries one density to another.

    Called as a network of DeepXDE, it is f.

    Args:
        dim: Number of space dimensions d.
        widths: Widths of the hidden layers of both.
        has_parabola: Whether both start from a parabola, and so the map from the
            identity.

    Raises:
        ValueError: A size is not positive.

    References:
        A. V. Makkuva, A. Taghvaei, S. Oh, J. D. Lee, Optimal transport mapping via
        input convex neural networks (ICML 2020), https://arxiv.org/abs/1908.10962.
    """

    def __init__(
        self,
        dim: int,
        widths: Sequence[int] = (64,) * 4,
        *,
        has_parabola: bool = True,
    ) -> None:
        super().__init__()
        if dim < 1 or not widths or min(widths) < 1:
            raise ValueError(
                "dim and widths: must be positive, with a hidden layer at least, got "
                f"dim={dim} and widths={widths}. Use for example widths=(64, 64)."
            )
        self.dim = dim
        self.f, self.g = (ConvexNetwork(dim, widths, has_parabola) for _ in range(2))
        self.f.make_convex()

    def forward(self, x: Tensor) -> Tensor:
        """Evaluate f, (N, 1), at points (N, d)."""
        f: Tensor = self.f(x)
        return f

    def transport(self, x: Tensor) -> Tensor:
        r"""Carry points x, (N, d), to :math:`\nabla g(x)`, (N, d)."""
        return self.g.gradient(x)
