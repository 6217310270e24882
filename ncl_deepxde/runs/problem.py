"""What a problem offers to the command line: models, presets, reference, metrics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, TypeVar

import deepxde as dde

from ..evaluation.metrics import Solution
from ..evaluation.rows import MetricRow
from .settings import Preset, Settings
from .stage_loop import Stage

__all__ = ["DataProblem", "Experiment", "Figure", "Problem"]

Figure = tuple[str, str]
S = TypeVar("S", bound=Settings)


@dataclass(frozen=True)
class Experiment(Generic[S]):
    """A model of a problem, ready to be trained.

    Attributes:
        model: The model.
        stages: Stages of its training.
        solution: What its network says, at any time.
        settings: Settings it was built from.
        evaluate: Errors by name while it is trained, for the log.
    """

    model: dde.Model
    stages: Sequence[Stage]
    solution: Solution
    settings: S
    evaluate: Callable[[], Mapping[str, float]] | None = None


class Problem(ABC, Generic[S]):
    """One experiment with several models and one reference.

    Attributes:
        name: The name on the command line.
        summary: One line.
        models: Names with one line each.
        presets: Presets by name; ``"quick"`` runs in minutes on two cores.
        rows: How its metrics are shown, in the order of the tables; those of the
            training itself follow.
        colors: Colors of models in figures; others have a spare one each.
        has_parallel_reference: Whether its reference is computed by as many processes
            as the environment says in ``REFERENCE_PROCESSES``.
    """

    name: str
    summary: str
    models: Mapping[str, str]
    presets: Mapping[str, Preset]
    rows: Sequence[MetricRow] = ()
    colors: Mapping[str, str] = MappingProxyType({})
    has_parallel_reference: bool = False

    @abstractmethod
    def build(self, model: str, settings: S, seed: int) -> Experiment[S]:
        """Build a fresh model; called after the seed and the device are set.

        Args:
            model: A key of ``models``.
            settings: What the preset says of this model in this case.
            seed: Seed of the points.
        """

    @abstractmethod
    def compute_reference(self, preset: Preset, path: Path) -> None:
        """Solve the reference problem and write it to a file.

        Args:
            preset: What decides the reference.
            path: The npz file to write.
        """

    @abstractmethod
    def load_reference(self, path: Path) -> Solution:
        """Read the reference from a file."""

    @abstractmethod
    def measure(self, experiment: Experiment[S], reference: Solution) -> dict[str, Any]:
        """Measure a trained model.

        The keys of several cases must differ, as in ``"r2_2d"``: those of all cases
        end up in one mapping.
        """

    def describe_reference(self, path: Path) -> dict[str, Any]:
        """Tell the settings and the quality of a reference, for the metrics."""
        return {}

    def agreement(
        self, solutions: Mapping[str, Solution], reference: Solution
    ) -> dict[str, dict[str, dict[str, float]]]:
        """Measure how far the models are from each other, to judge the reference.

        Args:
            solutions: What was trained with the first seed, by model.
            reference: What they are compared with.

        Returns:
            By ``"FIRST and SECOND"``, field and time, in the same units as their
            ``standardized_l2`` against the reference.
        """
        return {}

    def draw(
        self,
        directory: Path,
        solutions: Mapping[str, Solution],
        metrics: Mapping[str, Any],
    ) -> list[Figure]:
        """Draw all figures, write the fields; return file names and captions.

        Args:
            directory: Directory of the run.
            solutions: What was trained with the first seed, by model, or by
                ``"MODEL-CASE"`` where the preset has cases; and ``"reference"``.
            metrics: Content of ``metrics.json``.
        """
        return []

    def summarize(self, metrics: Mapping[str, Any]) -> str:
        """Say what the run shows, in a few sentences for the report."""
        return ""


class DataProblem(Problem[S]):
    """A problem that takes measurements from files."""

    @abstractmethod
    def with_data(self, files: Sequence[Path]) -> Problem[S]:
        """Pose the problem of these files.

        Args:
            files: Files or folders that exist.

        Raises:
            ValueError: They cannot be used.
        """
