"""An incompressible velocity that a network starts from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .start_and_wall import PointFunction, check_ramp, elapsed
from .vector_potential import FourierVectorPotential

__all__ = ["InitialVelocity"]


@dataclass(frozen=True)
class InitialVelocity:
    r"""An incompressible velocity that a network starts from exactly.

    .. math:: u_0 = \bar u + (\partial_2\psi_0, -\partial_1\psi_0), \qquad
        u_0 = \bar u + \nabla\times a_0

    in two and three dimensions. A potential, unlike a velocity, has no divergence that
    could be wrong. On a torus ``on_torus`` finds it from the velocity.

    Attributes:
        potential: The stream function :math:`\psi_0`, (N, 2) -> (N, 1), or the vector
            potential :math:`a_0`, (N, 3) -> (N, 3): a smooth function of torch
            operations without trainable parameters.
        mean: The constant velocity :math:`\bar u`, d numbers; zero by default.
        time: Time of the state.
        ramp: Time :math:`\tau` in which the state fades, after which the network is
            free of it. ``None`` leaves the state as a summand for ever, and what is
            added to it grows as :math:`t N`.
        clock: As for :class:`InitialState`.

    Raises:
        ValueError: A time that is not finite, or a ramp that is not positive.
    """

    potential: PointFunction
    mean: Sequence[float] | None = None
    time: float = 0.0
    ramp: float | None = None
    clock: float = 1.0

    def __post_init__(self) -> None:
        check_ramp("InitialVelocity", self.time, self.ramp)

    @classmethod
    def on_torus(
        cls,
        velocity: PointFunction,
        periods: Sequence[float],
        *,
        num: int = 32,
        time: float = 0.0,
        ramp: float | None = None,
    ) -> InitialVelocity:
        """Return the state of a periodic velocity.

        Args:
            velocity: (N, d) -> (N, d), without divergence.
            periods: Period of each of the d axes, 2 or 3.
            num: As for ``FourierVectorPotential``.
            time: Time of the state.
            ramp: As above.

        Raises:
            ValueError: As for ``FourierVectorPotential``.
        """
        potential = FourierVectorPotential(velocity, periods, num=num)
        return cls(potential, potential.mean, time, ramp)

    def factor(self, t: Tensor) -> Tensor:
        r"""Return the factor that is 0 at the state, :math:`1 - e^{-t/\tau}` or t."""
        return elapsed(t - self.time, self.ramp) / (self.ramp or self.clock)

    def remainder(self, t: Tensor) -> Tensor:
        r"""Return the factor of the state itself, :math:`(1 + t/\tau) e^{-t/\tau}`."""
        if self.ramp is None:
            return torch.ones_like(t)
        s = (t - self.time) / self.ramp
        return (1 + s) * torch.exp(-s)
