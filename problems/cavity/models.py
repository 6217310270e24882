"""The models of the cavity: networks, residuals, what they say of the flow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import deepxde as dde
import torch
from torch import Tensor

from ncl_deepxde.arrays import Array
from ncl_deepxde.data import Collocation, kronecker_box
from ncl_deepxde.nn import Incompressible, Wall
from ncl_deepxde.optimizers import GaussNewton
from ncl_deepxde.runs import Experiment, Stage

from .equations import corner_pressure, corner_pressure_gradient, lid, momentum
from .settings import CavitySettings

__all__ = ["MODELS", "CavityFlow", "build_model", "exact", "plain"]

Residual: TypeAlias = Callable[[Tensor, Tensor], list[Tensor]]

MODELS = {
    "pinn": "plain network with hard walls; momentum and incompressibility trained",
    "incompressible": "exactly divergence-free, hard walls; momentum trained",
}


@dataclass(frozen=True)
class CavityFlow:
    """What a network says of the flow.

    Args:
        net: Maps points (N, 2) to columns (u, v, p).
        known: Pressure that is added to its last column.
    """

    net: torch.nn.Module
    known: Callable[[Tensor], Tensor] | None = None

    def __call__(self, points: Array, time: float = 0.0) -> dict[str, Array]:
        """Evaluate ``u`` (N, 2) and ``p`` (N, 1) at points (N, 2); see ``Solution``."""
        like = next(self.net.parameters())
        x = torch.as_tensor(points).to(like.device, like.dtype)
        with torch.no_grad():
            y = self.net(x)
            p = y[:, 2:] if self.known is None else y[:, 2:] + self.known(x)
        u, p = (part.double().cpu().numpy() for part in (y[:, :2], p))
        return {"u": u, "p": p}


def exact(hidden: Sequence[int]) -> tuple[torch.nn.Module, Residual]:
    r"""Columns (u, v, p) with :math:`\nabla\cdot u = 0`; asked for: the momentum.

    Walls are hard, and the corners built in, so that the pressure is what is left.

    Args:
        hidden: Widths of the hidden layers.
    """
    net = Incompressible(
        [2, *hidden, 3],
        "tanh",
        "Glorot normal",
        time=False,
        wall=Wall.of(dde.geometry.Rectangle([0.0, 0.0], [1.0, 1.0])),
        slip=False,
        lifting=lid,
        served=2,
    )

    def residual(x: Tensor, y: Tensor) -> list[Tensor]:
        known = corner_pressure_gradient(x)
        return [r + known[:, i : i + 1] for i, r in enumerate(momentum(x, y))]

    return net, residual


def plain(hidden: Sequence[int]) -> tuple[torch.nn.Module, Residual]:
    """Columns (u, v, p) with hard walls; asked for: momentum and incompressibility.

    Args:
        hidden: Widths of the hidden layers.
    """
    net = dde.nn.FNN([2, *hidden, 3], "tanh", "Glorot normal")

    def hard(x: Tensor, y: Tensor) -> Tensor:
        across, up = x[:, :1] * (1 - x[:, :1]), x[:, 1:]
        wall = 16 * across * up * (1 - up)
        moving = torch.cat([4 * across * up**2, torch.zeros_like(up)], dim=1)
        return torch.cat([moving + wall * y[:, :2], y[:, 2:]], dim=1)

    net.apply_output_transform(hard)

    def residual(x: Tensor, y: Tensor) -> list[Tensor]:
        u_x, v_y = (dde.grad.jacobian(y, x, i=i, j=i) for i in range(2))
        return [*momentum(x, y), u_x + v_y]

    return net, residual


def build_model(
    name: str, settings: CavitySettings, seed: int
) -> Experiment[CavitySettings]:
    """Build a fresh model with its stage of training.

    Args:
        name: A key of ``MODELS``.
        settings: What the preset says.
        seed: Seed of the points.
    """
    is_exact = name == "incompressible"
    net, residual = (exact if is_exact else plain)(settings.hidden)
    box = kronecker_box([0.0, 0.0], [1.0, 1.0])
    data = Collocation(residual, box, settings.points, seed=seed)

    def compile_model(model: dde.Model) -> None:
        model.compile(GaussNewton(model), verbose=0)

    return Experiment(
        dde.Model(data, net),
        [Stage("gauss-newton", compile_model, settings.steps)],
        CavityFlow(net, corner_pressure if is_exact else None),
        settings,
    )
