"""What all networks of a density and a velocity have in common."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ...jets.served import Demand
from .checks import check_choice
from .contract import OUTPUTS, FlowNet
from .conversion import to_momentum, to_velocity
from .field import FieldNet
from .predecessor import Continuable

__all__ = ["FlowFieldNet"]


class FlowFieldNet(FieldNet, FlowNet, Continuable):
    r"""A network of :math:`(x_1..x_d, t) \mapsto (\rho, m_1..m_d, \text{extras})`.

    Args:
        args: Those of ``FieldNet``.
        output: ``"flux"`` or ``"velocity"``, what the outputs hold.
        native: The same of the field, before any conversion.
        kwargs: Those of ``FieldNet``.

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
        """See ``FlowNet``."""
        return self._serve(inputs, self._to_flux)[:, : self.dim + 1]

    def density(self, inputs: Tensor) -> Tensor:
        """See ``FlowNet``."""
        return self.flux(inputs)[:, :1]

    def velocity(self, inputs: Tensor) -> Tensor:
        """See ``FlowNet``."""
        return self._serve(inputs, self._to_velocity)[:, 1 : self.dim + 1]

    def paced(self, num_inputs: int) -> Sequence[int]:
        """See ``Continuable``: the momentum, and a trained source."""
        return range(1, num_inputs + self.num_sources)

    def flux_levels(self, inputs: Tensor, order: int) -> list[Tensor]:
        """See ``Continuable``."""
        levels = self._levels(inputs, Demand(order))
        return levels if self._to_flux is None else self._to_flux(levels, axes=())

    def mean_momentum(self, inputs: Tensor) -> Tensor:
        """See ``Continuable``: the constant part; zero of a field of the velocity."""
        if self.predecessor is not None:
            return self.predecessor.mean_momentum(inputs)
        constant = (
            self._constants()[list(self.paced(self.num_inputs))].detach().to(inputs)
        )
        return constant if self._to_flux is None else torch.zeros_like(constant)
