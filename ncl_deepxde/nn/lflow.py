r"""Lagrangian flow networks: a density carried by bijections that depend on time."""

from __future__ import annotations

import math
from typing import Any, Self, cast

import deepxde as dde
import torch
from torch import Tensor

from .base.contract import ContinuityLaw
from .base.lagrangian_density import LagrangianDensity, Mass
from .sourced_lflow import SourcedLFlow

__all__ = ["LFlow"]


class LFlow(LagrangianDensity, ContinuityLaw):
    r"""Positive density and velocity with exact continuity, mass and trajectories.

    Bijections :math:`z = F_t(x)` carry a normal density to every time; what they leave
    at rest moves with the velocity :math:`u`:

    .. math:: \rho = M\,\mathcal N(F_t(x); 0, I)\,
        \Bigl|\det\frac{\partial F_t}{\partial x}\Bigr|, \qquad
        u = -\Bigl(\frac{\partial F_t}{\partial x}\Bigr)^{-1}
        \frac{\partial F_t}{\partial t}

    so :math:`\partial_t\rho + \nabla\cdot(\rho u) = 0`, :math:`\int\rho\,dx = M`, and
    the trajectories are :math:`F_{t_1}^{-1} \circ F_{t_0}`. One pass carries
    :math:`(z, \partial z/\partial x, \partial z/\partial t)`; the flow is not inverted.
    Outputs have the columns ``(rho, m_1..m_d, extras...)``.
    The first call in training mode starts the normalizations from its points.

    Args:
        dim: Number of space dimensions d.
        blocks: Number of blocks [activation normalization, invertible densenet, affine
            map].
        depth: Dense layers of each densenet.
        width: Units of each dense layer.
        lipschitz: Bound, below 1, of the slope of each densenet.
        frequency: :math:`\omega` of its activation :math:`\sin(\omega a)/\omega`.
        affine: Whether blocks hold an affine map that depends on time.
        domain: ``flows.Box`` or ``flows.Ball`` where all mass stays for ever; the
            whole space by default.
        scales: As for :class:`NCL`: where the mass is at first and how much, if there
            is no domain, the times, and the sizes of the further outputs.
        total_mass: M. By default 1, or the density by the lengths of the scales. A
            function of time, from (N, 1) to positive (N, 1), or a network, makes a
            :class:`SourcedLFlow`, whose mass grows and falls.
        learn_mass: Whether M is trained, starting from there.
        time_embedding: Widths of the network of time.
        times: First and last time of interest, for its scaling. By default 0 and 1, or
            the origin of the scales less and plus their time.
        output: ``"flux"`` or ``"velocity"``: whether columns 1..d hold
            :math:`m = \rho u` or :math:`u`.
        extras: Number of further outputs, free, from a separate network.
        regularization: As for ``dde.nn.FNN``.

    Attributes:
        log_mass: :math:`\log M`, a tensor without axes.

    Raises:
        ValueError: An argument is out of its range.

    References:
        F. Arend Torres, M. M. Negri, M. Inversi, J. Aellen, V. Roth, Lagrangian Flow
        Networks for Conservation Laws (ICLR 2024), https://arxiv.org/abs/2305.16846.

    Example:
        >>> net = LFlow(2, blocks=2, width=8)
        >>> net.sample(5, 0.3).shape
        torch.Size([5, 2])
    """

    log_mass: Tensor

    def __new__(cls, *args: Any, total_mass: Mass = None, **kwargs: Any) -> Self:
        """Make a network whose mass depends on time where it is a function."""
        if cls is LFlow and callable(total_mass):
            return cast(Self, SourcedLFlow(*args, total_mass=total_mass, **kwargs))
        return cast(Self, super().__new__(cls))

    def _set_mass(
        self, total_mass: Any, learn_mass: bool, times: tuple[float, float]
    ) -> None:
        if callable(total_mass) or not 0 < total_mass < math.inf:
            raise ValueError(
                f"total_mass: must be positive and finite, got {total_mass!r}. The "
                "density is positive by construction; subtract a background elsewhere."
            )
        log_mass = torch.tensor(math.log(total_mass), dtype=dde.config.real(torch))
        if learn_mass:
            self.log_mass = torch.nn.Parameter(log_mass)
        else:
            self.register_buffer("log_mass", log_mass)

    def _log_mass(self, t: Tensor) -> Tensor:
        return self.log_mass
