r"""The models of the Hodge decomposition: networks, losses, stages of training.

All see the field :math:`\hat v` alone and say what they take for its divergence-free
part. ``potential`` takes :math:`\hat v - \nabla\varphi` with a periodic
:math:`\varphi`; the released code takes :math:`x - \nabla\varphi` for the gradient, no
periodic field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import deepxde as dde
import torch
from torch import Tensor

from ncl_deepxde.data import SampledObjective
from ncl_deepxde.evaluation.metrics import Array
from ncl_deepxde.nn import DivergenceFree, GradientField, HodgeField
from ncl_deepxde.nn.base.checks import check_choice
from ncl_deepxde.optimizers import SOAP
from ncl_deepxde.runs import Stage
from ncl_deepxde.runs.problem import Experiment

from .losses import Objective
from .target import PERIOD, Target

__all__ = ["MODELS", "Part", "build_model", "in_chunks", "network"]

Settings = Mapping[str, Any]
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
class Part:
    r"""What a model takes for :math:`\eta`.

    Args:
        net: The network.
        field: The field to decompose.
    """

    net: Any
    field: Target

    def solenoidal(self, x: Tensor) -> Tensor:
        """Return the divergence-free part, (N, n), at points (N, n)."""
        inner = self.net.solenoidal if isinstance(self.net, HodgeField) else self.net
        found: Tensor = inner(x)
        return self.field(x) - found if isinstance(inner, GradientField) else found

    def __call__(self, points: Array, time: float = 0.0) -> dict[str, Array]:
        """Return ``eta``, (N, n), at points (N, n); see ``Solution``."""
        like = next(self.net.parameters())
        x = torch.as_tensor(points).to(like.device, like.dtype)
        return {"eta": in_chunks(self.solenoidal, x).double().cpu().numpy()}


def in_chunks(field: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Return a field at many points, (N, n), without derivatives."""
    with torch.no_grad():
        return torch.cat([field(part) for part in torch.split(x, CHUNK)])


def build_model(name: str, own: Settings, seed: int) -> Experiment:
    """Return a fresh model with its stages of training.

    Args:
        name: A key of ``MODELS``.
        own: Settings of a case with those of the model.
        seed: Of the points.
    """
    dim = int(own["case"])
    field = Target(dim, gradient=own["gradient"])
    net = network(name, dim, own)
    terms = Objective(
        field, dim, loss=own["loss"], batch=own["batch"], exact=own["exact"]
    )
    data = SampledObjective(terms, num_inputs=dim, seed=seed)
    return Experiment(dde.Model(data, net), [_stage(own)], Part(net, field))


def network(name: str, dim: int, own: Settings) -> torch.nn.Module:
    """Return the network of a model.

    Args:
        name: A key of ``MODELS``.
        dim: n.
        own: Settings with ``hidden``, ``activation``, ``harmonics``, and
            ``hidden_gradient`` of ``both-parts``.
    """
    return NETWORKS[name](dim, own)


def _options(own: Settings) -> dict[str, Any]:
    return {"periods": PERIOD, "harmonics": own["harmonics"]}


def _solenoidal(construction: str) -> Callable[[int, Settings], DivergenceFree]:
    def build(dim: int, own: Settings) -> DivergenceFree:
        return DivergenceFree(
            [dim, *own["hidden"], dim],
            own["activation"],
            lecun_normal,
            construction=construction,
            served=0,
            **_options(own),
        )

    return build


def _gradient(dim: int, own: Settings) -> GradientField:
    sizes = [dim, *own["hidden"], dim]
    return GradientField(sizes, own["activation"], lecun_normal, **_options(own))


def _both(dim: int, own: Settings) -> HodgeField:
    solenoidal = _solenoidal("matrix")(dim, own)
    gradient = _gradient(dim, {**own, "hidden": own["hidden_gradient"]})
    return HodgeField(solenoidal, gradient)


NETWORKS: Mapping[str, Callable[[int, Settings], torch.nn.Module]] = {
    "divfree-matrix": _solenoidal("matrix"),
    "divfree-vector": _solenoidal("vector"),
    "potential": _gradient,
    "both-parts": _both,
}


def _stage(own: Settings) -> Stage:
    """Return a stage whose learning rate falls from ``lr`` to ``least_lr`` by a cosine.

    Args:
        own: Settings with ``optimizer``, a key of ``OPTIMIZERS``, and ``steps``.
    """
    name = own["optimizer"]
    check_choice("optimizer", name, tuple(OPTIMIZERS))

    def compile_model(model: dde.Model) -> None:
        optimizer = OPTIMIZERS[name](model.net.parameters(), lr=own["lr"])
        decay = ("cosine", own["steps"], own["least_lr"])
        model.compile(optimizer, decay=decay, verbose=0)

    return Stage(name, compile_model, own["steps"])


OPTIMIZERS: Mapping[str, Callable[..., torch.optim.Optimizer]] = {
    "adam": partial(torch.optim.Adam, betas=(0.9, 0.99)),
    "soap": SOAP,
}
