"""What steps of Gauss-Newton are timed on: large systems of every kind.

Every case is a compiled model in the current float type; ``model.train_step`` at the
points of ``train_next_batch`` is one step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import deepxde as dde
import numpy as np
import torch
from torch import Tensor

import ncl_deepxde  # noqa: F401  (chooses the backend before deepxde is loaded)
from ncl_deepxde.data import Collocation, uniform_box
from ncl_deepxde.nn import NCL, DivergenceFree, FourierPotential, InitialState
from ncl_deepxde.operators import Flow, continuity, incompressibility, momentum
from ncl_deepxde.optimizers import GaussNewton
from ncl_deepxde.problems.euler.torus import models

HARMONICS = 2
SPACE_TIME = uniform_box([0, 0, 0], [1, 1, 1 / 3])


class FourierFeatures(dde.nn.NN):
    r"""Products of networks on Fourier features of space and of time.

    .. math:: u = W \bigl(N(\cos b x, \sin b x) \cdot N(\cos c_k t, \sin c_k t)\bigr)_k

    The network of DeepXDE's example wave_1d, which its release for PyTorch lacks.

    References:
        S. Wang, H. Wang, P. Perdikaris, On the eigenvector bias of Fourier feature
        networks (CMAME 2021), https://arxiv.org/abs/2012.10047.

    Args:
        width: Of the features and the two hidden layers.
        scales: Standard deviations of the frequencies in time.
    """

    def __init__(self, width: int, scales: Sequence[float]) -> None:
        super().__init__()
        self.space = torch.randn(1, width // 2)
        self.times = [scale * torch.randn(1, width // 2) for scale in scales]
        self.hidden = torch.nn.ModuleList(torch.nn.Linear(width, width) for _ in "12")
        self.last = torch.nn.Linear(len(scales) * width, 1)
        for layer in (*self.hidden, self.last):
            torch.nn.init.xavier_uniform_(layer.weight)
            torch.nn.init.zeros_(layer.bias)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return u, (N, 1), at (x, t), (N, 2)."""
        x, t = ((inputs - 0.5) * 2 * 3**0.5).split(1, dim=1)
        space = self._of(x @ self.space)
        found: Tensor = self.last(
            torch.cat([space * self._of(t @ c) for c in self.times], dim=1)
        )
        return found

    def _of(self, angles: Tensor) -> Tensor:
        y = torch.cat([angles.cos(), angles.sin()], dim=1)
        for layer in self.hidden:
            y = torch.tanh(layer(y))
        return y


def wave() -> dde.Model:
    """Return DeepXDE's wave_1d: 2160 residuals, 20,401 parameters."""

    def exact(x: np.ndarray) -> np.ndarray:
        x, t = np.split(np.pi * x, 2, axis=1)
        found: np.ndarray = np.sin(x) * np.cos(10 * t) + np.sin(2 * x) * np.cos(20 * t)
        return found

    def pde(x: Tensor, y: Tensor) -> Tensor:
        d_tt = dde.grad.hessian(y, x, i=1, j=1)
        found: Tensor = d_tt - 100 * dde.grad.hessian(y, x, i=0, j=0)
        return found

    domain = dde.geometry.GeometryXTime(
        dde.geometry.Interval(0, 1), dde.geometry.TimeDomain(0, 1)
    )
    at_wall, at_start = (lambda _, is_there: is_there for _ in "12")
    conditions = [
        dde.icbc.DirichletBC(domain, exact, at_wall),
        dde.icbc.IC(domain, exact, at_start),
        dde.icbc.OperatorBC(
            domain,
            lambda x, y, _: dde.grad.jacobian(y, x, i=0, j=1),
            lambda x, _: np.isclose(x[1], 0),
        ),
    ]
    sizes = dict.fromkeys(("num_domain", "num_boundary", "num_initial"), 360)
    data = dde.data.TimePDE(domain, pde, conditions, **sizes)
    return compiled(data, FourierFeatures(100, [1.0, 10.0]))


