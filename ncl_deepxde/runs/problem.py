"""What a problem offers to the command line: models, presets, reference, metrics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import deepxde as dde

from ..evaluation.metrics import Solution
from .stage_loop import Stage

__all__ = [
    "DataProblem",
    "Experiment",
    "Figure",
    "Preset",
    "Presets",
    "Problem",
]

Figure = tuple[str, str]


@dataclass(frozen=True)
class Preset:
    """A named choice of sizes and budgets of a problem.

    Attributes:
        summary: One line for ``ncl-deepxde list``.
        models: Models that run when none is named.
        settings: Everything that decides the result, as JSON values. Where
            ``"cases"`` maps names to settings that differ, every model is trained once
            for each, and where ``"seeds"`` is a number, once for each of so many seeds.
    """

    summary: str
    models: tuple[str, ...]
    settings: Mapping[str, Any]


class Presets(dict[str, Preset]):
    """Presets by name; ``"NAME@CHOICE"`` is the preset NAME with a choice.

    Args:
        choose: Returns a preset with a choice; raises ``ValueError`` for a bad one.
        presets: By name.
    """

    def __init__(
        self, choose: Callable[[Preset, str], Preset], presets: Mapping[str, Preset]
    ) -> None:
        super().__init__(presets)
        self._choose = choose

    def __contains__(self, name: object) -> bool:
        """Whether the name, or what is before the ``@``, is a preset."""
        return super().__contains__(str(name).partition("@")[0])

    def __missing__(self, name: str) -> Preset:
        """Return the preset of a name with a choice."""
        base, has_choice, choice = name.partition("@")
        if not has_choice or base not in self:
            raise KeyError(name)
        return self._choose(self[base], choice)


@dataclass(frozen=True)
class Experiment:
    """A model of a problem, ready to be trained.

    Attributes:
        model: The model.
        stages: Of its training.
        solution: What its network says, at any time.
        settings: Those it was built from, where measuring depends on them.
        evaluate: Errors by name while it is trained, for the log.
    """

    model: dde.Model
    stages: Sequence[Stage]
    solution: Solution
    settings: Mapping[str, Any] = field(default_factory=dict)
    evaluate: Callable[[], Mapping[str, float]] | None = None


class Problem(ABC):
    """One experiment with several models and one reference.

    Attributes:
        name: The name on the command line.
        summary: One line.
        models: Names with one line each.
        presets: Presets by name; ``"quick"`` runs in minutes on two cores.
    """

    name: str
    summary: str
    models: Mapping[str, str]
    presets: Mapping[str, Preset]

    @abstractmethod
    def build(self, model: str, settings: Mapping[str, Any], seed: int) -> Experiment:
        """Return a fresh model; called after the seed and the device are set.

        Args:
            model: A key of ``models``.
            settings: Of a preset; in one of several cases with its changes merged in,
                and its name as ``"case"``.
            seed: Of the points.
        """

    @abstractmethod
    def compute_reference(self, settings: Mapping[str, Any], path: Path) -> None:
        """Solve the reference problem and write it to a file."""

    @abstractmethod
    def load_reference(self, path: Path) -> Solution:
        """Return the reference in a file."""

    @abstractmethod
    def measure(self, experiment: Experiment, reference: Solution) -> dict[str, Any]:
        """Return the metrics of a trained model.

        The keys of several cases must differ, as in ``"r2_2d"``: those of all cases
        end up in one mapping.
        """

    def describe_reference(self, path: Path) -> dict[str, Any]:
        """Return the settings and quality of a reference, for the metrics."""
        return {}

    def draw(
        self,
        directory: Path,
        solutions: Mapping[str, Solution],
        metrics: Mapping[str, Any],
    ) -> list[Figure]:
        """Draw all figures, write the fields; return file names and captions.

        Args:
            directory: Of the run.
            solutions: Trained with the first seed, by model, or by ``"MODEL-CASE"``
                where the preset has cases; and ``"reference"``.
            metrics: Content of ``metrics.json``.
        """
        return []

    def summarize(self, metrics: Mapping[str, Any]) -> str:
        """Return what the run shows, in a few sentences for the report."""
        return ""


class DataProblem(Problem):
    """A problem that takes measurements from files."""

    @abstractmethod
    def with_data(self, files: Sequence[Path]) -> Problem:
        """Return the problem of these files.

        Args:
            files: Files or folders that exist.

        Raises:
            ValueError: They cannot be used.
        """
