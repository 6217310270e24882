"""What a problem of high precision is: networks, equations, points, an error."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import deepxde as dde
import numpy as np
import torch
from torch import Tensor

from ncl_deepxde.arrays import Array
from ncl_deepxde.data import Collocation, Condition, Sampler

Residual: TypeAlias = Callable[[Tensor, Tensor], Tensor | list[Tensor]]
Candidate: TypeAlias = tuple[torch.nn.Module, Residual]

ROWS = 4096
"""Points that a network is evaluated at together: more would leave the cache."""


@dataclass(frozen=True)
class Case:
    """A problem with a known solution.

    Attributes:
        networks: By name, what makes a network and the residuals asked of it.
        sampler: Draws the points of training.
        points: Points of training where nobody says how many.
        reference: Returns the points of the evaluation (N, D) and the right values
            there (N, K), in float64.
        columns: The outputs of every network that are compared, K of them.
        measure: ``"relative l2"`` or ``"RMS"``.
        conditions: By network, soft conditions beside its residuals.
        value: Maps a network and points (N, D) to what is compared, (N, K); by default
            the columns of its outputs.
    """

    networks: Mapping[str, Callable[[], Candidate]]
    sampler: Sampler
    points: int
    reference: Callable[[], tuple[Array, Array]]
    columns: tuple[int, ...] = (0,)
    measure: str = "relative l2"
    conditions: Mapping[str, Sequence[Condition]] = field(default_factory=dict)
    value: Callable[[torch.nn.Module, Tensor], Tensor] | None = None

    def model(
        self, network: str, seed: int = 0, points: int | None = None
    ) -> dde.Model:
        """Return a model to be compiled, in DeepXDE's float type.

        Args:
            network: A name in ``networks``.
            seed: Of the weights and of the points.
            points: Points of a step.
        """
        dde.config.set_random_seed(seed)
        net, pde = self.networks[network]()
        data = Collocation(
            pde,
            self.sampler,
            points or self.points,
            self.conditions.get(network, ()),
            seed=seed,
            num_test=100,
        )
        return dde.Model(data, net)

    def error(self, net: torch.nn.Module) -> float:
        """Return the error of a network on the grid of the evaluation."""
        points, exact = self.reference()
        value = self.value or (lambda net, x: net(x)[:, list(self.columns)])
        found = []
        was_training = net.training
        net.eval()
        with torch.no_grad():
            for rows in torch.as_tensor(points).split(ROWS):
                found.append(value(net, rows.to(dde.config.real(torch))))
        net.train(was_training)
        defect = torch.cat(found).double().cpu().numpy() - exact
        size = (
            np.linalg.norm(exact) if self.measure == "relative l2" else exact.size**0.5
        )
        return float(np.linalg.norm(defect) / size)


def grid(*axes: Array) -> Array:
    """Return all points of a product of axes, (N, D), the last axis fastest."""
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))


def features(
    net: torch.nn.Module, *functions: Callable[[Tensor], Tensor]
) -> torch.nn.Module:
    """Let a network see functions (N, D) -> (N, 1) of its inputs, in their place."""
    net.apply_feature_transform(lambda x: torch.cat([f(x) for f in functions], dim=1))
    return net


def periodic_start(
    hidden: Sequence[int],
    initial: Callable[[Tensor], Tensor],
    activation: str = "tanh",
) -> torch.nn.Module:
    r"""Return a network :math:`u = u_0(x) + t N(\cos\pi x, \sin\pi x, t)`.

    Args:
        hidden: Widths of the layers.
        initial: :math:`u_0`, (N, 2) -> (N, 1), of the period 2.
        activation: As for ``dde.nn.FNN``.
    """
    net = features(
        dde.nn.FNN([3, *hidden, 1], activation, "Glorot normal"),
        lambda x: torch.cos(math.pi * x[:, :1]),
        lambda x: torch.sin(math.pi * x[:, :1]),
        lambda x: x[:, 1:],
    )
    net.apply_output_transform(lambda x, y: initial(x) + x[:, 1:] * y)
    return net
