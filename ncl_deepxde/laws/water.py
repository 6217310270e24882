"""Shallow layers: water over a bed, ice on a bed."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ..jets.jets import jet_of_callable, jet_space
from .gas import AXES, momentum_flux
from .system import LawFields, LawSystem

__all__ = ["shallow_ice", "shallow_water"]

Bed = Callable[[Tensor], Tensor]


def shallow_water(
    gravity: float = 9.81,
    dim: int = 1,
    *,
    bed: Bed | None = None,
    level: float = 0.0,
) -> LawSystem:
    r"""Return depth h and discharge m of shallow water over a bed b.

    .. math:: \partial_t h + \nabla\cdot m = 0, \quad
        \partial_t m + \nabla\cdot\Big(\frac{m\,m^T}{h} + \frac g2 (h^2 - h_0^2) I\Big)
        = -g\,(h - h_0)\,\nabla b, \qquad h_0 = H - b .

    The depth :math:`h_0` of the lake at rest at the level H takes nothing away, since
    :math:`g h_0\nabla h_0 = -g h_0\nabla b`, and lets flux and source vanish at rest,
    each by itself. Without a bed :math:`h_0 = 0` and there is no source. States are
    :math:`(h, m_1..m_d)`. Residuals are multiplied by the depth. The entropy, without a
    bed, is the energy :math:`|m|^2/2h + g h^2/2`.

    Args:
        gravity: g, a length by a time squared.
        dim: 1 or 2.
        bed: b, (N, d) -> (N, 1), smooth torch operations.
        level: H.

    Source: R. J. LeVeque, Finite Volume Methods for Hyperbolic Problems (Cambridge,
    2002), section 13; the form by deviations: B. D. Rogers, A. G. L. Borthwick, P. H.
    Taylor, Mathematical balancing of flux gradient and source terms (J. Comput. Phys.
    192, 2003).
    """
    names = ("h", *(f"m_{axis}" for axis in AXES[:dim]))

    def at_rest(f: LawFields) -> Tensor:
        return torch.zeros_like(f.t) if bed is None else level - bed(f.x)

    def flux(f: LawFields) -> list[Tensor]:
        h, m = f.q.tensor_split([1], dim=1)
        p = gravity / 2 * (h**2 - at_rest(f) ** 2)
        return [m, *momentum_flux(h, m, p)]

    def depth(f: LawFields) -> Tensor:
        return f.state(0)

    def entropy(f: LawFields) -> tuple[Tensor, Tensor]:
        h, m = f.q.tensor_split([1], dim=1)
        kinetic = m.square().sum(dim=1, keepdim=True) / (2 * h)
        return kinetic + gravity / 2 * h**2, m / h * (kinetic + gravity * h**2)

    if bed is None:
        return LawSystem(dim, names, flux, factor=depth, entropy=entropy)
    floor = bed

    def source(f: LawFields) -> list[Tensor]:
        slope = gradient_of(floor, f.x)
        lift = -gravity * (f.state(0) - at_rest(f)) * slope
        return list(lift.tensor_split(dim, dim=1))

    return LawSystem(dim, names, flux, tuple(range(1, dim + 1)), source, depth)


def shallow_ice(
    softness: float,
    accumulation: Callable[[Tensor, Tensor], Tensor],
    dim: int = 1,
    *,
    exponent: float = 3.0,
    bed: Bed | None = None,
) -> LawSystem:
    r"""Return the thickness H of ice that creeps down its surface :math:`S = b + H`.

    .. math:: \partial_t H + \nabla\cdot\big(-\Gamma H^{n + 2} |\nabla S|^{n - 1}
        \nabla S\big) = a(x, t), \qquad \Gamma = \frac{2 A (\varrho g)^n}{n + 2} .

    Args:
        softness: :math:`\Gamma`, in SI units :math:`m^{-n} s^{-1}`.
        accumulation: a, functions of x (N, d) and t (N, 1), (N, 1): a length by a time.
        dim: 1 or 2.
        exponent: n of Glen's law.
        bed: b, (N, d) -> (N, 1); flat without.

    Source: K. Hutter, Theoretical Glaciology (Reidel, 1983); E. Bueler et al., Exact
    solutions and verification of numerical models for isothermal ice sheets (J.
    Glaciol. 51, 2005).
    """

    def flux(f: LawFields) -> list[Tensor]:
        slope = f.grad[:, 0]
        if bed is not None:
            slope = slope + gradient_of(bed, f.x)
        # |0|^(n - 1) has no derivative of its root there.
        steep = slope.square().sum(dim=1, keepdim=True) ** ((exponent - 1) / 2)
        return [-softness * f.q ** (exponent + 2) * steep * slope]

    def source(f: LawFields) -> list[Tensor]:
        return [accumulation(f.x, f.t)]

    return LawSystem(dim, ("H",), flux, (0,), source)


def gradient_of(function: Bed, x: Tensor) -> Tensor:
    r"""Return :math:`\nabla f`, (N, d), of a function (N, d) -> (N, 1)."""
    d = x.shape[1]
    return jet_of_callable(function, x, jet_space(d, 1))[1:, :, 0].T
