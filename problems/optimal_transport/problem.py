r"""Dynamical optimal transport between two densities.

.. math:: W_2^2(\rho_0, \rho_1) = \min_{\rho, u} \int_0^1\!\!\int \rho\,|u|^2 \,dx\,dt

over all flows with :math:`\partial_t\rho + \nabla\cdot(\rho u) = 0` from
:math:`\rho(\cdot, 0) = \rho_0` to :math:`\rho(\cdot, 1) = \rho_1`. Networks with exact
continuity minimize the kinetic energy plus distances at both ends (``objective``). The
cost of moving their particles from the start to the end estimates :math:`W_2^2`. A case
is a pair of densities by name (``densities``), or two files of samples
(``--data SOURCE --data TARGET``).

Metrics, each by case: the cost of the map, its relative difference from that of exact
plans between samples, and from their limit for infinitely many samples; the distance
from the image of the map to the target; the mean square error of the density at both
ends; the kinetic energy of the flow; the residual of continuity; the error of the mass.

References:
    J. Richter-Powell et al., Neural Conservation Laws (NeurIPS 2022), section 7,
    https://arxiv.org/abs/2210.01741; F. Arend Torres et al., Lagrangian Flow Networks
    (ICLR 2024), section 5.2 and appendix A.5, https://arxiv.org/abs/2305.16846. The
    preset ``paper`` has the sizes, terms, weights and rates of both. Corrected are the
    weights of the importance sampling, the pairing of start and end points, the
    exponential integral, and the mass, which is 1 at all times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ncl_deepxde.evaluation.metrics import Solution
from ncl_deepxde.runs import DataProblem, Experiment, Figure, Preset

from . import reference, results
from .colors import COLORS
from .densities import DensityPair, pair
from .measures import ROWS, measure
from .models import MODELS, build_model
from .presets import PRESETS, only_case
from .settings import ReferenceSamples, TransportSettings
from .user_case import user_case

__all__ = ["PROBLEM", "OptimalTransport"]


class OptimalTransport(DataProblem[TransportSettings]):
    """The problem as the command line sees it.

    Args:
        presets: Presets by name.
        pairs: Densities of cases whose name does not tell them.
    """

    name = "optimal-transport"
    summary = "Dynamical optimal transport between two densities"
    models = MODELS
    rows = ROWS
    colors = COLORS

    def __init__(
        self,
        presets: Mapping[str, Preset] = PRESETS,
        pairs: Mapping[str, DensityPair] = MappingProxyType({}),
    ) -> None:
        self.presets, self.pairs = presets, pairs

    def with_data(self, files: Sequence[Path]) -> OptimalTransport:
        """Pose the problem with samples of a user as its only case.

        Args:
            files: Samples at the start and at the end, npy or csv.

        Raises:
            ValueError: There are not two files, or they hold no samples it can take.
        """
        case, ends = user_case(files)
        return OptimalTransport(only_case(case, ends[0].dim), {case: ends})

    def _pair(self, case: str) -> DensityPair:
        return self.pairs[case] if case in self.pairs else pair(case)

    def build(
        self, model: str, settings: TransportSettings, seed: int
    ) -> Experiment[TransportSettings]:
        """Build a fresh model with its stages of training."""
        return build_model(self._pair(settings.case), settings, seed)

    def compute_reference(self, preset: Preset, path: Path) -> None:
        """Write costs of discrete transport between samples, for all cases."""
        pairs = {case: self._pair(case) for case in preset.cases}
        samples: ReferenceSamples = preset.settings().reference
        reference.compute(pairs, samples, path)

    def load_reference(self, path: Path) -> Any:
        """Read the references, by case."""
        return reference.load(path)

    def describe_reference(self, path: Path) -> dict[str, Any]:
        """Tell how the reference was computed, and its costs."""
        return reference.describe(path)

    def measure(
        self, experiment: Experiment[TransportSettings], reference: Any
    ) -> dict[str, Any]:
        """Measure a case; each metric is by the name of the case."""
        settings = experiment.settings
        solution: Any = experiment.solution
        found = measure(solution, reference[settings.case], settings.evaluation)
        return {key: {settings.case: value} for key, value in found.items()}

    def draw(
        self,
        directory: Path,
        solutions: Mapping[str, Solution],
        metrics: Mapping[str, Any],
    ) -> list[Figure]:
        """Draw costs, densities, particles, velocities, convergence."""
        preset = self.presets[metrics["preset"]]
        return results.draw(directory, solutions, metrics, preset)

    def summarize(self, metrics: Mapping[str, Any]) -> str:
        """Say what the run shows, in numbers."""
        return results.summarize(metrics)


PROBLEM = OptimalTransport()
