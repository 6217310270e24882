"""Semi-Lagrangian data assimilation: a neural velocity carries a gridded density."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from numbers import Integral, Real
from typing import Any

import torch
from torch import Tensor

from ..base.checks import check_choice, check_dtype, time_column
from ..base.contract import OUTPUTS, FlowNet
from ..base.fixed import FixedNet
from ..base.scales import Scales
from ..base.units import NetworkUnits
from .grid import DensityGrid
from .trajectories import OdeSolver, Rate
from .velocity import VelocityField

__all__ = ["SemiLagrangian"]

Corner = float | Sequence[float]


class SemiLagrangian(FixedNet, FlowNet):
    r"""Density and velocity that obey continuity up to an ODE solver's tolerance.

    The log-density at the time :math:`t_0` is interpolated on a grid, the velocity is
    a network. The density elsewhere follows by integrating back along trajectories,

    .. math:: \dot x = u(x, t), \qquad \tfrac{d}{dt}\log\rho = -\nabla\cdot u ,

    from :math:`(x, t)` to :math:`t_0`, for all rows of the inputs in one solve with
    common steps. A row at :math:`t_0` has the density of the grid, exactly. Outputs
    have the columns ``(rho, u_1..u_d)`` or ``(rho, m_1..m_d)``.

    The law holds to the tolerance of the solver, not exactly: the network is no
    :class:`ContinuityLaw`. Every row meets the tolerance; in training (gradients
    recorded in training mode) only the root mean square over the rows does, which
    takes fewer steps. Rows are not independent: ``torch.func`` transforms do not apply
    to the density.

    Args:
        dim: Number of space dimensions d, 2 or 3.
        box: Lower and upper corner of the grid, each a number or d numbers. Outside,
            the density of the nearest point of the box counts.
        grid: Number of nodes per axis, or one number for each.
        scales: As for :class:`NCL`. Without, coordinates go into the network as they
            are.
        hidden: Widths of the hidden layers of the velocity.
        activation: Smooth activation, for example ``"tanh"`` or ``"silu"``.
        start: The time :math:`t_0`.
        tolerance: Absolute and relative tolerance of the solver, Dormand-Prince of
            order 5, in units of the lengths of the scales.
        max_steps: Most steps of one solve.
        adjoint: Whether gradients of the density come from the adjoint equation, at
            the tolerance, with memory for one evaluation of the velocity; otherwise
            from going back through all steps, which can be differentiated again.
        divergence: ``"exact"``; ``"hutchinson"``: one random direction per point and
            solve in training, exact elsewhere; ``"auto"``: the latter in three
            dimensions with more than two hidden layers. With two the exact divergence
            is as cheap as the estimate.
        output: ``"velocity"`` or ``"flux"``: whether columns 1..d hold :math:`u` or
            :math:`m = \rho u`.
        noise: Standard deviation of the log-density's initial values around 0.

    Attributes:
        grid: The log-density at :math:`t_0`: maps points (N, d) to (N, 1), in units of
            the scales.
        field: The velocity: maps points (N, d) and times (N, 1) to (N, d), in the same
            units.

    Raises:
        ValueError: An argument is out of its range.

    References:
        F. Arend Torres et al., Lagrangian Flow Networks (ICLR 2024),
        appendix A.3, https://arxiv.org/abs/2305.16846.

    Example:
        >>> net = SemiLagrangian(2, box=(-6.0, 6.0))
        >>> adam = torch.optim.Adam(
        ...     [
        ...         {"params": net.grid_parameters(), "lr": 5e-2},
        ...         {"params": net.velocity_parameters(), "lr": 2.4e-3},
        ...     ]
        ... )
    """

    why_no_output_transform = (
        "would tear density and velocity apart, which belong together as they are. "
        "Transform quantities in the pde function instead."
    )
    why_no_feature_transform = (
        "the velocity is integrated in the coordinates of the inputs. Set scales "
        "instead."
    )

    def __init__(
        self,
        dim: int,
        *,
        box: tuple[Corner, Corner],
        grid: int | Sequence[int] = 50,
        scales: Scales | None = None,
        hidden: Sequence[int] = (128, 128),
        activation: Any = "tanh",
        start: float = 0.0,
        tolerance: float = 1e-5,
        max_steps: int = 1000,
        adjoint: bool = True,
        divergence: str = "auto",
        output: str = "velocity",
        noise: float = 1e-4,
    ) -> None:
        super().__init__()
        check_choice("dim", dim, (2, 3))
        check_choice("divergence", divergence, ("auto", "exact", "hutchinson"))
        check_choice("output", output, OUTPUTS)
        _check_number("start", start, "finite")
        _check_number("tolerance", tolerance, "positive")
        _check_number("noise", noise, "at least 0")
        shape = _integers("grid", grid, dim, least=2)
        widths = _integers("hidden", hidden, None, least=1)
        (steps,) = _integers("max_steps", max_steps, 1, least=1)
        self.dim, self.output, self.start = dim, output, float(start)
        is_estimated = {"auto": dim > 2 and len(widths) > 2}
        self._is_estimated = is_estimated.get(divergence, divergence == "hutchinson")
        self._solve = OdeSolver(float(tolerance), steps, bool(adjoint))
        units = NetworkUnits.of(scales, dim)
        self._scaling = units.scaling()
        self._sizes = units.velocity
        self._log_density = math.log(units.density)
        # By how much faster positions move in scaled time than the network says.
        self._pace = units.steps[-1] / units.reach[-1]
        low, high = (self._scaled(corner, start)[0] for corner in _corners(box, dim))
        self._start = self._scaled([0.0] * dim, start)[1]
        self.grid = DensityGrid(low, high, shape, noise)
        self.field = VelocityField(dim, widths, activation)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the outputs, (N, d + 1), for inputs (N, d + 1), time last."""
        rho, u = self.density(inputs), self.velocity(inputs)
        return torch.cat([rho, u if self.output == "velocity" else rho * u], dim=1)

    def flux(self, inputs: Tensor) -> Tensor:
        """See ``FlowNet``."""
        rho = self.density(inputs)
        return torch.cat([rho, rho * self.velocity(inputs)], dim=1)

    def velocity(self, inputs: Tensor) -> Tensor:
        """See ``FlowNet``; this needs no solve."""
        x, t = self._split(inputs)
        with torch.autocast(x.device.type, enabled=False):
            out: Tensor = self.field(x, t)
        return out * out.new_tensor(self._sizes)

    def density(self, inputs: Tensor) -> Tensor:
        """See ``FlowNet``."""
        return self.log_density(inputs).exp()

    def log_density(self, inputs: Tensor) -> Tensor:
        r"""Return :math:`\log\rho`, shape (N, 1), for inputs (N, d + 1).

        Raises:
            RuntimeError: The solver does not come to an end.
        """
        x, t = self._split(inputs)
        state = (x, torch.zeros_like(t))
        t0 = torch.full_like(t, self._start)
        # Backward in time, the second part gathers minus the integral of div u.
        is_trained = self.training and torch.is_grad_enabled()
        x_0, change = self._solve(
            self._rate(x, is_trained),
            state,
            t,
            t0,
            self._weights(),
            every_point=not is_trained,
        )
        out: Tensor = self.grid(x_0) + change + self._log_density
        return out

    def transport(self, x: Tensor, t0: float | Tensor, t1: float | Tensor) -> Tensor:
        """Return where the points at times ``t0`` are at times ``t1``, (N, d).

        Args:
            x: Shape (N, d).
            t0: A number, or shape (N, 1).
            t1: A number, or shape (N, 1).

        Raises:
            ValueError: A shape that does not fit.
            RuntimeError: The solver does not come to an end.
        """
        self._check_rows("x", x, self.dim)
        begin, end = time_column("t0", t0, x), time_column("t1", t1, x)
        z, begin = self._split(torch.cat([x, begin], dim=1))
        end = self._split(torch.cat([x, end], dim=1))[1]
        (z_1,) = self._solve(
            lambda x, t: (self._pace * self.field(x, t),),
            (z,),
            begin,
            end,
            self._weights(),
        )
        return self._scaling.inverse(torch.cat([z_1, end], dim=1))[:, : self.dim]

    @property
    def grid_mass(self) -> Tensor:
        """Mean density over the nodes at the start, shape (), for a penalty."""
        return self.grid.mean_density() * math.exp(self._log_density)

    def grid_parameters(self) -> list[torch.nn.Parameter]:
        """Return the parameters of the density."""
        return list(self.grid.parameters())

    def velocity_parameters(self) -> list[torch.nn.Parameter]:
        """Return the parameters of the velocity."""
        return list(self.field.parameters())

    def _rate(self, x: Tensor, is_trained: bool) -> Rate:
        """Return the map from points and times to u and its divergence."""
        rate: Rate = self.field.with_divergence
        if self._is_estimated and is_trained:
            noise = torch.randint_like(x, 2) * 2 - 1
            rate = partial(self.field.with_estimate, noise=noise)
        if self._pace == 1:
            return rate
        return lambda x, t: tuple(self._pace * part for part in rate(x, t))

    def _weights(self) -> list[Tensor]:
        return list(self.field.parameters())

    def _split(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return scaled points (N, d) and times (N, 1)."""
        self._check_rows("inputs", inputs, self.dim + 1)
        scaled = self._scaling(inputs)
        return scaled[:, : self.dim], scaled[:, self.dim :]

    def _scaled(self, point: Sequence[float], time: float) -> tuple[list[float], float]:
        """Return a point and a time as the network sees them."""
        exact = torch.tensor([[*point, time]], dtype=torch.float64)
        *x, t = self._scaling(exact)[0].tolist()
        return x, t

    def _check_rows(self, argument: str, value: Tensor, num_columns: int) -> None:
        if value.ndim != 2 or value.shape[1] != num_columns:
            raise ValueError(
                f"{argument}: must have shape (N, {num_columns}), got "
                f"{tuple(value.shape)}. One row per point; time, where there is one, "
                "comes last."
            )
        check_dtype(argument, value, self.grid.values.dtype)


def _is_number(value: Any) -> bool:
    is_real = isinstance(value, Real) and not isinstance(value, bool)
    return is_real and math.isfinite(value)


def _check_number(argument: str, value: Any, rule: str) -> None:
    if (
        not _is_number(value)
        or not {
            "finite": True,
            "positive": value > 0,
            "at least 0": value >= 0,
        }[rule]
    ):
        raise ValueError(f"{argument}: must be a number, {rule}, got {value!r}.")


def _integers(argument: str, value: Any, count: int | None, least: int) -> list[int]:
    """Return the entries of a sequence; a number stands for ``count`` equal ones."""
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    entries = list(value) if is_list else [value] * (count or 1)
    right_count = bool(entries) if count is None else len(entries) == count
    if not right_count or not all(
        isinstance(n, Integral) and not isinstance(n, bool) and int(n) >= least
        for n in entries
    ):
        number = "one or more" if count is None else f"{count}"
        raise ValueError(
            f"{argument}: must be an integer or {number} integers, each at least "
            f"{least}, got {value!r}."
        )
    return entries


def _corners(box: Any, dim: int) -> tuple[list[float], list[float]]:
    """Return the lower and the upper corner, ``dim`` numbers each."""
    sides = list(box) if isinstance(box, Sequence) else []
    corners = [[c] * dim if _is_number(c) else c for c in sides]
    is_right = len(corners) == 2 and all(
        isinstance(c, Sequence) and len(c) == dim and all(map(_is_number, c))
        for c in corners
    )
    if not is_right or not all(a < b for a, b in zip(*corners, strict=True)):
        raise ValueError(
            "box: must be a lower and an upper corner, lower < upper, each a number or "
            f"{dim} numbers, got {box!r}. Use for example (-6.0, 6.0)."
        )
    return corners[0], corners[1]
