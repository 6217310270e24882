r"""The models of the Hodge decomposition: networks, losses, stages of training.

All see the field :math:`\hat v` alone and say what they take for its divergence-free
part. ``potential`` takes :math:`\hat v - \nabla\varphi` with a periodic
:math:`\varphi`; the released code takes :math:`x - \nabla\varphi` for the gradient, no
periodic field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import deepxde as dde
import torch
from torch import Tensor

from ncl_deepxde.data import SampledObjective
from ncl_deepxde.evaluation.metrics import Array
from ncl_deepxde.nn import DivergenceFree, GradientField, HodgeField
from ncl_deepxde.optimizers import SOAP
from ncl_deepxde.runs import Experiment, Stage

from .losses import Objective
from .settings import HodgeModel
from .target import PERIOD, Target

__all__ = ["MODELS", "SolenoidalPart", "build_model", "in_chunks", "network"]

CHUNK = 1024

MODELS = {
    "divfree-matrix": "exactly divergence-free field, row divergence of a matrix",
    "divfree-vector": "exactly divergence-free field from a vector potential",
    "potential": "what is left of the field without the gradient of a potential",
    "both-parts": "exactly divergence-free field and gradient, fitted together",
}


def lecun_normal(weight: Tensor) -> Tensor:
    """Fill a weight (out, in) with normal numbers of the variance 1 / in."""
    with torch.no_grad():
        return weight.normal_(std=weight.shape[1] ** -0.5)


@dataclass(frozen=True)
class SolenoidalPart:
    r"""What a model takes for :math:`\eta`.

    Args:
        net: The network.
        field: The field to decompose.
    """

    net: Any
    field: Target

    def solenoidal(self, x: Tensor) -> Tensor:
        """Evaluate the divergence-free part, (N, n), at points (N, n)."""
        inner = self.net.solenoidal if isinstance(self.net, HodgeField) else self.net
        found: Tensor = inner(x)
        return self.field(x) - found if isinstance(inner, GradientField) else found

    def __call__(self, points: Array, time: float = 0.0) -> dict[str, Array]:
        """Evaluate ``eta``, (N, n), at points (N, n); see ``Solution``."""
        like = next(self.net.parameters())
        x = torch.as_tensor(points).to(like.device, like.dtype)
        return {"eta": in_chunks(self.solenoidal, x).double().cpu().numpy()}


def in_chunks(field: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Evaluate a field at many points, (N, n), without derivatives."""
    with torch.no_grad():
        return torch.cat([field(part) for part in torch.split(x, CHUNK)])


def build_model(name: str, settings: HodgeModel, seed: int) -> Experiment[HodgeModel]:
    """Build a fresh model with its stages of training.

    Args:
        name: A key of ``MODELS``.
        settings: What the preset says of the model in this case.
        seed: Seed of the points.
    """
    dim = settings.dim
    field = Target(dim, gradient=settings.gradient)
    net = network(name, dim, settings)
    terms = Objective(
        field, dim, loss=settings.loss, batch=settings.batch, exact=settings.exact
    )
    data = SampledObjective(terms, num_inputs=dim, seed=seed)
    solution = SolenoidalPart(net, field)
    return Experiment(dde.Model(data, net), [_stage(settings)], solution, settings)


def network(name: str, dim: int, settings: HodgeModel) -> torch.nn.Module:
    """Build the network of a model.

    Args:
        name: A key of ``MODELS``.
        dim: n.
        settings: Sizes of the network.
    """
    return NETWORKS[name](dim, settings)


def _options(settings: HodgeModel) -> dict[str, Any]:
    return {"periods": PERIOD, "harmonics": settings.harmonics}


def _solenoidal(construction: str) -> Callable[[int, HodgeModel], DivergenceFree]:
    def build(dim: int, settings: HodgeModel) -> DivergenceFree:
        return DivergenceFree(
            [dim, *settings.hidden, dim],
            settings.activation,
            lecun_normal,
            construction=construction,
            served=0,
            **_options(settings),
        )

    return build


def _gradient(dim: int, settings: HodgeModel) -> GradientField:
    sizes = [dim, *settings.hidden, dim]
    return GradientField(sizes, settings.activation, lecun_normal, **_options(settings))


def _both(dim: int, settings: HodgeModel) -> HodgeField:
    solenoidal = _solenoidal("matrix")(dim, settings)
    hidden = settings.hidden_gradient
    gradient = _gradient(dim, replace(settings, hidden=hidden))
    return HodgeField(solenoidal, gradient)


NETWORKS: Mapping[str, Callable[[int, HodgeModel], torch.nn.Module]] = {
    "divfree-matrix": _solenoidal("matrix"),
    "divfree-vector": _solenoidal("vector"),
    "potential": _gradient,
    "both-parts": _both,
}


def _stage(settings: HodgeModel) -> Stage:
    """Build the stage, whose learning rate falls to ``least_lr`` by a cosine."""
    name = settings.optimizer

    def compile_model(model: dde.Model) -> None:
        optimizer = OPTIMIZERS[name](model.net.parameters(), lr=settings.lr)
        decay = ("cosine", settings.steps, settings.least_lr)
        model.compile(optimizer, decay=decay, verbose=0)

    return Stage(name, compile_model, settings.steps)


OPTIMIZERS: Mapping[str, Callable[..., torch.optim.Optimizer]] = {
    "adam": partial(torch.optim.Adam, betas=(0.9, 0.99)),
    "soap": SOAP,
}
