"""Colors and words that reports of several problems use alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ncl_deepxde.plotting.style import PALETTE

__all__ = ["COLORS", "mean_and_range"]

COLORS = {
    "pinn": PALETTE["vermilion"],
    "lflow": PALETTE["sky blue"],
    "ncl-subharmonic": PALETTE["brown"],
    "slda": PALETTE["violet"],
    "mlp": PALETTE["olive"],
}
"""Colors of the models in figures."""


def mean_and_range(values: Sequence[float]) -> str:
    """Say the mean over seeds, and between which values they lie."""
    if not values:
        return "not computed"
    mean = f"{np.mean(values):.3g}"
    if len(values) == 1:
        return mean
    return f"{mean} ({min(values):.3g} to {max(values):.3g} over {len(values)} seeds)"
