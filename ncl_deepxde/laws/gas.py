"""Gases without viscosity: ideal, and of one temperature."""

from __future__ import annotations

import torch
from torch import Tensor

from .system import LawFields, LawSystem

__all__ = ["euler", "gas_pressure", "isothermal", "momentum_flux"]

AXES = "xyz"


def euler(gamma: float = 1.4, dim: int = 1) -> LawSystem:
    r"""Return mass, momentum and energy of an ideal gas.

    .. math:: \partial_t\rho + \nabla\cdot m = 0, \quad
        \partial_t m + \nabla\cdot\Big(\frac{m\,m^T}{\rho} + p I\Big) = 0, \quad
        \partial_t E + \nabla\cdot\Big(\frac{m}{\rho}(E + p)\Big) = 0

    with :math:`p = (\gamma - 1)(E - |m|^2/2\rho)`. States are :math:`(\rho, m_1..m_d,
    E)`, a mass, a momentum and an energy by volume. Residuals are multiplied by the
    density. The entropy is :math:`-\rho\log(p/\rho^\gamma)`.

    Args:
        gamma: Ratio of specific heats.
        dim: Number of space dimensions d.

    Source: E. F. Toro, Riemann Solvers and Numerical Methods for Fluid Dynamics
    (Springer, 2009), chapter 3.
    """

    def flux(f: LawFields) -> list[Tensor]:
        rho, m, E = f.q.tensor_split([1, 1 + dim], dim=1)
        p = gas_pressure(f.q, gamma)
        return [m, *momentum_flux(rho, m, p), m / rho * (E + p)]

    def entropy(f: LawFields) -> tuple[Tensor, Tensor]:
        rho, m = f.q[:, :1], f.q[:, 1 : 1 + dim]
        s = torch.log(gas_pressure(f.q, gamma)) - gamma * torch.log(rho)
        return -rho * s, -m * s

    names = ("rho", *(f"m_{axis}" for axis in AXES[:dim]), "E")
    return LawSystem(dim, names, flux, factor=lambda f: f.state(0), entropy=entropy)


def isothermal(speed: float = 1.0, dim: int = 1) -> LawSystem:
    r"""Return mass and momentum of a gas of one temperature.

    .. math:: \partial_t\rho + \nabla\cdot m = 0, \quad
        \partial_t m + \nabla\cdot\Big(\frac{m\,m^T}{\rho} + c^2\rho I\Big) = 0

    States are :math:`(\rho, m_1..m_d)`. Residuals are multiplied by the density. The
    entropy is the energy :math:`|m|^2/2\rho + c^2\rho\log\rho`.

    Args:
        speed: Speed of sound c.
        dim: Number of space dimensions d.

    Source: R. J. LeVeque, Finite Volume Methods for Hyperbolic Problems (Cambridge,
    2002), section 14.6.
    """

    def flux(f: LawFields) -> list[Tensor]:
        rho, m = f.q.tensor_split([1], dim=1)
        return [m, *momentum_flux(rho, m, speed**2 * rho)]

    def entropy(f: LawFields) -> tuple[Tensor, Tensor]:
        rho, m = f.q.tensor_split([1], dim=1)
        energy = m.square().sum(dim=1, keepdim=True) / (2 * rho)
        energy = energy + speed**2 * rho * torch.log(rho)
        return energy, m / rho * (energy + speed**2 * rho)

    names = ("rho", *(f"m_{axis}" for axis in AXES[:dim]))
    return LawSystem(dim, names, flux, factor=lambda f: f.state(0), entropy=entropy)


def gas_pressure(q: Tensor, gamma: float) -> Tensor:
    r"""Return :math:`p = (\gamma - 1)(E - |m|^2/2\rho)`, (N, 1).

    Args:
        q: States :math:`(\rho, m, E)`, (N, d + 2).
        gamma: Ratio of specific heats.
    """
    rho, m, E = q[:, :1], q[:, 1:-1], q[:, -1:]
    return (gamma - 1) * (E - m.square().sum(dim=1, keepdim=True) / (2 * rho))


def momentum_flux(rho: Tensor, m: Tensor, p: Tensor) -> list[Tensor]:
    r"""Return the rows of :math:`m\,m^T/\rho + p I`, d tensors (N, d).

    Args:
        rho: Density or depth (N, 1).
        m: Momentum (N, d).
        p: Pressure (N, 1).
    """
    eye = torch.eye(m.shape[1], dtype=m.dtype, device=m.device)
    return [m * m[:, i : i + 1] / rho + p * eye[i] for i in range(m.shape[1])]
