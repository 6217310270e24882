"""What a network can be made to obey whatever its weights: a start and a wall."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import deepxde as dde
import numpy as np
import torch
from torch import Tensor

from ...random_numbers import numpy_seed
from ...walls import Choice, Product, Where, inner_factors, wall_components

__all__ = ["InitialState", "Wall"]

PointFunction = Callable[[Tensor], Tensor]

# A flow below this is none: where it vanishes on the wall, round-off is left.
STILL = 1e-6
# Part by which a user's function may differ one period on: round-off of steep functions
# in single precision stays far below.
JUMP = 1e-2


@dataclass(frozen=True)
class InitialState:
    r"""A state that a network starts from exactly, whatever its weights.

    Functions take points x (N, d), of single or double precision, and must be smooth
    torch operations without trainable parameters: their values are kept.

    Attributes:
        density: :math:`\rho_0`, (N, d) -> (N, 1).
        momentum: :math:`m_0`, (N, d) -> (N, d). With neither momentum nor velocity
            only the density is built in; ask for the momentum in the loss.
        velocity: :math:`u_0`, (N, d) -> (N, d), in place of ``momentum``.
        time: Time of the state.
        ramp: Time :math:`\tau` after which the network is free of the state. ``None``
            is :math:`g = t`, which extrapolates linearly.
        potential: :math:`a_0`, (N, d) -> (N, d), with :math:`\nabla\cdot a_0 \approx
            \rho_0 - \bar\rho` (``FourierPotential``, ``HomotopyPotential``). With it
            the state fades: after :math:`\tau` the network starts from the mean density
            and no longer has to undo :math:`\rho_0`. The state at ``time`` is exact
            whatever :math:`a_0`.
        clock: Time in units of which :math:`t` multiplies the network where there is
            no ramp; networks with ``scales`` set it.

    Raises:
        ValueError: Both momentum and velocity, a time that is not finite, a ramp that
            is not positive, or a potential without a ramp.
    """

    density: PointFunction
    momentum: PointFunction | None = None
    velocity: PointFunction | None = None
    time: float = 0.0
    ramp: float | None = None
    potential: PointFunction | None = None
    clock: float = 1.0

    def __post_init__(self) -> None:
        check_ramp("InitialState", self.time, self.ramp)
        if self.momentum is not None and self.velocity is not None:
            raise ValueError(
                "InitialState: momentum and velocity exclude each other, got both. "
                "Give the one you know."
            )
        if self.potential is not None and self.ramp is None:
            raise ValueError(
                "InitialState: ramp must be given beside a potential, got None. It is "
                "the time in which the state fades."
            )

    @property
    def has_momentum(self) -> bool:
        """Whether the momentum is built in, not only the density."""
        return self.momentum is not None or self.velocity is not None

    def momentum_at(self, x: Tensor) -> Tensor:
        r"""Return :math:`m_0`, (N, d), at points (N, d)."""
        if self.momentum is not None:
            return shaped("momentum", self.momentum(x), x.shape)
        if self.velocity is None:
            raise ValueError("InitialState: no momentum and no velocity is given.")
        u0 = shaped("velocity", self.velocity(x), x.shape)
        return self.density_at(x) * u0

    def density_at(self, x: Tensor) -> Tensor:
        r"""Return :math:`\rho_0`, (N, 1), at points (N, d)."""
        return shaped("density", self.density(x), (len(x), 1))

    def factor(self, t: Tensor) -> Tensor:
        r"""Return the factor that is 0 at the state, :math:`1 - e^{-t/\tau}` or t."""
        return elapsed(t - self.time, self.ramp) / (self.ramp or self.clock)

    def drift(self, x: Tensor, t: Tensor, mean: Tensor) -> Tensor:
        r"""Return the potentials :math:`A_{0i}`, (N, d), that move the state.

        .. math:: -g\,(m_0 - \bar m) + (h - 1)\,a_0, \qquad
            g(0) = 0,\; \dot g(0) = 1, \quad h(0) = 1,\; \dot h(0) = 0 ,

        with :math:`g = \tau(1 - e^{-t/\tau})`, and where the state fades
        :math:`g = t e^{-t/\tau}`, :math:`h = (1 + t/\tau) e^{-t/\tau}`.

        Args:
            x: Points (N, d).
            t: Times (N, 1).
            mean: Momentum :math:`\bar m` that stays, shape (d,).
        """
        dt = t - self.time
        g, total = elapsed(dt, self.ramp), torch.zeros_like(x)
        if self.potential is not None and self.ramp is not None:
            decay = torch.exp(-dt / self.ramp)
            a0 = shaped("potential", self.potential(x), x.shape)
            total = ((1 + dt / self.ramp) * decay - 1) * a0
            g = dt * decay
        return total - g * (self.momentum_at(x) - mean) if self.has_momentum else total

    def pace(self, t: Tensor) -> Tensor:
        r"""Return :math:`\dot g`, the factor of :math:`m_0`, 1 at the state."""
        if self.ramp is None:
            return torch.ones_like(t)
        s = (t - self.time) / self.ramp
        fades = 1.0 if self.potential is None else 1 - s
        return fades * torch.exp(-s)

    @property
    def moves(self) -> bool:
        """Whether there is a drift."""
        return self.has_momentum or self.potential is not None


@dataclass(frozen=True)
class Wall:
    r"""A wall at rest, :math:`m\cdot n = 0`, which a network keeps exactly.

    Attributes:
        function: :math:`w`, (N, d) -> (N, 1), zero on the wall with
            :math:`\nabla w \ne 0`, positive inside, and once more differentiable than
            the order of the construction; :math:`1 - |x|^2` for the unit ball.
        points: Points on the wall, (K, d), off edges and corners, for checks; for
            example ``geometry.random_boundary_points(100)`` as a tensor.
        components: In the plane, a wall function for each connected part of the wall,
            such as the outer boundary, then each hole: zero with a gradient on that
            part, positive elsewhere. With two or more of them there is flow past them,
            see ``Lifting``. Empty where all is one part.
    """

    function: PointFunction
    points: Tensor
    components: tuple[PointFunction, ...] = ()

    @classmethod
    def of(cls, geometry: Any, where: Where | None = None) -> Wall:
        r"""Return the wall of a geometry of DeepXDE, or of some of its sides.

        .. math:: w = c\,\prod_k f_k ,

        a length, with one factor for each smooth piece and :math:`|\nabla w| \le 1` on
        the wall. At convex corners w is smooth and its gradient vanishes; at corners of
        unions, of holes and of pockets of polygons w is continuous only. In the plane
        the connected parts of the wall are its ``components``: those of the outer
        boundary first, by the order of its sides (counterclockwise from the lower left
        corner of a rectangle), then holes, in the order in which they are cut out.

        Args:
            geometry: A geometry, or one with time, of which the space counts.
            where: Maps points (N, d) of the boundary, a numpy array, to (N,) booleans:
                what is wall; the rest is open. It takes whole sides of boxes and
                polygons, the whole boundary of other shapes. By default all is wall.

        Raises:
            ValueError: The geometry is of an unknown kind, ``where`` takes a part of a
                side, or nothing.

        Example:
            >>> channel = dde.geometry.Rectangle([0, 0], [4, 1])
            >>> sides = Wall.of(channel, lambda x: (x[:, 1] == 0) | (x[:, 1] == 1))
        """
        if isinstance(geometry, dde.geometry.GeometryXTime):
            geometry = geometry.geometry
        with numpy_seed(0):
            factors = inner_factors(geometry, Choice(geometry, where))
            points = geometry.random_boundary_points(400)
            parts = _parts(geometry, where) if factors and geometry.dim == 2 else []
        if where is not None:
            points = points[np.asarray(where(points), dtype=bool).reshape(len(points))]
        if not factors or not len(points):
            raise ValueError(
                "where: must take some side of the boundary, got none. Build the "
                "network without a wall, or compare coordinates with numpy.isclose."
            )
        wall, on_wall = _scaled(Product(tuple(factors)), points)
        of_parts = [some[:: len(some) // 8 or 1] for _, some in parts]
        functions = tuple(function for function, _ in parts)
        return cls(wall, torch.cat([on_wall, *of_parts]), functions)

    def at(self, x: Tensor) -> Tensor:
        """Return w, (N, 1), at points (N, d)."""
        return shaped("wall", self.function(x), (len(x), 1))

    def check_points(self, d: int) -> None:
        """Raise ``ValueError`` unless ``points`` are some points in d dimensions."""
        points = self.points
        if not isinstance(points, Tensor) or points.shape != (len(points) or 1, d):
            found = tuple(points.shape) if isinstance(points, Tensor) else type(points)
            raise ValueError(
                f"wall: points must be a tensor of shape (K, {d}), K > 0, without "
                f"time, got {found}."
            )

    def surface(self) -> tuple[Tensor, Tensor]:
        """Return the ``points`` and the unit normals there, (K, d), as doubles.

        Raises:
            ValueError: A point is off the wall, or the gradient vanishes there.
        """
        x = self.points.detach().double()
        steps = self._step_from_wall(x)
        distance = float(steps.norm(dim=1).max())
        # A point computed in single precision is that far off: one step of Newton.
        if not distance <= 1e-5 * float(x.abs().max()):
            raise ValueError(
                "wall: function must vanish at points, with a gradient that does not, "
                f"got a point about {distance:.1e} off. Give points on the wall, and a "
                "function that behaves as the distance from it."
            )
        x = x - steps
        grad = self._value_and_gradient(x)[1]
        return x, grad / grad.norm(dim=1, keepdim=True)

    def _step_from_wall(self, x: Tensor) -> Tensor:
        w, grad = self._value_and_gradient(x)
        return w * grad / grad.square().sum(dim=1, keepdim=True)

    def _value_and_gradient(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = x.clone().requires_grad_()
        with torch.enable_grad():
            w = self.at(x)
            (grad,) = torch.autograd.grad(w.sum(), x)
        return w.detach(), grad


def _scaled(product: Product, points: Any) -> tuple[Product, Tensor]:
    """Return a wall function whose largest slope is 1, and points off its corners.

    Args:
        product: The function, zero at the points.
        points: Points on the wall, (K, d).
    """
    on_wall = torch.as_tensor(points).double()
    slope = Wall(product, on_wall)._value_and_gradient(on_wall)[1].norm(dim=1)
    wall = replace(product, scale=1 / float(slope.max()))
    return wall, on_wall[slope >= 0.01 * slope.max()]


def _parts(geometry: Any, where: Where | None) -> list[tuple[Product, Tensor]]:
    """Return wall functions of the connected parts, and points; none of one part."""
    parts = wall_components(geometry, where)
    if len(parts) < 2:
        return []
    return [
        _scaled(
            Product(tuple(inner_factors(geometry, Choice(geometry, part.where)))),
            part.points,
        )
        for part in parts
    ]


def check_ramp(owner: str, time: float, ramp: float | None) -> None:
    """Raise ``ValueError`` unless a ramp is a positive time or ``None``."""
    if not math.isfinite(time):
        raise ValueError(f"{owner}: time must be finite, got {time}.")
    if ramp is not None and not 0 < ramp < math.inf:
        raise ValueError(f"{owner}: ramp must be a positive time, got {ramp}.")


def elapsed(dt: Tensor, ramp: float | None) -> Tensor:
    r"""Return :math:`g = \tau(1 - e^{-\Delta t/\tau})`, the shape of ``dt``."""
    return dt if ramp is None else -ramp * torch.expm1(-dt / ramp)


def jumps(
    function: PointFunction, x: Tensor, periods: Sequence[float | None]
) -> Iterator[tuple[int, float]]:
    """Yield the axes along which a function lacks its period, and by how much it does.

    Args:
        function: Maps points (N, D) to values (N, k).
        x: Points to compare at.
        periods: Period of each of the first axes, ``None`` where not periodic.
    """
    values = function(x)
    for axis, period in enumerate(periods):
        if period is None:
            continue
        shift = torch.zeros_like(x)
        shift[:, axis] = period
        jump = float((function(x + shift) - values).abs().max())
        if jump > JUMP * float(values.abs().max()):
            yield axis, jump


def shaped(name: str, value: Tensor, shape: Sequence[int]) -> Tensor:
    """Return a value of a user's function, or say that its shape is wrong."""
    if not isinstance(value, Tensor) or tuple(value.shape) != tuple(shape):
        found = tuple(value.shape) if isinstance(value, Tensor) else type(value)
        raise ValueError(
            f"{name}: must map points (N, d) to a tensor, here of shape "
            f"{tuple(shape)}, got {found}. Keep columns with x[:, i:i+1]."
        )
    return value
