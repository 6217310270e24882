r"""Maps from a bounded domain to :math:`\mathbb{R}^d`: no flow leaves the domain."""

from __future__ import annotations

import math
from collections.abc import Sequence

import deepxde as dde
import torch
from torch import Tensor

from ..jets.jets import in_functorch
from .bijection import Bijection
from .moments import Moments

__all__ = ["Ball", "Box", "Domain"]


class Domain(Bijection):
    """The first layer of a flow on a bounded domain.

    Args:
        dim: Number of axes d.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def _check(self, is_inside: Tensor, x: Tensor) -> None:
        """Raise ``ValueError`` unless all points are inside."""
        if in_functorch() or bool(is_inside.all()):
            return
        i = int(is_inside.logical_not().nonzero()[0, 0])
        raise ValueError(
            f"inputs: points must lie inside the domain, {self!r}, where the density "
            f"lives, got x = {x[i].tolist()} in row {i}. Enlarge the domain, or leave "
            "such points out."
        )

    @staticmethod
    def _edge(center: Tensor, size: Tensor | float) -> Tensor:
        """Return the largest w whose x is inside however it is rounded."""
        return 1 - 4 * torch.finfo(center.dtype).eps * (1 + center / size)


class Box(Domain):
    r"""The map :math:`y_i = \operatorname{artanh}\frac{x_i - c_i}{h_i}` of a box.

    Args:
        low: Lower corner, d numbers.
        high: Upper corner; :math:`c` is the center and :math:`h` half the sides.

    Raises:
        ValueError: The corners differ in length, or a side is not positive and finite.

    References:
        F. Arend Torres et al., Lagrangian Flow Networks (ICLR 2024), appendix A.4.

    Example:
        >>> Box([0.0, 0.0], [2.0, 1.0])
        Box([0.0, 0.0], [2.0, 1.0])
    """

    center: Tensor
    half_side: Tensor

    def __init__(self, low: Sequence[float], high: Sequence[float]) -> None:
        sides = [b - a for a, b in zip(low, high, strict=False)]
        if len(low) != len(high) or not all(0 < s < math.inf for s in sides):
            raise ValueError(
                "Box: low and high must have the same length and low < high in every "
                f"entry, got low={tuple(low)} and high={tuple(high)}."
            )
        super().__init__(len(low))
        a, b = (torch.as_tensor(v, dtype=dde.config.real(torch)) for v in (low, high))
        self.register_buffer("center", (a + b) / 2)
        self.register_buffer("half_side", (b - a) / 2)

    def __repr__(self) -> str:
        low, high = self.center - self.half_side, self.center + self.half_side
        return f"Box({low.tolist()}, {high.tolist()})"

    def forward(self, x: Tensor, prepared: None, moments: Moments) -> Tensor:
        """See ``Bijection``; :math:`y' = x' / (h (1 - w^2))`."""
        w = (x[0] - self.center) / self.half_side
        self._check((w.abs() < 1).all(dim=1), x[0])
        slope = 1 / (self.half_side * (1 - w) * (1 + w))
        return torch.cat([torch.atanh(w)[None], x[1:] * slope])

    def inverse(self, y: Tensor, prepared: None, moments: Moments) -> Tensor:
        """See ``Bijection``; rounding stays inside the box."""
        edge = self._edge(self.center.abs(), self.half_side)
        w = torch.minimum(torch.maximum(torch.tanh(y), -edge), edge)
        return self.center + self.half_side * w


class Ball(Domain):
    r"""The map :math:`y = w / \sqrt{1 - |w|^2}` of a ball, :math:`w = (x - c)/R`.

    Args:
        center: The center c, d numbers.
        radius: R.

    Raises:
        ValueError: The radius is not positive and finite.
    """

    center: Tensor

    def __init__(self, center: Sequence[float], radius: float = 1.0) -> None:
        if not 0 < radius < math.inf:
            raise ValueError(
                f"Ball: radius must be positive and finite, got {radius!r}."
            )
        super().__init__(len(center))
        self.radius = float(radius)
        real = dde.config.real(torch)
        self.register_buffer("center", torch.as_tensor(center, dtype=real))

    def __repr__(self) -> str:
        return f"Ball({self.center.tolist()}, {self.radius})"

    def forward(self, x: Tensor, prepared: None, moments: Moments) -> Tensor:
        r"""See ``Bijection``; :math:`y' = \sqrt{1 + |y|^2}\,(w' + y\,(y\cdot w'))`."""
        w = torch.cat([x[:1] - self.center, x[1:]]) / self.radius
        r = w[0].norm(dim=1, keepdim=True)
        self._check(r[:, 0] < 1, x[0])
        q = ((1 - r) * (1 + r)).rsqrt()
        y = w[0] * q
        moved = (w[1:] + y * (y * w[1:]).sum(-1, keepdim=True)) * q
        return torch.cat([y[None], moved])

    def inverse(self, y: Tensor, prepared: None, moments: Moments) -> Tensor:
        """See ``Bijection``; rounding stays inside the ball."""
        edge = self._edge(self.center.norm(), self.radius)
        s = y.square().sum(1, keepdim=True)
        w = y * torch.maximum(1 + s, s / edge.square()).rsqrt()
        return self.center + self.radius * w
