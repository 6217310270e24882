"""What networks of a flow promise: density, velocity, flux, and which law they obey."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor

__all__ = [
    "OUTPUTS",
    "ContinuityLaw",
    "FlowNet",
    "PressureNet",
    "SourcedFlow",
    "VelocityNet",
]

OUTPUTS = ("flux", "velocity")
"""What columns 1..d of the outputs of a flow may hold: momentum or velocity."""


class FlowNet(ABC):
    r"""A network of a flow, :math:`(x, t) \mapsto (\rho, u)`.

    It says what its outputs mean; whether density and velocity obey a law is another
    matter, see :class:`ContinuityLaw`. A network that is none, such as ``dde.nn.FNN``,
    becomes one by :func:`as_flow`.

    Attributes:
        dim: Number of space dimensions d.
        output: ``"flux"`` for outputs ``(rho, m, extras)`` with the momentum
            :math:`m = \rho u`, ``"velocity"`` for ``(rho, u, extras)``.
        num_sources: Number of columns, before the extras, that hold trained sources.
    """

    dim: int
    output: str
    num_sources: int = 0

    @abstractmethod
    def flux(self, inputs: Tensor) -> Tensor:
        r"""Return the space-time flux :math:`(\rho, \rho u)`, shape (N, d + 1).

        Args:
            inputs: Shape (N, d + 1), time last.
        """

    @abstractmethod
    def density(self, inputs: Tensor) -> Tensor:
        r"""Return :math:`\rho`, shape (N, 1), for inputs (N, d + 1)."""

    @abstractmethod
    def velocity(self, inputs: Tensor) -> Tensor:
        """Return :math:`u`, shape (N, d), for inputs (N, d + 1)."""


class ContinuityLaw(FlowNet):
    r"""A flow whose flux obeys :math:`\partial_t\rho + \nabla\cdot m = 0` exactly.

    Whatever its weights, the residual is round-off. The class marks such networks and
    adds no methods: ``isinstance(net, ContinuityLaw)`` tells whether continuity is
    built in or left to training.
    """


class SourcedFlow(FlowNet):
    r"""A flow whose flux obeys :math:`\partial_t\rho + \nabla\cdot m = s` exactly."""

    @abstractmethod
    def source(self, inputs: Tensor) -> Tensor:
        r"""Return s, shape (N, 1), for inputs (N, d + 1)."""


class PressureNet(FlowNet):
    """A flow that computes its pressure from several columns of its outputs."""

    @abstractmethod
    def pressure(self, outputs: Tensor) -> Tensor:
        """Return the pressure, shape (N, 1), from outputs (N, C)."""


class VelocityNet(ABC):
    """A network of a velocity without a density: outputs ``(u_1..u_d, extras)``.

    It is no :class:`FlowNet`: what asks for a density or a flux refuses it.

    Attributes:
        dim: Number of space dimensions d.
        has_time: Whether the last column of the inputs is the time.
    """

    dim: int
    has_time: bool

    @abstractmethod
    def velocity(self, inputs: Tensor) -> Tensor:
        """Return :math:`u`, shape (N, d), for inputs (N, d + 1), (N, d) if steady."""
