r"""A function that vanishes on segments of the plane, however they are arranged.

A segment of length L, with unit normal, is seen from a point at distance f from its
line, :math:`\rho_1, \rho_2` from its ends, under the angle :math:`\gamma`. Integrated
over that angle, the inverse distance is

.. math:: W = \int \frac{d\theta}{\rho} = \Bigl(\frac1{\rho_1} + \frac1{\rho_2}\Bigr)
    \tan\frac\gamma2 , \qquad W \to \frac 2f \text{ on the segment.}

Squares add up where signs would cancel:

.. math:: w = \Bigl(\frac1{R^2} + \frac14\sum_i W_i^2\Bigr)^{-1/2} ,

so that :math:`w = f + O(f^3)` at every segment, :math:`0 < w \le R` elsewhere. W is the
weight of mean-value coordinates, and the sum is an R-equivalence of order 2.

References:
    Belyaev, Fayolle, Pasko. Signed Lp-distance fields. CAD 45 (2013).
    Sukumar, Srivastava. Exact imposition of boundary conditions with distance functions
    in physics-informed deep neural networks. CMAME 389 (2022), arXiv 2104.08426.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Segments", "SignedLoop"]

# Behind a segment by more than this part of its length is another place; nearer is the
# round-off of a point on it, in single precision.
BEHIND = 1e-5


@dataclass(frozen=True)
class Segments:
    """The joined inverse distances of segments.

    At an end of a segment, exactly, value and derivatives are zero; around it the
    function is continuous, of the order of the distance, and its gradient bounded.

    Attributes:
        starts: First ends, a pair of numbers each; the domain is on the left of the way
            from start to end.
        ends: Second ends.
        size: Bound R of the function.
    """

    starts: tuple[tuple[float, float], ...]
    ends: tuple[tuple[float, float], ...]
    size: float

    def __call__(self, x: Tensor) -> Tensor:
        """Return w, (N, 1), at points (N, 2)."""
        a, b = (
            x.new_tensor(self.starts) / self.size,
            x.new_tensor(self.ends) / self.size,
        )
        y = x / self.size
        corner = self._is_corner(y, a) | self._is_corner(y, b)
        y = torch.where(corner, torch.cat([a, b]).amax(dim=0) + 1, y)
        w = _join(*_weights(y, a, b))
        return self.size * torch.where(corner, 0, w)

    def _is_corner(self, y: Tensor, ends: Tensor) -> Tensor:
        """Tell which points, (N, 2), are among (K, 2) but for round-off, (N, 1)."""
        eps = 4 * torch.finfo(y.dtype).eps
        near = (y[:, None] - ends).abs().amax(dim=-1) <= eps
        return near.any(dim=1, keepdim=True)


@dataclass(frozen=True)
class SignedLoop:
    """Segments around a region: positive inside, negative outside.

    Attributes:
        segments: The sides of one simple polygon, counterclockwise.
        sign: -1 makes the outside positive.
    """

    segments: Segments
    sign: float = 1.0

    @property
    def size(self) -> float:
        """Bound of the function."""
        return self.segments.size

    def __call__(self, x: Tensor) -> Tensor:
        """Return the values, (N, 1), at points (N, 2)."""
        a, b = x.new_tensor(self.segments.starts), x.new_tensor(self.segments.ends)
        s, e, f = x[:, None, 1] - a[:, 1], x[:, None, 1] - b[:, 1], _cross(x, a, b)
        upward = ((s >= 0) & (e < 0) & (f > 0)).sum(dim=1, keepdim=True)
        downward = ((s < 0) & (e >= 0) & (f < 0)).sum(dim=1, keepdim=True)
        w = self.segments(x)
        # At a side the function has the sign of the distance by itself.
        away = w > BEHIND / 2 * (b - a).norm(dim=1).min()
        return torch.where((upward == downward) & away, -self.sign, self.sign) * w


def _cross(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Return the cross products of b - a and x - a, (N, K)."""
    r, t = x[:, None] - a, b - a
    return t[:, 0] * r[..., 1] - t[:, 1] * r[..., 0]


def _weights(x: Tensor, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return distances f, factors s and which are beside, (N, K) each.

    The weight is s/f beside a segment, seen under more than a right angle, else s f.
    """
    length = (b - a).norm(dim=1)
    f = _cross(x, a, b) / length
    f = torch.where(f < -BEHIND * length, -f, f)
    ra, rb = a - x[:, None], b - x[:, None]
    na, nb = ra.norm(dim=-1), rb.norm(dim=-1)
    dot = (ra * rb).sum(dim=-1)
    beside = dot < 0
    product = na * nb
    s = (product - dot) / length
    far = length / torch.where(beside, product, product + dot)
    return f, torch.where(beside, s, far) * (1 / na + 1 / nb), beside


def _join(f: Tensor, s: Tensor, beside: Tensor) -> Tensor:
    """Return w, (N, 1), for R = 1, written so that the nearest f may be zero."""
    apart = torch.where(f == 0, 1, f).detach()
    weight = torch.where(beside, s / apart, s * f).detach().abs()
    weight = torch.where(beside & (f == 0), torch.inf, weight)
    nearest = torch.arange(f.shape[1]) == weight.argmax(dim=1, keepdim=True)
    special = nearest.to(f.device) & beside
    # A zero in the branch that is not taken would make the gradient NaN.
    others = torch.where(beside, s / torch.where(special | ~beside, 1, f), s * f)
    rest = 4 + torch.where(special, 0, others).square().sum(dim=1, keepdim=True)
    one = special.any(dim=1, keepdim=True)
    f0 = torch.where(special, f, 0).sum(dim=1, keepdim=True)
    s0 = torch.where(special, s, 0).sum(dim=1, keepdim=True)
    top = torch.where(one, f0, 1)
    return 2 * top / torch.sqrt(s0.square() + top.square() * rest)
