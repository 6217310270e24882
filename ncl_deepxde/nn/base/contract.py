"""What every network offers whose density and velocity obey continuity exactly."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from torch import Tensor

__all__ = ["ExactContinuity"]


class ExactContinuity(ABC):
    r"""A flow :math:`(x, t) \mapsto (\rho, u)` with :math:`\partial_t\rho +
    \nabla\cdot(\rho u) = 0` by construction.

    Attributes:
        dim: Number of space dimensions d.
        output: ``"flux"`` for outputs ``(rho, m, extras)`` with the momentum
            :math:`m = \rho u`, ``"velocity"`` for ``(rho, u, extras)``.
    """  # noqa: D205

    dim: int
    output: str

    @abstractmethod
    def flux(self, inputs: Tensor) -> Tensor:
        r"""Return the space-time flux :math:`(\rho, \rho u)`, shape (N, d + 1).

        Args:
            inputs: Shape (N, d + 1), time last.
        """

    @abstractmethod
    def velocity(self, inputs: Tensor) -> Tensor:
        """Return :math:`u`, shape (N, d), for inputs (N, d + 1)."""

    def density(self, inputs: Tensor) -> Tensor:
        r"""Return :math:`\rho`, shape (N, 1), for inputs (N, d + 1)."""
        return self.flux(inputs)[:, :1]

    def apply_output_transform(self, transform: Any) -> None:
        """Refuse: a transform of the outputs would break the conservation law."""
        raise ValueError(
            "apply_output_transform: would break the continuity equation, which holds "
            "for the outputs as they are. Transform quantities in the pde function "
            "instead."
        )
