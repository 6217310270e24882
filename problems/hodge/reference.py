"""The reference of the Hodge decomposition: the known parts, and what is no answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ncl_deepxde.files import arrays_in, write_arrays
from ncl_deepxde.runs import Preset

from .measures import points
from .models import in_chunks
from .settings import HodgeSettings
from .target import PERIOD, Target

__all__ = ["compute", "describe", "load"]

SAMPLE = 20_000


def compute(preset: Preset, path: Path) -> None:
    """Write the dimension and the sizes of both parts of every case.

    Args:
        preset: Preset with the cases.
        path: The npz file to write.
    """
    rows: Any = {"dim": [], "scale": [], "eta": [], "gradient": []}
    for case in preset.cases:
        settings: HodgeSettings = preset.settings(case=case)
        scale, dim = settings.gradient, settings.dim
        target = Target(dim, gradient=scale)
        x = points(dim, SAMPLE)
        rows["dim"].append(dim)
        rows["scale"].append(np.nan if scale is None else scale)
        for part, field in (("eta", target.solenoidal), ("gradient", target.gradient)):
            squares = in_chunks(field, x).double().square().sum()
            rows[part].append(float(squares) / SAMPLE)
    write_arrays(path, rows)


def load(path: Path) -> dict[str, Target]:
    """Read the fields with their known parts, by case.

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
    """Tell the mean squares of both parts, and the error of taking the field for eta.

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
