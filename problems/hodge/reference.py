"""The reference of the Hodge decomposition: the known parts, and what is no answer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ncl_deepxde.files import arrays_in, replacing
from ncl_deepxde.runs.cells import list_cells

from .measures import points
from .models import in_chunks
from .target import PERIOD, Target

__all__ = ["compute", "describe", "load"]

SAMPLE = 20_000


def compute(settings: Mapping[str, Any], path: Path) -> None:
    """Write the dimension and the sizes of both parts of every case.

    Args:
        settings: Of a preset.
        path: The npz file to write.
    """
    rows: Any = {"dim": [], "scale": [], "eta": [], "gradient": []}
    for cell in list_cells([""], {**settings, "seeds": 1}, 0):
        scale, dim = cell.settings["gradient"], int(str(cell.case))
        target = Target(dim, gradient=scale)
        x = points(dim, SAMPLE)
        rows["dim"].append(dim)
        rows["scale"].append(np.nan if scale is None else scale)
        for part, field in (("eta", target.solenoidal), ("gradient", target.gradient)):
            squares = in_chunks(field, x).double().square().sum()
            rows[part].append(float(squares) / SAMPLE)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **rows)


def load(path: Path) -> dict[str, Target]:
    """Return the fields with their known parts, by case.

    Raises:
        ValueError: The file is not one that :func:`compute` wrote.
    """
    with arrays_in(path) as data:
        pairs = zip(data["dim"].tolist(), data["scale"].tolist(), strict=True)
        return {
            str(int(n)): Target(int(n), gradient=None if np.isnan(scale) else scale)
            for n, scale in pairs
        }


def describe(path: Path) -> dict[str, Any]:
    """Return mean squares of both parts, and the error of taking the field for eta.

    Raises:
        ValueError: The file is not one that :func:`compute` wrote.
    """
    with arrays_in(path) as data:
        cases = [str(int(n)) for n in data["dim"]]
        eta, gradient = data["eta"].tolist(), data["gradient"].tolist()
    return {
        "solver": "exact, known parts",
        "period": PERIOD,
        "mean_square_eta": dict(zip(cases, eta, strict=True)),
        "mean_square_gradient": dict(zip(cases, gradient, strict=True)),
        "error_of_the_field_itself": {
            case: g / e for case, e, g in zip(cases, eta, gradient, strict=True)
        },
    }
