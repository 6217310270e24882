"""What all networks of a density and a velocity have in common."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor

from .checks import check_choice
from .contract import ExactContinuity
from .conversion import to_momentum, to_velocity
from .field import FieldNet

__all__ = ["ContinuityNet"]

OUTPUTS = ("flux", "velocity")


class ContinuityNet(FieldNet, ExactContinuity):
    r"""A network of :math:`(x_1..x_d, t) \mapsto (\rho, m_1..m_d, \text{extras})`.

    Attributes:
        dim: Number of space dimensions d.
        output: ``"flux"`` for the columns ``(rho, m, extras)`` with the momentum
            :math:`m = \rho u`, ``"velocity"`` for ``(rho, u, extras)``.
    """

    def __init__(self, *args: Any, output: str, native: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        check_choice("output", output, OUTPUTS)
        self.dim, self.output = self.num_inputs - 1, output
        self._to_flux = None if native == "flux" else partial(to_momentum, d=self.dim)
        self._to_velocity = (
            None if native == "velocity" else partial(to_velocity, d=self.dim)
        )
        self._convert = self._to_flux if output == "flux" else self._to_velocity

    def flux(self, inputs: Tensor) -> Tensor:
        """See ``ExactContinuity``."""
        return self._serve(inputs, self._to_flux)[:, : self.dim + 1]

    def velocity(self, inputs: Tensor) -> Tensor:
        """See ``ExactContinuity``."""
        return self._serve(inputs, self._to_velocity)[:, 1 : self.dim + 1]

    def flux_levels(self, inputs: Tensor, order: int) -> list[Tensor]:
        """Return (rho, m, extras), (N, C), and their first ``order`` derivatives."""
        levels = self._levels(inputs, order)
        return levels if self._to_flux is None else self._to_flux(levels)

    def mean_momentum(self, inputs: Tensor) -> Tensor:
        r"""Return the constant part of the momentum, (d,), zero for a velocity.

        Args:
            inputs: Shape (N, d + 1), for the dtype and the device.
        """
        if self._base is not None:
            return self._base.mean_momentum(inputs)
        own = self._constants()[1 : self.dim + 1].detach().to(inputs)
        return own if self._to_flux is None else torch.zeros_like(own)
