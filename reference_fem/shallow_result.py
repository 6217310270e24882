"""Shallow water that was solved for: evaluation and a portable file."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import RegularGridInterpolator

from . import _archive
from ._arrays import Array
from .solution import time_weights

__all__ = ["ShallowWaterResult", "load_shallow_water"]

FORMAT = "ncl-deepxde shallow water 1"


@dataclass(frozen=True)
class ShallowWaterResult:
    """Depth and velocity in cells.

    Attributes:
        times: Saved times (T,).
        xmin: Least coordinates (dim,).
        xmax: Largest coordinates (dim,).
        h: Depths ``(T, *n)``.
        u: Velocities ``(T, dim, *n)``.
        bed: Height of the bed ``(*n)``.
        sides: Kind of the sides of each axis.
        diagnostics: Numbers per time step: ``time``, ``mass``, ``energy``,
            ``min_depth``.
    """

    times: Array
    xmin: Array
    xmax: Array
    h: Array
    u: Array
    bed: Array
    sides: Sequence[str]
    diagnostics: dict[str, Array] = field(default_factory=dict)

    def evaluate(self, points: ArrayLike, time: float) -> dict[str, Array]:
        """Return the fields at points and a time, linear between centers of cells.

        Between saved times the values are linear in time, for the sake of shocks.

        Args:
            points: Coordinates (N, dim).
            time: Time within the saved range.

        Returns:
            ``{"h": (N, 1), "u": (N, dim)}``.

        Raises:
            ValueError: If the points have another shape or lie outside, or the time is
                outside the saved range.
        """
        x = np.asarray(points, dtype=np.float64)
        dim = len(self.xmin)
        slack = 1e-9 * (self.xmax - self.xmin)
        is_inside = x.ndim == 2 and x.shape[1] == dim
        if (
            not is_inside
            or not ((x >= self.xmin - slack) & (x <= self.xmax + slack)).all()
        ):
            raise ValueError(
                f"points must have the shape (N, {dim}) and lie between xmin and xmax, "
                f"got shape {x.shape}; leave out points outside"
            )
        axes, values = self._with_edges()
        found = sum(
            weight * RegularGridInterpolator(axes, values[k])(x)
            for k, weight in time_weights(self.times, time, width=2).items()
        )
        h, u = np.split(np.asarray(found), [1], axis=1)
        return {"h": h, "u": u}

    def _with_edges(self) -> tuple[list[Array], Array]:
        """Return centers of cells and one more beyond each side, and the fields there.

        Fields are (T, *n + 2, 1 + dim).
        """
        dim = len(self.xmin)
        fields = np.concatenate([self.h[:, None], self.u], axis=1)
        axes = []
        for axis in range(dim):
            m = fields.shape[2 + axis]
            step = (self.xmax[axis] - self.xmin[axis]) / m
            axes.append(self.xmin[axis] + step * (np.arange(-1, m + 1) + 0.5))
            width = [(0, 0)] * fields.ndim
            width[2 + axis] = (1, 1)
            is_periodic = self.sides[axis] == "periodic"
            fields = np.pad(fields, width, mode="wrap" if is_periodic else "edge")
            if self.sides[axis] == "wall":
                for end in (0, -1):
                    np.moveaxis(fields[:, 1 + axis], 1 + axis, 0)[end] *= -1
        return axes, np.moveaxis(fields, 1, -1)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write one npz file, at once or not at all.

        Args:
            path: File to write; existing files are replaced.

        Raises:
            OSError: If the directory is missing or not writable.
        """
        header = json.dumps({"format": FORMAT, "sides": list(self.sides)})
        arrays: dict[str, Any] = {name: getattr(self, name) for name in ARRAYS}
        arrays |= {f"diagnostics/{name}": v for name, v in self.diagnostics.items()}
        _archive.write(path, {"header": np.array(header), **arrays})


ARRAYS = ("times", "xmin", "xmax", "h", "u", "bed")


def load_shallow_water(path: str | os.PathLike[str]) -> ShallowWaterResult:
    """Read what :meth:`ShallowWaterResult.save` wrote.

    Args:
        path: The npz file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is another file.
    """
    remedy = "save one with ShallowWaterResult.save"
    return _archive.read(path, "shallow water", remedy, _unpack)


def _unpack(arrays: dict[str, Any]) -> ShallowWaterResult:
    header = json.loads(str(arrays["header"]))
    if header["format"] != FORMAT:
        raise ValueError(f"its format is not {FORMAT!r}")
    return ShallowWaterResult(
        **{name: arrays[name] for name in ARRAYS},
        sides=tuple(header["sides"]),
        diagnostics=_archive.below("diagnostics/", arrays),
    )
