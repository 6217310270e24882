"""Rows of observations: what is known of a flow at points in space and time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Any

import deepxde as dde
import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

__all__ = ["Observed", "Source", "Table"]


@dataclass(frozen=True)
class Observed:
    """Observations of a flow at N points; NaN marks an entry that is missing.

    Args:
        points: Shape (N, d+1), time last.
        density: Shape (N, 1).
        velocity: Shape (N, d).
        density_noise: Standard deviation by which residuals of the density, as it is
            compared (its logarithm, say), are divided: a number or (N, 1).
        velocity_noise: The same for the velocity or the momentum: a number, (N, 1),
            (N, d), or (1, d) for one per component.

    Raises:
        ValueError: A wrong shape.
    """

    points: Tensor
    density: Tensor | None = None
    velocity: Tensor | None = None
    density_noise: Tensor | float | None = None
    velocity_noise: Tensor | float | None = None

    def __post_init__(self) -> None:
        if self.points.ndim != 2 or self.points.shape[1] < 2:
            raise ValueError(
                f"points: must have the shape (N, d+1), time last, got "
                f"{tuple(self.points.shape)}."
            )
        n, d = len(self.points), self.points.shape[1] - 1
        shapes: dict[str, list[tuple[int, ...]]] = {
            "density": [(n, 1)],
            "velocity": [(n, d)],
            "density_noise": [(), (n, 1)],
            "velocity_noise": [(), (n, 1), (n, d), (1, d)],
        }
        for name, allowed in shapes.items():
            value = getattr(self, name)
            shape = tuple(value.shape) if isinstance(value, Tensor) else ()
            if value is not None and shape not in allowed:
                raise ValueError(
                    f"{name}: must have one of the shapes {allowed} for points "
                    f"{tuple(self.points.shape)}, got {shape}. Use reshape(-1, 1) for "
                    "a column."
                )

    def __len__(self) -> int:
        return len(self.points)

    def rows(self, index: Tensor) -> Observed:
        """Return the rows selected by indices, or by a mask (N,)."""
        n = len(self)

        def cut(value: Any) -> Any:
            per_row = isinstance(value, Tensor) and value.ndim == 2 and len(value) == n
            return value[index] if per_row else value

        return Observed(*(cut(getattr(self, field.name)) for field in fields(self)))


Source = Callable[[int, torch.Generator], Observed]
"""Draws at most n observations on the generator's device."""


class Table:
    """A source of fixed rows: at every step all of them, or some at random.

    The rows are copied once, to torch's default device and DeepXDE's float type.

    Args:
        points: Shape (N, d+1), time last.
        density: Shape (N, 1), NaN where it is missing.
        velocity: Shape (N, d), NaN where it is missing.
        density_noise: Standard deviations, as in ``Observed``.
        velocity_noise: Standard deviations, as in ``Observed``.
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
        stations: ArrayLike | None = None,
    ) -> None:
        given = (points, density, velocity, density_noise, velocity_noise)
        self.observed = Observed(*map(_tensor, given))
        self._labels = None if stations is None else np.asarray(stations)
        self._check()

    def _check(self) -> None:
        rows = self.observed
        if len(rows) == 0 or not bool(rows.points.isfinite().all()):
            raise ValueError(
                "points: must hold at least one row and finite numbers, got "
                f"{len(rows)} rows. Leave out rows without a place or a time."
            )
        for name in ("density", "velocity"):
            value = getattr(rows, name)
            if value is not None and bool(value.isinf().any()):
                raise ValueError(
                    f"{name}: must be finite, or NaN where missing, got inf."
                )
        for name in ("density_noise", "velocity_noise"):
            value = getattr(rows, name)
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


def _tensor(values: ArrayLike | Tensor | None) -> Any:
    """Copy to torch's default device, in DeepXDE's float type."""
    if values is None:
        return None
    array = values if isinstance(values, Tensor) else np.asarray(values, dtype=float)
    real, device = dde.config.real(torch), torch.get_default_device()
    return torch.as_tensor(array, dtype=real, device=device).clone()
