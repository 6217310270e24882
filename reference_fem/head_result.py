"""The head in porous ground: evaluation and a portable file."""

import os
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import _archive
from ._arrays import Array
from .simplices import Locator, gradients, interpolate

__all__ = ["HeadResult", "load_head"]


@dataclass
class HeadResult:
    """Head and conductivity at the nodes of a mesh.

    Attributes:
        h: Heads (P,).
        conductivity: Conductivities (P,).
        mesh: Arrays of the mesh as in :class:`reference_fem.FlowResult`.
        numbers: ``iterations`` of the solver, ``supply``, the integral of the source.
    """

    h: Array
    conductivity: Array
    mesh: dict[str, Any]
    numbers: dict[str, float]

    @cached_property
    def _locator(self) -> Locator:
        return Locator(self.mesh["points"], self.mesh["cells"])

    def evaluate(self, points: ArrayLike) -> dict[str, Array]:
        """Return the head and the flux q = -K grad h at points.

        Args:
            points: Coordinates (N, dim).

        Returns:
            ``{"h": (N, 1), "q": (N, dim)}``.

        Raises:
            ValueError: If the points have another shape or lie outside the mesh.
        """
        x = np.asarray(points, dtype=np.float64)
        dim = self._locator.dim
        if x.ndim != 2 or x.shape[1] != dim or not np.isfinite(x).all():
            raise ValueError(
                f"points must be finite numbers of shape (N, {dim}), got shape "
                f"{x.shape}; pass one row per point"
            )
        found, place = self._locator.locate_inside(x)
        dofs = self.mesh["fine"][found]
        fields = np.stack([self.h, self.conductivity])
        h, K = interpolate(fields, dofs, place)
        nodes = self.mesh["points"][self.mesh["cells"][found]]
        slope = gradients(self.h[None], dofs, nodes, place)[0]
        return {"h": h[:, None], "q": -K[:, None] * slope}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write one npz file, at once or not at all.

        Args:
            path: File to write; existing files are replaced.

        Raises:
            OSError: If the directory is missing or not writable.
        """
        arrays: dict[str, Any] = {"h": self.h, "conductivity": self.conductivity}
        arrays |= {f"mesh/{name}": value for name, value in self.mesh.items()}
        arrays |= {f"numbers/{name}": value for name, value in self.numbers.items()}
        _archive.write(path, arrays)


def load_head(path: str | os.PathLike[str]) -> HeadResult:
    """Read what :meth:`HeadResult.save` wrote; needs no dolfinx.

    Args:
        path: The npz file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is another file.
    """
    return _archive.read(path, "head", "save one with HeadResult.save", _unpack)


def _unpack(arrays: dict[str, Any]) -> HeadResult:
    found = _archive.below("mesh/", arrays)
    mesh = {name: found[name] for name in ("points", "cells", "fine", "coarse")}
    numbers = _archive.below("numbers/", arrays)
    return HeadResult(
        arrays["h"],
        arrays["conductivity"],
        mesh,
        {name: float(value) for name, value in numbers.items()},
    )
