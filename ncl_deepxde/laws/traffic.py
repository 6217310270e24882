"""Traffic on a road: one law of cars, or cars and what drivers keep."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from .system import LawFields, LawSystem

__all__ = ["arz", "lwr"]


def lwr(speed: float = 1.0, jam: float = 1.0) -> LawSystem:
    r"""Return :math:`\partial_t\rho + \partial_x(v_m\,\rho\,(1 - \rho/\rho_m)) = 0`.

    The density is in cars by a length. Its entropy is :math:`\rho^2/2`.

    Args:
        speed: Speed :math:`v_m` on an empty road.
        jam: Density :math:`\rho_m` at which cars stand.

    Source: M. J. Lighthill, G. B. Whitham, On kinematic waves II (Proc. R. Soc. A 229,
    1955), with the relation of Greenshields.
    """

    def flux(f: LawFields) -> list[Tensor]:
        return [speed * f.q * (1 - f.q / jam)]

    def entropy(f: LawFields) -> tuple[Tensor, Tensor]:
        rho = f.q
        return rho**2 / 2, speed * (rho**2 / 2 - 2 * rho**3 / (3 * jam))

    return LawSystem(1, ("rho",), flux, entropy=entropy)


def arz(
    pressure: float = 1.0,
    exponent: float = 1.0,
    *,
    relaxation: float | None = None,
    preferred: Callable[[Tensor], Tensor] | None = None,
) -> LawSystem:
    r"""Return cars :math:`\rho` and :math:`y = \rho\,(v + p(\rho))`.

    .. math:: \partial_t\rho + \partial_x(\rho v) = 0, \quad
        \partial_t y + \partial_x(y v) = \rho\,\frac{V(\rho) - v}{\tau}, \qquad
        v = y/\rho - p(\rho), \quad p = c\,\rho^\gamma

    Residuals are multiplied by the density, as :math:`y v` has it below. Without
    relaxation there is no source.

    Args:
        pressure: c, a speed by a density to the power :math:`\gamma`.
        exponent: :math:`\gamma`.
        relaxation: Time :math:`\tau` in which drivers take the preferred speed.
        preferred: V, (N, 1) -> (N, 1).

    Raises:
        ValueError: One of relaxation and preferred speed without the other.

    Source: A. Aw, M. Rascle, Resurrection of "second order" models of traffic flow
    (SIAM J. Appl. Math. 60, 2000); H. M. Zhang (Transp. Res. B 36, 2002).
    """
    if (relaxation is None) != (preferred is None):
        raise ValueError(
            "relaxation: must be given together with preferred, got "
            f"{relaxation!r} and {preferred!r}."
        )

    def speed(f: LawFields) -> Tensor:
        rho, y = f.q.tensor_split(2, dim=1)
        v: Tensor = y / rho - pressure * rho**exponent
        return v

    def flux(f: LawFields) -> list[Tensor]:
        return [f.state(k) * speed(f) for k in range(2)]

    def factor(f: LawFields) -> Tensor:
        return f.state(0)

    names = ("rho", "y")
    if relaxation is None or preferred is None:
        return LawSystem(1, names, flux, factor=factor)
    tau, V = relaxation, preferred

    def source(f: LawFields) -> list[Tensor]:
        return [f.state(0) * (V(f.state(0)) - speed(f)) / tau]

    return LawSystem(1, names, flux, (1,), source, factor)
