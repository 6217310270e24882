"""A run that survives: problem, training, checkpoints, log."""

from .discovery import available, find
from .problem import DataProblem, Experiment, Figure, Problem
from .settings import (
    Count,
    NonNegative,
    Positive,
    Preset,
    Presets,
    Settings,
    checked,
    merge,
)
from .stage_loop import NonFiniteLoss, Stage
from .training import TrainingResult, train

__all__ = [
    "Count",
    "DataProblem",
    "Experiment",
    "Figure",
    "NonFiniteLoss",
    "NonNegative",
    "Positive",
    "Preset",
    "Presets",
    "Problem",
    "Settings",
    "Stage",
    "TrainingResult",
    "available",
    "checked",
    "find",
    "merge",
    "train",
]
