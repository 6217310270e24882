"""Public problems of high precision, each with an exact and a plain network."""

from __future__ import annotations

from collections.abc import Callable

import deepxde as dde

from . import burgers, cavity, fokker_planck, heat, kdv, wave
from .base import Case

__all__ = ["CASES", "Case", "problem"]

CASES: dict[str, Case] = {
    "burgers": burgers.CASE,
    "heat": heat.CASE,
    "kdv": kdv.CASE,
    "wave": wave.CASE,
    "cavity": cavity.CASE,
    "fokker-planck": fokker_planck.CASE,
}


def problem(
    case: str, network: str, seed: int = 0, points: int | None = None
) -> tuple[dde.Model, Callable[[], float]]:
    """Return a model to be compiled, and what tells its error at any time.

    Call ``dde.config.set_default_float`` before.

    Args:
        case: A name in ``CASES``.
        network: ``"exact"`` or ``"plain"``.
        seed: Of the weights and of the points.
        points: Points of a step; by default as many as the case says.
    """
    chosen = CASES[case]
    model = chosen.model(network, seed, points)
    return model, lambda: chosen.error(model.net)
