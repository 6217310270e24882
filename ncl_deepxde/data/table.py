"""Rows of observations: what is known of a field at points in space and time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import deepxde as dde
import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

__all__ = ["Observed", "Source", "Table"]


@dataclass(frozen=True)
class Observed:
    """Observations of a field at N points; NaN marks an entry that is missing.

    Args:
        points: Shape (N, d+1), time last; (N, d) without time.
        density: Shape (N, 1).
        velocity: Shape (N, d).
        density_noise: Standard deviation by which residuals of the density, as it is
            compared (its logarithm, say), are divided: a number or (N, 1).
        velocity_noise: The same for the velocity or the momentum: a number, (N, 1),
            (N, d), or (1, d) for one per component.
        values: Other quantities by name, each (N, k), such as a temperature (N, 1).
        noise: Standard deviations of some of them: numbers, (N, 1), (N, k) or (1, k).
        time: Whether the last column of the points is the time.

    Raises:
        ValueError: A wrong shape, or noise of an unknown quantity.
    """

    points: Tensor
    density: Tensor | None = None
    velocity: Tensor | None = None
    density_noise: Tensor | float | None = None
    velocity_noise: Tensor | float | None = None
    values: Mapping[str, Tensor] = field(default_factory=dict)
    noise: Mapping[str, Tensor | float] = field(default_factory=dict)
    time: bool = True

    def __post_init__(self) -> None:
        if self.points.ndim != 2 or self.points.shape[1] < 1 + self.time:
            wanted = "(N, d+1), time last" if self.time else "(N, d)"
            raise ValueError(
                f"points: must have the shape {wanted}, got "
                f"{tuple(self.points.shape)}. Pass time=False for points without time."
            )
        n, d = len(self), self.dim
        self._check("density", self.density, [(n, 1)])
        self._check("velocity", self.velocity, [(n, d)])
        self._check("density_noise", self.density_noise, [(), (n, 1)])
        shapes: list[tuple[int, ...]] = [(), (n, 1), (n, d), (1, d)]
        self._check("velocity_noise", self.velocity_noise, shapes)
        for name, value in self.values.items():
            shape = tuple(value.shape)
            self._check(f"values of {name!r}", value, [(n, *(shape[1:2] or (1,)))])
        unknown = sorted(set(self.noise) - set(self.values))
        if unknown:
            raise ValueError(
                f"noise: must belong to some of the values {sorted(self.values)}, got "
                f"{unknown}."
            )
        for name, sigma in self.noise.items():
            k = self.values[name].shape[1]
            shapes = [(), (n, 1), (n, k), (1, k)]
            self._check(f"noise of {name!r}", sigma, shapes)

    def _check(self, name: str, value: Any, allowed: list[tuple[int, ...]]) -> None:
        shape = tuple(value.shape) if isinstance(value, Tensor) else ()
        if value is None or shape in allowed:
            return
        remedy = "Use reshape(-1, 1) for a column."
        if self.time and name == "velocity" and shape == tuple(self.points.shape):
            remedy = (
                "The last column of the points is taken for the time: pass time=False "
                "if it is none."
            )
        raise ValueError(
            f"{name}: must have one of the shapes {allowed} for points "
            f"{tuple(self.points.shape)}, got {shape}. {remedy}"
        )

    def __len__(self) -> int:
        return len(self.points)

    @property
    def dim(self) -> int:
        """Number of space dimensions, d."""
        return self.points.shape[1] - self.time

    def rows(self, index: Tensor | slice) -> Observed:
        """Return the rows selected by indices, a slice, or a mask (N,)."""
        n = len(self)

        def cut(value: Any) -> Any:
            if isinstance(value, Mapping):
                return {name: cut(one) for name, one in value.items()}
            per_row = isinstance(value, Tensor) and value.ndim == 2 and len(value) == n
            return value[index] if per_row else value

        return replace(self, **{name: cut(value) for name, value in vars(self).items()})


Source = Callable[[int, torch.Generator], Observed]
"""Draws at most n observations on the generator's device."""


