"""Electromagnetic waves in the plane."""

from __future__ import annotations

import torch
from torch import Tensor

from .system import LawFields, LawSystem

__all__ = ["maxwell"]


def maxwell(speed: float = 1.0) -> LawSystem:
    r"""Return the laws of :math:`(E_z, B_x, B_y)` in vacuum.

    .. math:: \partial_t E_z + \nabla\cdot(-c^2 B_y,\, c^2 B_x) = 0, \quad
        \partial_t B_x + \nabla\cdot(0, E_z) = 0, \quad
        \partial_t B_y + \nabla\cdot(-E_z, 0) = 0

    The energy :math:`(E_z^2 + c^2 |B|^2)/2` has the flux :math:`c^2 (-E_z B_y, E_z
    B_x)` and is conserved by smooth solutions.

    Args:
        speed: Speed of light c.

    Source: J. D. Jackson, Classical Electrodynamics (Wiley, 1998), section 6.
    """
    c2 = speed**2

    def flux(f: LawFields) -> list[Tensor]:
        E, Bx, By = f.q.tensor_split(3, dim=1)
        none = torch.zeros_like(E)
        rows = [[-c2 * By, c2 * Bx], [none, E], [-E, none]]
        return [torch.cat(row, dim=1) for row in rows]

    def entropy(f: LawFields) -> tuple[Tensor, Tensor]:
        E, Bx, By = f.q.tensor_split(3, dim=1)
        energy = (E**2 + c2 * (Bx**2 + By**2)) / 2
        return energy, c2 * torch.cat([-E * By, E * Bx], dim=1)

    return LawSystem(2, ("E_z", "B_x", "B_y"), flux, entropy=entropy)
