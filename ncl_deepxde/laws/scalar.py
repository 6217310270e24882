"""One law: Burgers, two-phase flow, any flux."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from .system import LawFields, LawSystem

__all__ = ["buckley_leverett", "burgers", "scalar_law"]


def scalar_law(
    flux: Callable[[Tensor], Tensor], *, dim: int = 1, name: str = "u"
) -> LawSystem:
    r"""Return :math:`\partial_t u + \nabla\cdot f(u) = 0`.

    Args:
        flux: f, (N, 1) -> (N, d).
        dim: Number of space dimensions d.
        name: Name of the state.
    """
    return LawSystem(dim, (name,), lambda f: [flux(f.q)])


def burgers(viscosity: float = 0.0) -> LawSystem:
    r"""Return :math:`\partial_t u + \partial_x(u^2/2 - \nu u_x) = 0`.

    The entropy is :math:`u^2/2` with the flux :math:`u^3/3`. In units of a velocity U
    and a length L the viscosity is in U L.

    Source: J. M. Burgers, A mathematical model illustrating the theory of turbulence
    (Adv. Appl. Mech. 1, 1948).
    """

    def entropy(f: LawFields) -> tuple[Tensor, Tensor]:
        return f.q**2 / 2, f.q**3 / 3

    law = LawSystem(1, ("u",), lambda f: [f.q**2 / 2], entropy=entropy)
    return law.with_viscosity(viscosity) if viscosity else law


def buckley_leverett(mobility: float = 0.5, velocity: float = 1.0) -> LawSystem:
    r"""Return the displacement of oil by water in a porous medium.

    .. math:: \partial_t S + \partial_x\Big(v\,\frac{S^2}{S^2 + M (1 - S)^2}\Big) = 0

    S is the saturation of water, without unit; v is the total velocity by the porosity.

    Args:
        mobility: M, viscosity of water by that of oil.
        velocity: v, a length by a time.

    Source: S. E. Buckley, M. C. Leverett, Mechanism of fluid displacement in sands
    (Trans. AIME 146, 1942), with quadratic relative permeabilities.
    """

    def flux(S: Tensor) -> Tensor:
        return velocity * S**2 / (S**2 + mobility * (1 - S) ** 2)

    return scalar_law(flux, name="S")
