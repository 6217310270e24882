r"""Variable-density incompressible Euler flow on the torus.

Equation, on :math:`[0, 1)^2` with periodic sides, :math:`t \in [0, 1/3]`:

.. math::
    \partial_t\rho + \nabla\cdot(\rho u) = 0, \qquad
    \rho(\partial_t u + u\cdot\nabla u) + \nabla p = 0, \qquad
    \nabla\cdot u = 0 .

Initial state: :math:`\rho_0 = 1 + (\sin 2\pi x + \sin 2\pi y)^2`,
:math:`u_0 = (e^{\sin 2\pi y}, e^{\sin 2\pi x}/2)`. The paper prints cosines in place of
the sines: the same flow, shifted by a quarter period in x and y.

The residuals carry no division by the density (``ncl_deepxde.operators``); all models
share them, and only the plain network needs the one of continuity. Reference: finite
elements (``reference_fem.torus``).

Source: J. Richter-Powell, Y. Lipman, R. T. Q. Chen, Neural Conservation Laws (NeurIPS
2022), section 5.3, https://arxiv.org/abs/2210.01741. Preset ``paper`` has the sizes,
weights and learning rates of the released code, with the residuals put right.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import deepxde as dde
import torch
from torch import Tensor

from ncl_deepxde.data import Collocation, Condition, initial_slice, uniform_box
from ncl_deepxde.evaluation import NetworkSolution
from ncl_deepxde.metrics import Solution
from ncl_deepxde.nn import NCL
from ncl_deepxde.operators import Flow, continuity, incompressibility, momentum
from ncl_deepxde.problem import Experiment, Figure
from problems import _torus_reference, _torus_results
from problems._euler_torus_presets import PRESETS, T_END
from problems._euler_torus_stages import stage
from reference_fem.initial_states import (
    MEAN_DENSITY,
    euler_torus_density,
    euler_torus_velocity,
)

__all__ = ["PROBLEM", "EulerTorus"]

MODELS = {
    "pinn": "plain network, all equations as residuals",
    "ncl-matrix": "exact continuity, matrix construction",
    "ncl-vector": "exact continuity, vector construction",
}


# DeepXDE has no such initializer for PyTorch: variance 1 / fan-in, as in the paper.
INITIALIZERS = {
    "LeCun normal": partial(torch.nn.init.kaiming_normal_, nonlinearity="linear")
}


class EulerTorus:
    """The problem as the command line sees it."""

    name = "euler-torus"
    summary = "Variable-density incompressible Euler flow on the torus, against FEM"
    models = MODELS
    presets = PRESETS

    def build(self, model: str, settings: Mapping[str, Any], seed: int) -> Experiment:
        """Return a fresh model with its stages of training.

        Args:
            model: A key of ``models``.
            settings: Of a preset.
            seed: Of the points.
        """
        own = {**settings, **settings.get(model, {})}
        net = _network(model, own)
        names = ["momentum x", "momentum y", "incompressibility"]
        weights = [own["momentum"]] * 2 + [own["incompressibility"]]
        if model == "pinn":
            names, weights = [*names, "continuity"], [*weights, own["continuity"]]
        weights += [own["initial"]] * 3
        data = Collocation(
            residuals_with_continuity if model == "pinn" else residuals,
            uniform_box([0, 0, 0], [1, 1, own["t_end"]]),
            own["num_domain"],
            [
                Condition(
                    "initial",
                    initial_slice(uniform_box([0, 0], [1, 1])),
                    own["num_initial"],
                    initial_residuals,
                    has_derivatives=False,
                )
            ],
            names=names,
            seed=seed,
        )
        stages = [stage(name, own[name], weights) for name in own["stages"]]
        return Experiment(dde.Model(data, net), stages, NetworkSolution(net))

    def compute_reference(self, settings: Mapping[str, Any], path: Path) -> None:
        """Solve by finite elements, or spectrally where dolfinx is missing."""
        _torus_reference.compute(settings, path)

    def load_reference(self, path: Path) -> Solution:
        """Return the reference in a file."""
        return _torus_reference.load(path)

    def describe_reference(self, path: Path) -> dict[str, Any]:
        """Return the settings and the conservation of a reference."""
        return _torus_reference.describe(path)

    def measure(self, experiment: Experiment, reference: Solution) -> dict[str, Any]:
        """Return errors over time, the continuity residual and the drift of mass."""
        net = experiment.model.net
        return _torus_results.measure(experiment.solution, net, reference, T_END)

    def draw(
        self,
        directory: Path,
        solutions: Mapping[str, Solution],
        metrics: Mapping[str, Any],
    ) -> list[Figure]:
        """Draw density, velocity, errors, losses, animation; write ParaView files."""
        return _torus_results.draw(directory, solutions, metrics, T_END)

    def summarize(self, metrics: Mapping[str, Any]) -> str:
        """Return what the run shows, in numbers."""
        return _torus_results.summarize(metrics)


def residuals(inputs: Tensor, outputs: Tensor) -> list[Tensor]:
    """Return momentum (two components) and incompressibility, each (N, 1)."""
    flow = Flow.of(inputs, outputs)
    return [*_columns(momentum(flow)), incompressibility(flow)]


def residuals_with_continuity(inputs: Tensor, outputs: Tensor) -> list[Tensor]:
    """Return momentum, incompressibility and continuity, each (N, 1)."""
    flow = Flow.of(inputs, outputs)
    return [*_columns(momentum(flow)), incompressibility(flow), continuity(flow)]


def initial_residuals(inputs: Tensor, outputs: Tensor) -> list[Tensor]:
    r"""Return :math:`\rho - \rho_0` and :math:`m - \rho_0 u_0`, each (N, 1)."""
    x = inputs[:, :2].T
    rho = euler_torus_density(x, torch)[:, None]
    m = rho * euler_torus_velocity(x, torch).T
    return _columns(outputs[:, :3] - torch.cat([rho, m], dim=1))


def _columns(vectors: Tensor) -> list[Tensor]:
    return list(torch.split(vectors, 1, dim=1))


def periodic_features(harmonics: int) -> Callable[[Tensor], Tensor]:
    """Return the embedding (x, y, t) -> (cos, sin of x and y, t) for plain networks."""
    k = 2 * math.pi * torch.arange(1, harmonics + 1, dtype=dde.config.real(torch))

    def features(inputs: Tensor) -> Tensor:
        angles = (inputs[:, :2, None] * k).flatten(1)
        return torch.cat([angles.cos(), angles.sin(), inputs[:, 2:]], dim=1)

    return features


def _network(model: str, own: Mapping[str, Any]) -> Any:
    hidden, harmonics = [own["width"]] * own["depth"], own["harmonics"]
    initializer = INITIALIZERS.get(own["initializer"], own["initializer"])
    if model == "pinn":
        net = dde.nn.FNN(
            [4 * harmonics + 1, *hidden, 4], own["activation"], initializer
        )
        net.apply_feature_transform(periodic_features(harmonics))
    else:
        net = NCL(
            [3, *hidden, 4],
            own["activation"],
            initializer,
            construction=model.removeprefix("ncl-"),
            periods=1.0,
            harmonics=harmonics,
            scale=own.get("potential_scale"),
            mean_density=MEAN_DENSITY,
        )
    with torch.no_grad():
        for parameter in net.parameters():
            parameter *= own["scale"]
    return net


PROBLEM = EulerTorus()
