"""What a network can be made to obey whatever its weights: a start and a wall."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["InitialState", "Wall"]

Field = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class InitialState:
    r"""A state that a network starts from exactly, whatever its weights.

    Functions take points x (N, d) and must be smooth torch operations.

    Attributes:
        density: :math:`\rho_0`, (N, d) -> (N, 1).
        momentum: :math:`m_0`, (N, d) -> (N, d). With neither momentum nor velocity
            only the density is built in; ask for the momentum in the loss.
        velocity: :math:`u_0`, (N, d) -> (N, d), in place of ``momentum``.
        time: Time of the state.
        ramp: Time :math:`\tau` after which the state no longer moves the density:
            :math:`g = \tau (1 - e^{-t/\tau})`. ``None`` is :math:`g = t`, which
            extrapolates linearly.

    Raises:
        ValueError: Both momentum and velocity, or a ramp that is not positive.
    """

    density: Field
    momentum: Field | None = None
    velocity: Field | None = None
    time: float = 0.0
    ramp: float | None = None

    def __post_init__(self) -> None:
        check_ramp("InitialState", self.ramp)
        if self.momentum is not None and self.velocity is not None:
            raise ValueError(
                "InitialState: momentum and velocity exclude each other, got both. "
                "Give the one you know."
            )

    @property
    def has_momentum(self) -> bool:
        """Whether the momentum is built in, not only the density."""
        return self.momentum is not None or self.velocity is not None

    def momentum_at(self, x: Tensor) -> Tensor:
        r"""Return :math:`m_0`, (N, d), at points (N, d)."""
        if self.momentum is not None:
            return _shaped("momentum", self.momentum(x), x.shape)
        if self.velocity is None:
            raise ValueError("InitialState: no momentum and no velocity is given.")
        u0 = _shaped("velocity", self.velocity(x), x.shape)
        return self.density_at(x) * u0

    def density_at(self, x: Tensor) -> Tensor:
        r"""Return :math:`\rho_0`, (N, 1), at points (N, d)."""
        return _shaped("density", self.density(x), (len(x), 1))

    def elapsed(self, t: Tensor) -> Tensor:
        r"""Return :math:`g(t)`, shape of ``t``."""
        return elapsed(t - self.time, self.ramp)

    def factor(self, t: Tensor) -> Tensor:
        r"""Return what vanishes with :math:`g` at the state: :math:`g/\tau`, or g."""
        return self.elapsed(t) / (self.ramp or 1.0)


@dataclass(frozen=True)
class Wall:
    r"""A wall at rest, :math:`m\cdot n = 0`, which a network keeps exactly.

    Attributes:
        function: :math:`w`, (N, d) -> (N, 1), zero on the wall with
            :math:`\nabla w \ne 0`, positive inside, twice differentiable (three times
            for the vector construction); :math:`1 - |x|^2` for the unit ball.
        points: Points on the wall, (K, d), off edges and corners, for checks; for
            example ``geometry.random_boundary_points(100)`` as a tensor.
    """

    function: Field
    points: Tensor

    def at(self, x: Tensor) -> Tensor:
        """Return w, (N, 1), at points (N, d)."""
        return _shaped("wall", self.function(x), (len(x), 1))

    def normals(self) -> Tensor:
        """Return the unit normals at ``points``, (K, d), in double precision.

        Raises:
            ValueError: A point is off the wall, or the gradient vanishes there.
        """
        x = self.points.detach().double().requires_grad_()
        with torch.enable_grad():
            w = self.at(x)
            (grad,) = torch.autograd.grad(w.sum(), x)
        slope = grad.norm(dim=1, keepdim=True)
        distance = float((w.detach() / slope).abs().max())
        # A point computed in single precision is that far off.
        if not distance <= 1e-5 * (1 + float(x.detach().abs().max())):
            raise ValueError(
                "wall: function must vanish at points, with a gradient that does not, "
                f"got a point about {distance:.1e} off. Give points on the wall, and a "
                "function that behaves as the distance from it."
            )
        normals: Tensor = grad / slope
        return normals


def check_ramp(owner: str, ramp: float | None) -> None:
    """Raise ``ValueError`` unless a ramp is a positive time or ``None``."""
    if ramp is not None and not 0 < ramp < math.inf:
        raise ValueError(f"{owner}: ramp must be a positive time, got {ramp}.")


def elapsed(dt: Tensor, ramp: float | None) -> Tensor:
    r"""Return :math:`g = \tau(1 - e^{-\Delta t/\tau})`, the shape of ``dt``."""
    return dt if ramp is None else -ramp * torch.expm1(-dt / ramp)


def _shaped(name: str, value: Tensor, shape: Sequence[int]) -> Tensor:
    """Return a value of a user's function, or say that its shape is wrong."""
    if not isinstance(value, Tensor) or tuple(value.shape) != tuple(shape):
        found = tuple(value.shape) if isinstance(value, Tensor) else type(value)
        raise ValueError(
            f"{name}: must map points (N, d) to a tensor, here of shape "
            f"{tuple(shape)}, got {found}. Keep columns with x[:, i:i+1]."
        )
    return value