class Table:
    """A source of fixed rows: at every step all of them, or some at random.

    The rows are copied once, to torch's default device and DeepXDE's float type.

    Args:
        points: Shape (N, d+1), time last; (N, d) with ``time=False``.
        density: Shape (N, 1), NaN where it is missing.
        velocity: Shape (N, d), NaN where it is missing.
        density_noise: Standard deviations, as in ``Observed``.
        velocity_noise: Standard deviations, as in ``Observed``.
        values: Other quantities by name, each (N, k), NaN where they are missing.
        noise: Standard deviations of some of them, as in ``Observed``.
        time: Whether the last column of the points is the time.
        stations: N labels, texts or numbers: which rows belong together.

    Attributes:
        observed: All rows.

    Raises:
        ValueError: A wrong shape, no row, points that are not finite, or a standard
            deviation that is not positive.
    """

    def __init__(
        self,
        points: ArrayLike | Tensor,
        density: ArrayLike | Tensor | None = None,
        velocity: ArrayLike | Tensor | None = None,
        *,
        density_noise: ArrayLike | Tensor | None = None,
        velocity_noise: ArrayLike | Tensor | None = None,
        values: Mapping[str, ArrayLike | Tensor] | None = None,
        noise: Mapping[str, ArrayLike | Tensor] | None = None,
        time: bool = True,
        stations: ArrayLike | None = None,
    ) -> None:
        rows = (points, density, velocity, density_noise, velocity_noise)
        columns, sigmas = (
            {n: _tensor(v) for n, v in (m or {}).items()} for m in (values, noise)
        )
        x, rho, u, rho_noise, u_noise = (_tensor(row) for row in rows)
        self.observed = Observed(
            x, rho, u, rho_noise, u_noise, values=columns, noise=sigmas, time=time
        )
        self._labels = None if stations is None else np.asarray(stations)
        self._check()

    def _check(self) -> None:
        rows = self.observed
        if len(rows) == 0 or not bool(rows.points.isfinite().all()):
            raise ValueError(
                "points: must hold at least one row and finite numbers, got "
                f"{len(rows)} rows. Leave out rows without a place or a time."
            )
        known = {"density": rows.density, "velocity": rows.velocity}
        for name, value in {**known, **_named("values", rows.values)}.items():
            if value is not None and bool(value.isinf().any()):
                raise ValueError(
                    f"{name}: must be finite, or NaN where missing, got inf."
                )
        flow = {
            "density_noise": rows.density_noise,
            "velocity_noise": rows.velocity_noise,
        }
        for name, noise in {**flow, **_named("noise", rows.noise)}.items():
            value = None if noise is None else torch.as_tensor(noise)
            if value is not None and not bool(((value > 0) & value.isfinite()).all()):
                raise ValueError(
                    f"{name}: standard deviations must be positive and finite, got "
                    f"{float(value.min())} as the smallest."
                )
        if self._labels is not None and self._labels.shape != (len(rows),):
            raise ValueError(
                f"stations: must hold one label for each of the {len(rows)} rows, got "
                f"the shape {self._labels.shape}."
            )

    def __len__(self) -> int:
        return len(self.observed)

    def __call__(self, n: int, generator: torch.Generator) -> Observed:
        """Return n different rows at random, or all in their order if n suffices."""
        if n >= len(self):
            return self.observed
        device = generator.device
        order = torch.randperm(len(self), generator=generator, device=device)
        return self.observed.rows(order[:n])

    @property
    def stations(self) -> list[Any]:
        """The different labels, sorted; empty without labels."""
        return [] if self._labels is None else np.unique(self._labels).tolist()

    def select(self, rows: ArrayLike) -> Table:
        """Return the table of some rows: indices, or a mask (N,)."""
        index = np.arange(len(self))[np.asarray(rows)]
        part = self.observed.rows(torch.as_tensor(index, device=self._device))
        labels = None if self._labels is None else self._labels[index]
        return Table(
            part.points,
            part.density,
            part.velocity,
            density_noise=part.density_noise,
            velocity_noise=part.velocity_noise,
            values=part.values,
            noise=part.noise,
            time=part.time,
            stations=labels,
        )

    def hold_out(self, stations: Iterable[Any]) -> tuple[Table, Table]:
        """Return the table without some stations, and the table of these.

        Raises:
            ValueError: No labels, an unknown station, or none held out or left.
        """
        if self._labels is None:
            raise ValueError(
                "hold_out: the table must have labels. Build it with stations=..., one "
                "label for each row."
            )
        wanted, known = list(stations), self.stations
        unknown = [s for s in wanted if s not in known]
        if unknown or not 0 < len(set(wanted)) < len(known):
            raise ValueError(
                f"hold_out: stations must be some of {known} but not all, got {wanted}."
            )
        is_held_out = np.isin(self._labels, wanted)
        return self.select(~is_held_out), self.select(is_held_out)

    @property
    def _device(self) -> torch.device:
        return self.observed.points.device


def _named(what: str, by_name: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{what} of {name!r}": value for name, value in by_name.items()}


def _tensor(values: ArrayLike | Tensor | None) -> Any:
    """Copy to torch's default device, in DeepXDE's float type."""
    if values is None:
        return None
    array = values if isinstance(values, Tensor) else np.asarray(values, dtype=float)
    real, device = dde.config.real(torch), torch.get_default_device()
    return torch.as_tensor(array, dtype=real, device=device).clone()
