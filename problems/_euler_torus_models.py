"""The networks of the Euler torus, each with what is left of the equations to train."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
from ncl_deepxde.operators import (
    Flow,
    closure,
    continuity,
    incompressibility,
    momentum,
    pressure,
)
from reference_fem.initial_states import (
    MEAN_DENSITY,
    euler_torus_density,
    euler_torus_velocity,
)

__all__ = ["MODELS", "Model", "build_model", "periodic_features", "window_edges"]

Residual = Callable[[Tensor, Tensor], list[Tensor]]
Settings = Mapping[str, Any]

MODELS = {
    "pinn": "plain network, all equations as residuals",
    "pinn-hard": "plain network, hard initial state",
    "ncl-matrix": "exact continuity, matrix construction",
    "ncl-vector": "exact continuity, vector construction",
    "ncl-hard": "exact continuity, hard initial density",
    "ncl-tensor": "exact mass, momentum and incompressibility",
}

LEAST_DENSITY = 0.3

# DeepXDE has no such initializer for PyTorch: variance 1 / fan-in, as in the paper.
INITIALIZERS = {
    "LeCun normal": partial(torch.nn.init.kaiming_normal_, nonlinearity="linear")
}


@dataclass(frozen=True)
class Model:
    """A network and its residuals.

    Attributes:
        net: The network.
        residuals: Of the equations, at points of space-time.
        terms: Name of each residual and the setting that holds its weight.
        num_initial: Number of defects of an initial state that is not built in.
        pressure: Pressure from the outputs; their last column by default.
    """

    net: Any
    residuals: Residual
    terms: list[tuple[str, str]]
    num_initial: int
    pressure: Callable[[Tensor], Tensor] | None = None


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
        nets.append(following(Continuation(nets[-1], seam, own["ramp"])))
    return Windows(nets, seams) if seams else first


def window_edges(own: Settings, net: Any) -> list[float]:
    """Return the times at which the windows of a network begin and end."""
    seams = net.seams if isinstance(net, Windows) else ()
    return [0.0, *seams, own["t_end"]]


def _ncl(own: Settings, **arguments: Any) -> NCL:
    return _started(
        NCL(
            [3, *_hidden(own), 4],
            own["activation"],
            _initializer(own),
            scale=own.get("potential_scale"),
            periods=1.0,
            harmonics=own["harmonics"],
            **arguments,
        ),
        own,
    )


def _tensor(own: Settings) -> MomentumNCL:
    return _started(
        MomentumNCL(
            [3, *_hidden(own), 8],
            own["activation"],
            _initializer(own),
            periods=1.0,
            harmonics=own["harmonics"],
            mean_density=MEAN_DENSITY,
        ),
        own,
    )


def _plain(own: Settings) -> dde.nn.FNN:
    harmonics = own["harmonics"]
    sizes = [4 * harmonics + 1, *_hidden(own), 4]
    net = dde.nn.FNN(sizes, own["activation"], _initializer(own))
    net.apply_feature_transform(periodic_features(harmonics))
    return _started(net, own)


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
    start = torch.cat([start_density(x), euler_torus_velocity(x.T, torch).T], dim=1)
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


def _hidden(own: Settings) -> list[int]:
    return [own["width"]] * own["depth"]


def _initializer(own: Settings) -> Any:
    return INITIALIZERS.get(own["initializer"], own["initializer"])


def _started[Net: torch.nn.Module](net: Net, own: Settings) -> Net:
    """Scale the initial weights, as the paper does."""
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(own["scale"])
    return net


def periodic_features(harmonics: int) -> Callable[[Tensor], Tensor]:
    """Return the embedding (x, y, t) -> (cos, sin of x and y, t) for plain networks."""
    k = 2 * math.pi * torch.arange(1, harmonics + 1, dtype=dde.config.real(torch))

    def features(inputs: Tensor) -> Tensor:
        angles = (inputs[:, :2, None] * k).flatten(1)
        return torch.cat([angles.cos(), angles.sin(), inputs[:, 2:]], dim=1)

    return features


def flow_residuals(
    inputs: Tensor, outputs: Tensor, *, per_volume: bool, with_continuity: bool = False
) -> list[Tensor]:
    r"""Return momentum (two components), incompressibility, continuity, each (N, 1).

    Args:
        inputs: Shape (N, 3).
        outputs: Shape (N, 4).
        per_volume: Whether to divide the force by :math:`\rho^2` and incompressibility
            by :math:`\rho`: light and heavy fluid then count alike. The density is a
            constant weight here, at least ``LEAST_DENSITY``.
        with_continuity: Whether the network needs the residual of continuity.
    """
    flow = Flow.of(inputs, outputs)
    rho = flow.rho.detach().clamp(min=LEAST_DENSITY) if per_volume else 1.0
    found = [*_columns(momentum(flow) / rho**2), incompressibility(flow) / rho]
    return [*found, continuity(flow)] if with_continuity else found


def closure_residuals(inputs: Tensor, outputs: Tensor) -> list[Tensor]:
    """Return the algebra that mass-momentum tensor and velocity must obey, (N, 1)."""
    return _columns(closure(outputs))


def start_density(x: Tensor) -> Tensor:
    r"""Return :math:`\rho_0`, (N, 1), at points (N, 2)."""
    rho: Tensor = euler_torus_density(x.T, torch)[:, None]
    return rho


def start_momentum(x: Tensor) -> Tensor:
    r"""Return :math:`\rho_0 u_0`, (N, 2), at points (N, 2)."""
    u: Tensor = euler_torus_velocity(x.T, torch).T
    return start_density(x) * u


def initial_residuals(inputs: Tensor, outputs: Tensor) -> list[Tensor]:
    r"""Return :math:`\rho - \rho_0` and :math:`m - \rho_0 u_0`, each (N, 1)."""
    x = inputs[:, :2]
    start = torch.cat([start_density(x), start_momentum(x)], dim=1)
    return _columns(outputs[:, :3] - start)


def _columns(vectors: Tensor) -> list[Tensor]:
    return list(torch.split(vectors, 1, dim=1))
