"""What drifts and spreads: heat, probability, species that react."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .system import LawFields, LawSystem

__all__ = ["advection_diffusion_reaction", "fokker_planck", "heat"]

OfPoint = Callable[[Tensor, Tensor], Tensor]


def heat(diffusivity: float = 1.0, dim: int = 1) -> LawSystem:
    r"""Return :math:`\partial_t T + \nabla\cdot(-\kappa\nabla T) = 0`.

    Args:
        diffusivity: :math:`\kappa`, a length squared by a time.
        dim: Number of space dimensions d.

    Source: J. Fourier, Theorie analytique de la chaleur (1822).
    """
    return LawSystem(dim, ("T",), lambda f: [-diffusivity * f.grad[:, 0]])


def fokker_planck(
    drift: OfPoint, diffusion: float | OfPoint, dim: int = 1
) -> LawSystem:
    r"""Return the law of the probability of a state that drifts and spreads.

    .. math:: \partial_t p + \nabla\cdot(a\,p - \nabla(D p)) = 0

    The state obeys :math:`dX = a\,dt + \sqrt{2 D}\,dW` (Ito).

    Args:
        drift: a, functions of x (N, d) and t (N, 1), (N, d).
        diffusion: D, a number or such a function, (N, 1), of torch operations.
        dim: Number of space dimensions d.

    Source: H. Risken, The Fokker-Planck Equation (Springer, 1989), section 4.7.
    """

    def flux(f: LawFields) -> list[Tensor]:
        advected = drift(f.x, f.t) * f.q
        if not callable(diffusion):
            return [advected - diffusion * f.grad[:, 0]]
        spread = torch.func.vmap(
            torch.func.jacrev(lambda x, t: diffusion(x[None], t[None])[0, 0])
        )(f.x, f.t)
        return [advected - diffusion(f.x, f.t) * f.grad[:, 0] - spread * f.q]

    return LawSystem(dim, ("p",), flux)


def advection_diffusion_reaction(
    velocity: Sequence[float] | OfPoint,
    diffusion: Sequence[float | None],
    reaction: Callable[[LawFields], Sequence[Tensor]] | None = None,
    dim: int = 1,
    *,
    sources: Sequence[int] | None = None,
) -> LawSystem:
    r"""Return species that are carried, spread and react.

    .. math:: \partial_t c_k + \nabla\cdot(v\,c_k - D_k\nabla c_k) = r_k(c, x, t)

    A species that stays where it is has no flux: give it ``diffusion`` ``None``.

    Args:
        velocity: v, d numbers, or a function of x (N, d) and t (N, 1), (N, d).
        diffusion: :math:`D_k` of each species; ``None`` for one that stays.
        reaction: The rates :math:`r_k` of the species in ``sources``, tensors (N, 1).
        dim: Number of space dimensions d.
        sources: Species that react; by default all, if there is a reaction.

    Source: W. Hundsdorfer, J. G. Verwer, Numerical Solution of Time-Dependent
    Advection-Diffusion-Reaction Equations (Springer, 2003).
    """

    def flux(f: LawFields) -> list[Tensor]:
        v = velocity(f.x, f.t) if callable(velocity) else f.x.new_tensor(velocity)
        found = []
        for k, D in enumerate(diffusion):
            # Still a function of the points, so that it can be differentiated by them.
            found.append(0 * f.x if D is None else v * f.state(k) - D * f.grad[:, k])
        return found

    laws = range(len(diffusion)) if sources is None else sources
    reacting = tuple(laws) if reaction is not None else ()
    names = tuple(f"c_{k}" for k in range(len(diffusion)))
    return LawSystem(dim, names, flux, reacting, reaction)
