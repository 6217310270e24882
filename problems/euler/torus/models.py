"""The networks of the Euler torus, each with what is left of the equations to train."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import deepxde as dde
import torch
from torch import Tensor

from ncl_deepxde.nn import (
    NCL,
    Continuation,
    FourierPotential,
    InitialState,
    MomentumNCL,
    Windows,
)
from ncl_deepxde.operators import closure, pressure

from ..equations import Formulation, columns, flow_residuals
from ..weights import initializer, scaled
from . import initial_state
from .initial_state import MEAN_DENSITY
from .settings import ExactSettings, PlainSettings, TorusModel

__all__ = [
    "MODELS",
    "build_formulation",
    "closure_residuals",
    "initial_residuals",
    "periodic_features",
    "window_edges",
]

MODELS = {
    "pinn": "plain network, all equations as residuals",
    "pinn-hard": "plain network, hard initial state",
    "ncl-matrix": "exact continuity, matrix construction",
    "ncl-vector": "exact continuity, vector construction",
    "ncl-hard": "exact continuity, hard initial density",
    "ncl-tensor": "exact mass, momentum and incompressibility",
}


def build_formulation(name: str, settings: TorusModel) -> Formulation:
    """Build a fresh network with the residuals that are left to train.

    Args:
        name: A key of ``MODELS``.
        settings: What the preset says of the model.
    """
    net = NETWORKS[name](settings)
    if name == "ncl-tensor":
        weights = {f"closure {i}": settings.closure for i in range(1, 5)}
        return Formulation(net, closure_residuals, weights, 3, pressure)
    weights = {
        "momentum x": settings.momentum,
        "momentum y": settings.momentum,
        "incompressibility": settings.incompressibility,
    }
    if isinstance(settings, PlainSettings):
        weights["continuity"] = settings.continuity
    residuals = partial(
        flow_residuals,
        per_volume=settings.per_volume,
        with_continuity="continuity" in weights,
    )
    num_initial = 0 if name.endswith("hard") else 3
    return Formulation(net, residuals, weights, num_initial)


def _hard(settings: ExactSettings) -> Any:
    """Build windows in time, each the hard start of the next."""
    state = InitialState(
        start_density,
        start_momentum,
        ramp=settings.ramp,
        potential=FourierPotential(start_density, [1.0, 1.0]),
    )
    first = _ncl(settings, initial=state)
    return _in_windows(settings, first, lambda earlier: _ncl(settings, initial=earlier))


def _in_windows(
    settings: TorusModel, first: Any, following: Callable[[Continuation], Any]
) -> Any:
    """Build a network, or as many windows as asked for, each going on from another."""
    nets = [first]
    number = settings.windows
    seams = [settings.t_end * k / number for k in range(1, number)]
    for seam in seams:
        nets.append(following(Continuation(nets[-1], seam, settings.ramp, "flux")))
    return Windows(nets, seams, output="flux", dim=2) if seams else first


def window_edges(t_end: float, net: Any) -> list[float]:
    """Return the times at which the windows of a network begin and end."""
    seams = net.seams if isinstance(net, Windows) else ()
    return [0.0, *seams, t_end]


def _ncl(settings: ExactSettings, **arguments: Any) -> NCL:
    net = NCL(
        [3, *settings.hidden, 4],
        settings.activation,
        initializer(settings.initializer),
        scale=settings.potential_scale,
        periods=1.0,
        harmonics=settings.harmonics,
        **arguments,
    )
    return scaled(net, settings.scale)


def _tensor(settings: ExactSettings) -> MomentumNCL:
    net = MomentumNCL(
        [3, *settings.hidden, 8],
        settings.activation,
        initializer(settings.initializer),
        periods=1.0,
        harmonics=settings.harmonics,
        mean_density=MEAN_DENSITY,
    )
    return scaled(net, settings.scale)


def _plain(settings: PlainSettings) -> dde.nn.FNN:
    harmonics = settings.harmonics
    sizes = [4 * harmonics + 1, *settings.hidden, 4]
    net = dde.nn.FNN(sizes, settings.activation, initializer(settings.initializer))
    net.apply_feature_transform(periodic_features(harmonics))
    return scaled(net, settings.scale)


def _plain_hard(settings: PlainSettings) -> Any:
    """Build windows in time like those of ``ncl-hard``."""
    first = _plain(settings)
    first.apply_output_transform(partial(_from_state, ramp=settings.ramp))

    def following(earlier: Continuation) -> dde.nn.FNN:
        net = _plain(settings)
        net.apply_output_transform(partial(_from_earlier, earlier))
        return net

    return _in_windows(settings, first, following)


def _from_state(inputs: Tensor, outputs: Tensor, *, ramp: float) -> Tensor:
    r"""Let the initial state fade, :math:`e^{-t/\tau} y_0 + (1 - e^{-t/\tau}) N`.

    Velocities for :math:`y`: with momenta the training gets stuck.
    """
    x, decay = inputs[:, :2], torch.exp(-inputs[:, 2:] / ramp)
    start = torch.cat([start_density(x), initial_state.velocity(x.T, torch).T], dim=1)
    free, p = outputs.tensor_split([3], dim=1)
    rho, u = (decay * start + (1 - decay) * free).tensor_split([1], dim=1)
    return torch.cat([rho, rho * u, p], dim=1)


def _from_earlier(earlier: Continuation, inputs: Tensor, outputs: Tensor) -> Tensor:
    """Return an earlier window's state plus what vanishes at the seam."""
    flow, p = outputs.tensor_split([3], dim=1)
    moved = earlier.factor(inputs[:, 2:]) * flow
    return earlier(inputs) + torch.cat([moved, p], dim=1)


NETWORKS: Mapping[str, Callable[[Any], Any]] = {
    "pinn": _plain,
    "pinn-hard": _plain_hard,
    "ncl-matrix": partial(_ncl, construction="matrix", mean_density=MEAN_DENSITY),
    "ncl-vector": partial(_ncl, construction="vector", mean_density=MEAN_DENSITY),
    "ncl-hard": _hard,
    "ncl-tensor": _tensor,
}


def periodic_features(harmonics: int) -> Callable[[Tensor], Tensor]:
    """Return the embedding (x, y, t) -> (cos, sin of x and y, t) for plain networks."""
    k = 2 * math.pi * torch.arange(1, harmonics + 1, dtype=dde.config.real(torch))

    def features(inputs: Tensor) -> Tensor:
        angles = (inputs[:, :2, None] * k).flatten(1)
        return torch.cat([angles.cos(), angles.sin(), inputs[:, 2:]], dim=1)

    return features


def closure_residuals(inputs: Tensor, outputs: Tensor) -> list[Tensor]:
    """Return the algebra that mass-momentum tensor and velocity must obey, (N, 1)."""
    return columns(closure(outputs))


def start_density(x: Tensor) -> Tensor:
    r"""Return :math:`\rho_0`, (N, 1), at points (N, 2)."""
    rho: Tensor = initial_state.density(x.T, torch)[:, None]
    return rho


def start_momentum(x: Tensor) -> Tensor:
    r"""Return :math:`\rho_0 u_0`, (N, 2), at points (N, 2)."""
    u: Tensor = initial_state.velocity(x.T, torch).T
    return start_density(x) * u


def initial_residuals(inputs: Tensor, outputs: Tensor) -> list[Tensor]:
    r"""Return :math:`\rho - \rho_0` and :math:`m - \rho_0 u_0`, each (N, 1)."""
    x = inputs[:, :2]
    start = torch.cat([start_density(x), start_momentum(x)], dim=1)
    return columns(outputs[:, :3] - start)
