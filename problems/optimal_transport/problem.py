r"""Dynamical optimal transport between two densities.

.. math:: W_2^2(\rho_0, \rho_1) = \min_{\rho, u} \int_0^1\!\!\int \rho\,|u|^2 \,dx\,dt

over all flows with :math:`\partial_t\rho + \nabla\cdot(\rho u) = 0` from
:math:`\rho(\cdot, 0) = \rho_0` to :math:`\rho(\cdot, 1) = \rho_1`. Networks with exact
continuity minimize kinetic energy plus distances at both ends
(``_transport_objective``); what it costs to move their particles from the start to the
end estimates :math:`W_2^2`. A case is a pair of densities by name
(``_transport_targets``), or two files of samples (``--data SOURCE --data TARGET``).

Metrics, each by case: cost of the map, its relative difference from that of exact plans
between samples, and from the limit of infinitely many of them; distance from the image
of the map to the target; mean square error of the density at both ends; kinetic energy
of the flow; continuity residual; error of the mass.

Sources: J. Richter-Powell et al., Neural Conservation Laws (NeurIPS 2022), section 7,
https://arxiv.org/abs/2210.01741; F. Arend Torres et al., Lagrangian Flow Networks (ICLR
2024), section 5.2 and appendix A.5, https://arxiv.org/abs/2305.16846. Preset ``paper``
has the sizes, terms, weights and rates of both; put right are the weights of the
importance sampling, the pairing of start and end points, the exponential integral, and
that mass is 1 at all times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ncl_deepxde.evaluation.metrics import Solution
from ncl_deepxde.runs import DataProblem, Experiment, Figure, Preset
from ncl_deepxde.runs.cells import merge

from . import reference as _transport_reference
from . import results as _transport_results
from .densities.targets import GaussianMixture, from_samples, load_samples, pair
from .measures import measure_cost, measure_flow
from .models import MODELS, build_model
from .own import own_case
from .presets import PRESETS, only_case
from .solutions import Flow

__all__ = [
    "PROBLEM",
    "GaussianMixture",
    "OptimalTransport",
    "from_samples",
    "load_samples",
    "pair",
]

Pair = tuple[GaussianMixture, GaussianMixture]


class OptimalTransport(DataProblem):
    """The problem as the command line sees it."""

    name = "optimal-transport"
    summary = "Dynamical optimal transport between two densities"
    models = MODELS

    def __init__(
        self,
        presets: Mapping[str, Preset] = PRESETS,
        pairs: Mapping[str, Pair] | None = None,
    ) -> None:
        self.presets, self.pairs = presets, pairs or {}

    def with_data(self, files: Sequence[Path]) -> OptimalTransport:
        """Return the problem with a user's own samples as its only case.

        Args:
            files: Of the source and of the target, npy or csv.

        Raises:
            ValueError: Not two files, or they hold no samples that it can take.
        """
        case, ends = own_case(files)
        return OptimalTransport(only_case(case, ends[0].dim), {case: ends})

    def _pair(self, case: str) -> Pair:
        return self.pairs.get(case) or pair(case)

    def build(self, model: str, settings: Mapping[str, Any], seed: int) -> Experiment:
        """Return a fresh model with its stages of training.

        Args:
            model: A key of ``models``.
            settings: Of a case of a preset.
            seed: Of the points.
        """
        own = merge(settings, settings.get(model, {}))
        found = build_model(model, self._pair(settings["case"]), own, seed)
        return replace(found, settings=settings)

    def compute_reference(self, settings: Mapping[str, Any], path: Path) -> None:
        """Write costs of discrete transport between samples, for all cases."""
        pairs = {case: self._pair(case) for case in settings["cases"]}
        _transport_reference.compute(pairs, settings["reference"], path)

    def load_reference(self, path: Path) -> Any:
        """Return the references by case."""
        return _transport_reference.load(path)

    def describe_reference(self, path: Path) -> dict[str, Any]:
        """Return how the reference was computed, and its costs."""
        return _transport_reference.describe(path)

    def measure(self, experiment: Experiment, reference: Any) -> dict[str, Any]:
        """Return all metrics of a case, each by the name of the case."""
        settings: Mapping[str, Any] = experiment.settings
        case, own = settings["case"], settings["evaluation"]
        solution: Any = experiment.solution
        found = measure_cost(solution, reference[case], own)
        if isinstance(solution, Flow):
            found |= measure_flow(solution, reference[case].pair, own)
        return {key: {case: value} for key, value in found.items()}

    def draw(
        self,
        directory: Path,
        solutions: Mapping[str, Solution],
        metrics: Mapping[str, Any],
    ) -> list[Figure]:
        """Draw costs, densities, particles, velocities, convergence."""
        settings = self.presets[metrics["preset"]].settings
        return _transport_results.draw(directory, solutions, metrics, settings)

    def summarize(self, metrics: Mapping[str, Any]) -> str:
        """Return what the run shows, in numbers."""
        return _transport_results.summarize(metrics)


PROBLEM = OptimalTransport()
