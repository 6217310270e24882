r"""Lagrangian flow networks whose total mass is a function of time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import deepxde as dde
import torch
from torch import Tensor

from .base.contract import SourcedFlow
from .base.lagrangian_density import LagrangianDensity

__all__ = ["SourcedLFlow"]

CHECKED = 33
"""Times at which the mass is looked at when a network is made."""


class SourcedLFlow(LagrangianDensity, SourcedFlow):
    r"""A density that is carried and grows everywhere at one rate.

    What ``LFlow(..., total_mass=M)`` makes of a function M. With the bijections of
    :class:`LFlow`,

    .. math:: \rho = M(t)\,\mathcal N(F_t(x); 0, I)\,
        \Bigl|\det\frac{\partial F_t}{\partial x}\Bigr|, \qquad
        \partial_t\rho + \nabla\cdot(\rho u) = \frac{M'(t)}{M(t)}\,\rho, \qquad
        \int\rho\,dx = M(t)

    exactly, as for birds that take off and land, or cells that divide, alike
    everywhere. It is no ``ContinuityLaw``. The trajectories are those of ``LFlow``.

    Args:
        dim: As for :class:`LFlow`, like all further arguments.
        total_mass: The function M, from times (N, 1) to positive numbers (N, 1), of
            torch operations. Parameters of a network are trained; let it end with
            ``exp`` or ``softplus``.
        learn_mass: Must be false: a network as ``total_mass`` is trained.

    Attributes:
        total_mass: M.

    Raises:
        ValueError: An argument is out of its range, or M is not positive between the
            first and the last time.

    Example:
        >>> import torch
        >>> from ncl_deepxde.nn import LFlow
        >>> net = LFlow(2, blocks=1, width=4, total_mass=lambda t: 400 * torch.exp(t))
        >>> type(net).__name__
        'SourcedLFlow'
    """

    total_mass: Callable[[Tensor], Tensor]

    def source(self, inputs: Tensor) -> Tensor:
        """See ``SourcedFlow``."""
        t = inputs[:, self.dim :]
        rate: Tensor = torch.func.jvp(self._logarithm, (t,), (torch.ones_like(t),))[1]
        return rate * self.density(inputs)

    def _set_mass(
        self, total_mass: Any, learn_mass: bool, times: tuple[float, float]
    ) -> None:
        if not callable(total_mass):
            raise ValueError(
                f"total_mass: must be a function of time, got {total_mass!r}. Use "
                "nn.LFlow for a constant mass."
            )
        if learn_mass:
            raise ValueError(
                "learn_mass: must be false where total_mass is a function. Give a "
                "torch.nn.Module as total_mass to train it."
            )
        t = torch.linspace(*times, CHECKED, dtype=dde.config.real(torch))[:, None]
        with torch.no_grad():
            mass = total_mass(t)
        if mass.shape != t.shape or not bool(((mass > 0) & mass.isfinite()).all()):
            raise ValueError(
                "total_mass: must turn times (N, 1) into positive numbers (N, 1), got "
                f"the shape {tuple(mass.shape)} and {float(mass.min()):.3g} as the "
                f"smallest between the times {times}. Let it end with exp."
            )
        self.total_mass = total_mass

    def _log_mass(self, t: Tensor) -> Tensor:
        return self._logarithm(t)[:, 0]

    def _logarithm(self, t: Tensor) -> Tensor:
        return self.total_mass(t).log()
