"""A run that survives: problem, training, checkpoints, log."""

from .discovery import available, find
from .problem import DataProblem, Experiment, Figure, Preset, Presets, Problem
from .stage_loop import NonFiniteLoss, Stage
from .training import TrainingResult, train

__all__ = [
    "DataProblem",
    "Experiment",
    "Figure",
    "NonFiniteLoss",
    "Preset",
    "Presets",
    "Problem",
    "Stage",
    "TrainingResult",
    "available",
    "find",
    "train",
]