def heat(num_points: int, width: int) -> dde.Model:
    """Return u_t = u_xx for a plain network with four hidden layers."""

    def pde(x: Tensor, y: Tensor) -> list[Tensor]:
        d_t = dde.grad.jacobian(y, x, i=0, j=1)
        return [d_t - dde.grad.hessian(y, x, i=0, j=0)]

    data = Collocation(pde, uniform_box([0, 0], [1, 1]), num_points)
    return compiled(data, plain([2, *[width] * 4, 1]))


def observed(exact: bool, num_points: int, width: int) -> dde.Model:
    """Return the fit of observed velocities by a plain or divergence-free network."""

    def misfit(x: Tensor, y: Tensor) -> list[Tensor]:
        angles = 2 * math.pi * x
        u = angles[:, :1].sin() * angles[:, 1:].cos()
        v = -angles[:, :1].cos() * angles[:, 1:].sin()
        return [y[:, :1] - u, y[:, 1:2] - v]

    sizes = [2, *[width] * 3, 2]
    net = DivergenceFree(sizes, "tanh", "Glorot normal") if exact else plain(sizes)
    data = Collocation(misfit, uniform_box([0, 0], [1, 1]), num_points)
    return compiled(data, net)


def torus(name: str, width: int, num_points: int) -> dde.Model:
    """Return the flow on the torus, its start neither in the plain nor in ``ncl``."""
    pde = all_residuals if name == "pinn" else residuals
    weights = [1e-2, 1e-2, 1e-1, 1.0][: 3 + (name == "pinn")]
    data = Collocation(pde, SPACE_TIME, num_points)
    return compiled(data, network(name, width), weights)


def network(name: str, width: int) -> torch.nn.Module:
    """Return ``ncl``, ``ncl-hard`` (hard initial state) or ``pinn``."""
    hidden = [width] * 4
    if name == "pinn":
        net = plain([4 * HARMONICS + 1, *hidden, 4])
        net.apply_feature_transform(models.periodic_features(HARMONICS))
        return net
    options: dict[str, Any] = {"periods": 1.0, "harmonics": HARMONICS}
    if name == "ncl-hard":
        density = models.start_density
        options["initial"] = InitialState(
            density,
            models.start_momentum,
            ramp=0.1,
            potential=FourierPotential(density, [1.0, 1.0]),
        )
    return NCL([3, *hidden, 4], "tanh", "Glorot normal", **options)


def plain(sizes: Sequence[int]) -> dde.nn.FNN:
    """Return a plain network."""
    return dde.nn.FNN(list(sizes), "tanh", "Glorot normal")


def residuals(inputs: Tensor, outputs: Tensor) -> list[Tensor]:
    """Return momentum and incompressibility, each (N, 1)."""
    flow = Flow.of(inputs, outputs)
    return [*momentum(flow).split(1, dim=1), incompressibility(flow)]


def all_residuals(inputs: Tensor, outputs: Tensor) -> list[Tensor]:
    """Return momentum, incompressibility and continuity, each (N, 1)."""
    return [*residuals(inputs, outputs), continuity(Flow.of(inputs, outputs))]


def compiled(
    data: Any, net: torch.nn.Module, weights: Sequence[float] | None = None
) -> dde.Model:
    """Return a model that trains by Gauss-Newton."""
    model = dde.Model(data, net)
    model.compile(GaussNewton(model), loss_weights=weights, verbose=0)
    return model


CASES: Mapping[str, Callable[[], dde.Model]] = {
    "wave": wave,
    "heat 1000 x 20": partial(heat, 1000, 20),
    "heat 3000 x 20": partial(heat, 3000, 20),
    "heat 4000 x 40": partial(heat, 4000, 40),
    "torus ncl 4x48": partial(torus, "ncl", 48, 1000),
    "torus pinn 4x48": partial(torus, "pinn", 48, 1000),
    "torus ncl-hard 4x34": partial(torus, "ncl-hard", 34, 3000),
    "data plain": partial(observed, False, 27_000, 48),
    "data exact": partial(observed, True, 27_000, 48),
}
"""Named by points and width, or by the size of the network."""
