"""What a problem offers to the command line: models, presets, reference, metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import deepxde as dde

from .metrics import Solution
from .training import Stage

__all__ = [
    "DataProblem",
    "Experiment",
    "Figure",
    "Preset",
    "Presets",
    "Problem",
    "available",
    "find",
]

GROUP = "ncl_deepxde.problems"
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


class Problem(Protocol):
    """One experiment with several models and one reference.

    Attributes:
        name: As on the command line.
        summary: One line.
        models: Names with one line each.
        presets: By name; ``"quick"`` runs in minutes on two cores.
    """

    name: str
    summary: str
    models: Mapping[str, str]
    presets: Mapping[str, Preset]

    def build(self, model: str, settings: Mapping[str, Any], seed: int) -> Experiment:
        """Return a fresh model; called after the seed and the device are set.

        Args:
            model: A key of ``models``.
            settings: Of a preset; in one of several cases with its changes merged in,
                and its name as ``"case"``.
            seed: Of the points.
        """
        ...

    def compute_reference(self, settings: Mapping[str, Any], path: Path) -> None:
        """Solve the reference problem and write it to a file."""
        ...

    def load_reference(self, path: Path) -> Solution:
        """Return the reference in a file."""
        ...

    def describe_reference(self, path: Path) -> dict[str, Any]:
        """Return the settings and quality of a reference, for the metrics."""
        ...

    def measure(self, experiment: Experiment, reference: Solution) -> dict[str, Any]:
        """Return the metrics of a trained model.

        The keys of several cases must differ, as in ``"r2_2d"``: those of all cases
        end up in one mapping.
        """
        ...

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
        ...

    def summarize(self, metrics: Mapping[str, Any]) -> str:
        """Return what the run shows, in a few sentences for the report."""
        ...


@runtime_checkable
class DataProblem(Problem, Protocol):
    """A problem that takes measurements from files."""

    def with_data(self, files: Sequence[Path]) -> Problem:
        """Return the problem of these files.

        Args:
            files: Files or folders that exist.

        Raises:
            ValueError: They cannot be used.
        """
        ...


def available() -> tuple[dict[str, Problem], dict[str, str]]:
    """Return all problems by name, and what those need that cannot be loaded."""
    found: dict[str, Problem] = {}
    missing: dict[str, str] = {}
    for entry in sorted(entry_points(group=GROUP)):
        try:
            found[entry.name] = entry.load()
        except ImportError as error:
            if (error.name or "").split(".")[0] in ("ncl_deepxde", "problems"):
                raise
            missing[entry.name] = str(error)
    return found, missing


def find(name: str) -> Problem:
    """Return the problem of a name.

    Raises:
        ValueError: There is none.
        RuntimeError: It needs something that is not installed.
    """
    names = sorted(e.name for e in entry_points(group=GROUP))
    for entry in entry_points(group=GROUP, name=name):
        try:
            problem: Problem = entry.load()
        except ImportError as error:
            raise RuntimeError(f"PROBLEM: {name} cannot be loaded: {error}") from error
        return problem
    raise ValueError(f"PROBLEM: must be one of {', '.join(names)}, got {name!r}.")
