"""The networks of the Euler ball, each with what is left of the equations to train."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import deepxde as dde
import torch
from torch import Tensor

from ncl_deepxde.nn import NCL, CurlNet, InitialState, Wall

from ..equations import Formulation, columns, flow_residuals
from ..weights import initializer, scaled
from . import initial_state
from .settings import BallSettings

__all__ = [
    "MODELS",
    "build_formulation",
    "initial_residuals",
    "is_hard",
    "wall_residual",
]

MODELS = {
    "pinn": "plain network, all equations as residuals",
    "pinn-hard": "plain network, hard initial state and wall",
    "curl": "exact incompressibility, free density",
    "ncl-vector": "exact continuity, vector construction",
    "ncl-hard": "exact continuity, hard initial state and wall",
}

# Of soft models; what is built in must be compatible with the wall.
STARTS = {
    "compatible": initial_state.velocity,
    "printed": initial_state.printed_velocity,
}

# With div u = 0, incompressibility is continuity times the density.
EXACT = {
    "curl": "incompressibility",
    "ncl-vector": "continuity",
    "ncl-hard": "continuity",
}

ACTIVATIONS = {"sharp softplus": partial(torch.nn.functional.softplus, beta=25.0)}


def build_formulation(name: str, settings: BallSettings) -> Formulation:
    """Build a fresh network with the residuals that are left to train.

    Args:
        name: A key of ``MODELS``.
        settings: What the preset says of the model.
    """
    equations = {
        "momentum x": settings.momentum,
        "momentum y": settings.momentum,
        "momentum z": settings.momentum,
        "incompressibility": settings.incompressibility,
        "continuity": settings.continuity,
    }
    weights = {k: weight for k, weight in equations.items() if k != EXACT.get(name)}

    def residuals(inputs: Tensor, outputs: Tensor) -> list[Tensor]:
        found = flow_residuals(
            inputs, outputs, per_volume=settings.per_volume, with_continuity=True
        )
        named = dict(zip(equations, found, strict=True))
        return [named[k] for k in weights]

    num_initial = 0 if is_hard(name) else 4
    return Formulation(NETWORKS[name](settings), residuals, weights, num_initial)


def is_hard(name: str) -> bool:
    """Whether initial state and wall are built into a model."""
    return name.endswith("hard")


def _plain(settings: BallSettings) -> dde.nn.FNN:
    return scaled(dde.nn.FNN(*_layers(settings)), settings.scale)


def _plain_hard(settings: BallSettings) -> dde.nn.FNN:
    net = _plain(settings)
    net.apply_output_transform(partial(_from_state, ramp=settings.ramp))
    return net


def _from_state(inputs: Tensor, outputs: Tensor, *, ramp: float) -> Tensor:
    r"""Let the initial state fade and turn the velocity along the wall.

    .. math:: \rho = e^{-t/\tau} \rho_0 + (1 - e^{-t/\tau}) N_\rho, \qquad
        u = e^{-t/\tau} u_0 + (1 - e^{-t/\tau}) (1 - x x^T) N_u

    On the sphere the matrix :math:`1 - x x^T` removes the normal component, inside it
    is invertible, so no flow is lost.
    """
    x, decay = inputs[:, :3], torch.exp(-inputs[:, 3:] / ramp)
    free_rho, free_u, p = outputs.tensor_split([1, 4], dim=1)
    free_u = free_u - x * (x * free_u).sum(dim=1, keepdim=True)
    rho = decay * start_density(x) + (1 - decay) * free_rho
    u = decay * initial_state.velocity(x.T, torch).T + (1 - decay) * free_u
    return torch.cat([rho, rho * u, p], dim=1)


def _curl(settings: BallSettings) -> CurlNet:
    net = CurlNet(*_layers(settings), construction=settings.construction)
    return scaled(net, settings.scale)


def _vector(settings: BallSettings) -> NCL:
    net = NCL(
        *_layers(settings), construction="vector", mean_density=settings.mean_density
    )
    return scaled(net, settings.scale)


def _hard(settings: BallSettings) -> NCL:
    state = InitialState(
        start_density,
        velocity=lambda x: initial_state.velocity(x.T, torch).T,
        ramp=settings.ramp,
        potential=fading_potential,
    )
    net = NCL(
        *_layers(settings),
        initial=state,
        wall=Wall(distance_from_wall, wall_points()),
    )
    return scaled(net, settings.scale)


NETWORKS: Mapping[str, Callable[[BallSettings], Any]] = {
    "pinn": _plain,
    "pinn-hard": _plain_hard,
    "curl": _curl,
    "ncl-vector": _vector,
    "ncl-hard": _hard,
}


def _layers(settings: BallSettings) -> tuple[list[int], Any, Any]:
    """Return the sizes of the layers, the activation and the initializer."""
    activation = ACTIVATIONS.get(settings.activation, settings.activation)
    return [4, *settings.hidden, 5], activation, initializer(settings.initializer)


def start_density(x: Tensor) -> Tensor:
    r"""Return :math:`\rho_0`, (N, 1), at points (N, 3)."""
    rho: Tensor = initial_state.density(x.T, torch)[:, None]
    return rho


def fading_potential(x: Tensor) -> Tensor:
    r"""Return :math:`a_0 = x (1 - |x|^2)/5`, (N, 3), at points (N, 3).

    Its divergence is :math:`3/5 - |x|^2 = \rho_0 - \bar\rho`, and it vanishes on the
    wall: :math:`x \int_0^1 (\rho_0(s x) - \bar\rho) s^2 ds` in closed form.
    """
    return x * distance_from_wall(x) / 5


def distance_from_wall(x: Tensor) -> Tensor:
    r"""Return :math:`w = 1 - |x|^2`, (N, 1), at points (N, 3)."""
    return 1 - x.square().sum(dim=1, keepdim=True)


def wall_points() -> Tensor:
    """Return points on the sphere, (98, 3)."""
    cube = torch.cartesian_prod(*[torch.arange(-2.0, 3.0)] * 3)
    x = cube[cube.abs().amax(dim=1) == 2]
    return torch.nn.functional.normalize(x)


def initial_residuals(start: str, inputs: Tensor, outputs: Tensor) -> list[Tensor]:
    r"""Return :math:`\rho - \rho_0` and :math:`m - \rho_0 u_0`, each (N, 1).

    Args:
        start: A key of ``STARTS``.
        inputs: Points of space-time, (N, 4).
        outputs: Columns (rho, m, p), (N, 5).
    """
    x = inputs[:, :3]
    rho = start_density(x)
    momentum = rho * STARTS[start](x.T, torch).T
    return columns(outputs[:, :4] - torch.cat([rho, momentum], dim=1))


def wall_residual(inputs: Tensor, outputs: Tensor) -> list[Tensor]:
    r"""Return :math:`m\cdot n`, (N, 1), on the sphere, whose normal is x."""
    return [(outputs[:, 1:4] * inputs[:, :3]).sum(dim=1, keepdim=True)]
