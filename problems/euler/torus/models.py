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

from ..equations import (
    Model,
    Settings,
    columns,
    flow_residuals,
    hidden,
    initializer,
    started,
)
from . import initial_state
from .initial_state import MEAN_DENSITY

__all__ = ["MODELS", "build_model", "periodic_features", "window_edges"]

MODELS = {
    "pinn": "plain network, all equations as residuals",
    "pinn-hard": "plain network, hard initial state",
    "ncl-matrix": "exact continuity, matrix construction",
    "ncl-vector": "exact continuity, vector construction",
    "ncl-hard": "exact continuity, hard initial density",
    "ncl-tensor": "exact mass, momentum and incompressibility",
}


def build_model(name: str, own: Settings) -> Model:
    """Return a fresh model.

    Args:
        name: A key of ``MODELS``.
        own: Settings of a preset, with those of the model.
    """
    if name == "ncl-tensor":
        left = [(f"closure {i}", "closure") for i in range(1, 5)]
        net = _tensor(own)
        return Model(net, closure_residuals, left, 3, pressure)
    equations = [
        ("momentum x", "momentum"),
        ("momentum y", "momentum"),
        ("incompressibility", "incompressibility"),
    ]
    flow = partial(flow_residuals, per_volume=own["per_volume"])
    if name.startswith("pinn"):
        equations.append(("continuity", "continuity"))
        flow = partial(flow, with_continuity=True)
    num_initial = 0 if name.endswith("hard") else 3
    return Model(NETWORKS[name](own), flow, equations, num_initial)


def _hard(own: Settings) -> Any:
    """Return windows in time, each the hard start of the next."""
    state = InitialState(
        start_density,
        start_momentum,
        ramp=own["ramp"],
        potential=FourierPotential(start_density, [1.0, 1.0]),
    )
    first = _ncl(own, initial=state)
    return _in_windows(own, first, lambda earlier: _ncl(own, initial=earlier))


def _in_windows(
    own: Settings, first: Any, following: Callable[[Continuation], Any]
) -> Any:
    """Return a network, or as many windows as asked for, each going on from another."""
    nets = [first]
    seams = [own["t_end"] * k / own["windows"] for k in range(1, own["windows"])]
    for seam in seams:
        nets.append(following(Continuation(nets[-1], seam, own["ramp"], "flux")))
    return Windows(nets, seams, output="flux", dim=2) if seams else first


def window_edges(own: Settings, net: Any) -> list[float]:
    """Return the times at which the windows of a network begin and end."""
    seams = net.seams if isinstance(net, Windows) else ()
    return [0.0, *seams, own["t_end"]]


def _ncl(own: Settings, **arguments: Any) -> NCL:
    return started(
        NCL(
            [3, *hidden(own), 4],
            own["activation"],
            initializer(own),
            scale=own.get("potential_scale"),
            periods=1.0,
            harmonics=own["harmonics"],
            **arguments,
        ),
        own,
    )


def _tensor(own: Settings) -> MomentumNCL:
    return started(
        MomentumNCL(
            [3, *hidden(own), 8],
            own["activation"],
            initializer(own),
            periods=1.0,
            harmonics=own["harmonics"],
            mean_density=MEAN_DENSITY,
        ),
        own,
    )


def _plain(own: Settings) -> dde.nn.FNN:
    harmonics = own["harmonics"]
    sizes = [4 * harmonics + 1, *hidden(own), 4]
    net = dde.nn.FNN(sizes, own["activation"], initializer(own))
    net.apply_feature_transform(periodic_features(harmonics))
    return started(net, own)


def _plain_hard(own: Settings) -> Any:
    """Return windows in time like those of ``ncl-hard``."""
    first = _plain(own)
    first.apply_output_transform(partial(_from_state, ramp=own["ramp"]))

    def following(earlier: Continuation) -> dde.nn.FNN:
        net = _plain(own)
        net.apply_output_transform(partial(_from_earlier, earlier))
        return net

    return _in_windows(own, first, following)


def _from_state(inputs: Tensor, outputs: Tensor, *, ramp: float) -> Tensor:
    r"""Let the initial state fade, :math:`e^{-t/\tau} y_0 + (1 - e^{-t/\tau}) N`.

    Velocities for :math:`y`: with momenta the training gets stuck.
    """
    x, decay = inputs[:, :2], torch.exp(-inputs[:, 2:] / ramp)
    start = torch.cat([start_density(x), initial_state.velocity(x.T, torch).T], dim=1)
    own, p = outputs.tensor_split([3], dim=1)
    rho, u = (decay * start + (1 - decay) * own).tensor_split([1], dim=1)
    return torch.cat([rho, rho * u, p], dim=1)


def _from_earlier(earlier: Continuation, inputs: Tensor, outputs: Tensor) -> Tensor:
    """Return an earlier window's state plus what vanishes at the seam."""
    flow, p = outputs.tensor_split([3], dim=1)
    moved = earlier.factor(inputs[:, 2:]) * flow
    return earlier(inputs) + torch.cat([moved, p], dim=1)


NETWORKS: Mapping[str, Callable[[Settings], Any]] = {
    "pinn": _plain,
    "pinn-hard": _plain_hard,
    "ncl-matrix": partial(_ncl, construction="matrix", mean_density=MEAN_DENSITY),
    "ncl-vector": partial(_ncl, construction="vector", mean_density=MEAN_DENSITY),
    "ncl-hard": _hard,
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
