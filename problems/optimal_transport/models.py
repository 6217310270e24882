"""The models of optimal transport: networks, objectives, stages of training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import deepxde as dde

from ncl_deepxde.data import SampledObjective
from ncl_deepxde.nn import FlowNet, LFlow, SubharmonicNCL
from ncl_deepxde.optimizers.clipped_adam import ClippedAdam
from ncl_deepxde.runs import Stage
from ncl_deepxde.runs.problem import Experiment

from .densities.targets import GaussianMixture
from .icnn.icnn import ConvexPair
from .icnn.minimax import Minimax, minimax_stage
from .objective import BenamouBrenier
from .solutions import Flow, Map

__all__ = ["MODELS", "build_model", "objective", "stages"]

Settings = Mapping[str, Any]
Pair = tuple[GaussianMixture, GaussianMixture]

MODELS = {
    "lflow": "Lagrangian flow network: exact continuity and map, by bijections",
    "ncl-subharmonic": "exact continuity, density a mixture of moving Gaussians",
    "icnn": "gradient of a convex network, trained against another one",
}


def build_model(name: str, pair: Pair, own: Settings, seed: int) -> Experiment:
    """Return a fresh model with its stages of training.

    Args:
        name: A key of ``MODELS``.
        pair: Start and end.
        own: Settings of a case with those of the model.
        seed: Of the points.
    """
    if name == "icnn":
        return _icnn(pair, own, seed)
    net = FLOWS[name](pair[0].dim, own)
    model = dde.Model(objective(pair, own, seed), net)
    return Experiment(model, stages(net, pair, own, seed), Flow(net))


def _icnn(pair: Pair, own: Settings, seed: int) -> Experiment:
    net = ConvexPair(pair[0].dim, own["widths"], has_parabola=own["has_parabola"])
    options = {key: own[key] for key in ("batch", "penalty")}
    data = Minimax(*pair, **options, seed=seed)
    return Experiment(dde.Model(data, net), [minimax_stage(net, data, own)], Map(net))


def _lflow(dim: int, own: Settings) -> FlowNet:
    return LFlow(
        dim,
        blocks=own["blocks"],
        depth=own["depth"],
        width=own["width"],
        frequency=own["frequency"],
        affine=own["affine"],
        time_embedding=own["time_embedding"],
        output="velocity",
    )


def _subharmonic(dim: int, own: Settings) -> FlowNet:
    return SubharmonicNCL(
        dim,
        components=own["components"],
        hidden=own["hidden"],
        solenoidal=own["solenoidal"],
        activation=own["activation"],
        construction=own["construction"],
        spread=own["spread"],
        width=own["gaussian_width"],
        output="velocity",
    )


FLOWS: Mapping[str, Callable[[int, Settings], FlowNet]] = {
    "lflow": _lflow,
    "ncl-subharmonic": _subharmonic,
}


def objective(pair: Pair, own: Settings, seed: int) -> SampledObjective:
    """Return the terms that a flow is trained on.

    Args:
        pair: Start and end.
        own: Settings with ``batch``, ``times``, ``terminal`` and ``box``.
        seed: Of the points.
    """
    options = {key: own[key] for key in ("batch", "times", "terminal", "box")}
    terms = BenamouBrenier(*pair, **options)
    return SampledObjective(terms, num_inputs=pair[0].dim + 1, seed=seed)


def stages(net: Any, pair: Pair, own: Settings, seed: int) -> list[Stage]:
    """Return the stages of training a flow.

    Args:
        net: The network.
        pair: Start and end.
        own: Settings; ``stages`` lists those that differ from stage to stage, of which
            each needs ``steps``.
        seed: Of the points.
    """
    found = []
    for k, changes in enumerate(own["stages"]):
        merged = {**own, **changes}
        name = "adam" if len(own["stages"]) == 1 else f"adam {k + 1}"
        found.append(_adam(name, net, pair, merged, seed))
    return found


def _adam(name: str, net: Any, pair: Pair, own: Settings, seed: int) -> Stage:
    """Return Adam on gradients of bounded norm, its learning rate falling by a cosine.

    ``own`` holds ``lr``, ``least_lr``, ``clip``, ``steps``, and ``terminal_weight``,
    that of the two ends of which each counts as much, where the energy has weight 1.
    """
    data = objective(pair, own, seed)
    weight = own["terminal_weight"]

    def compile_model(model: dde.Model) -> None:
        model.data = data
        model.compile(
            ClippedAdam(net.parameters(), own["clip"], lr=own["lr"]),
            loss_weights=[weight, weight, 1.0],
            decay=("cosine", own["steps"], own["least_lr"]),
            verbose=0,
        )

    return Stage(name, compile_model, own["steps"])
