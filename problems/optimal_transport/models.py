"""The models of optimal transport: networks, objectives, stages of training."""

from __future__ import annotations

import deepxde as dde

from ncl_deepxde.data import SampledObjective
from ncl_deepxde.nn import LFlow, SubharmonicNCL
from ncl_deepxde.optimizers.clipped_adam import ClippedAdam
from ncl_deepxde.runs import Experiment, Stage

from .densities import DensityPair
from .icnn import ConvexPair, Minimax, minimax_stage
from .objective import BenamouBrenier
from .paths import FlowNetwork
from .settings import (
    FlowSettings,
    ICNNSettings,
    LFlowSettings,
    StageSettings,
    SubharmonicSettings,
    TransportSettings,
)
from .solutions import TrainedFlow, TrainedMap

__all__ = ["MODELS", "build_model", "objective", "stages"]

MODELS = {
    "lflow": "Lagrangian flow network: exact continuity and map, by bijections",
    "ncl-subharmonic": "exact continuity, density a mixture of moving Gaussians",
    "icnn": "gradient of a convex network, trained against another one",
}


def build_model(
    pair: DensityPair, settings: TransportSettings, seed: int
) -> Experiment[TransportSettings]:
    """Build a fresh model with its stages of training.

    Args:
        pair: Densities at the start and at the end.
        settings: What the preset says of the model in this case; their class tells
            which model it is.
        seed: Seed of the points.

    Raises:
        ValueError: The settings are those of no model.
    """
    dim = pair[0].dim
    match settings:
        case LFlowSettings():
            return _flow(_lflow(dim, settings), pair, settings, seed)
        case SubharmonicSettings():
            return _flow(_subharmonic(dim, settings), pair, settings, seed)
        case ICNNSettings():
            return _icnn(pair, settings, seed)
    raise ValueError(
        "settings: must be those of a model, such as LFlowSettings, got "
        f"{type(settings).__name__}. Take them from a preset."
    )


def _flow(
    net: FlowNetwork, pair: DensityPair, settings: FlowSettings, seed: int
) -> Experiment[TransportSettings]:
    model = dde.Model(objective(pair, settings, seed), net)
    plan = stages(net, pair, settings, seed)
    return Experiment(model, plan, TrainedFlow(net), settings)


def _icnn(
    pair: DensityPair, settings: ICNNSettings, seed: int
) -> Experiment[TransportSettings]:
    net = ConvexPair(pair[0].dim, settings.widths, has_parabola=settings.has_parabola)
    data = Minimax(*pair, batch=settings.batch, penalty=settings.penalty, seed=seed)
    stage = minimax_stage(
        net,
        data,
        steps=settings.steps,
        inner=settings.inner,
        lr=settings.lr,
        least_lr=settings.least_lr,
        betas=settings.betas,
    )
    return Experiment(dde.Model(data, net), [stage], TrainedMap(net), settings)


def _lflow(dim: int, settings: LFlowSettings) -> LFlow:
    return LFlow(
        dim,
        blocks=settings.blocks,
        depth=settings.depth,
        width=settings.width,
        frequency=settings.frequency,
        affine=settings.affine,
        time_embedding=settings.time_embedding,
        output="velocity",
    )


def _subharmonic(dim: int, settings: SubharmonicSettings) -> SubharmonicNCL:
    return SubharmonicNCL(
        dim,
        components=settings.components,
        hidden=settings.hidden,
        solenoidal=settings.solenoidal,
        activation=settings.activation,
        construction=settings.construction,
        spread=settings.spread,
        width=settings.gaussian_width,
        output="velocity",
    )


def objective(pair: DensityPair, settings: FlowSettings, seed: int) -> SampledObjective:
    """Build the terms that a flow is trained on.

    Args:
        pair: Densities at the start and at the end.
        settings: What the preset says of the flow in this case.
        seed: Seed of the points.
    """
    terms = BenamouBrenier(
        *pair,
        batch=settings.batch,
        times=settings.times,
        terminal=settings.terminal,
        box=settings.box,
    )
    return SampledObjective(terms, num_inputs=pair[0].dim + 1, seed=seed)


def stages(
    net: FlowNetwork, pair: DensityPair, settings: FlowSettings, seed: int
) -> list[Stage]:
    """Build the stages of training a flow.

    Args:
        net: The network.
        pair: Densities at the start and at the end.
        settings: What the preset says of the flow in this case.
        seed: Seed of the points.
    """
    is_single = len(settings.stages) == 1
    return [
        _adam(
            "adam" if is_single else f"adam {k}",
            net,
            objective(pair, settings, seed),
            settings.clip,
            stage,
        )
        for k, stage in enumerate(settings.stages, start=1)
    ]


def _adam(
    name: str,
    net: FlowNetwork,
    data: SampledObjective,
    clip: float,
    settings: StageSettings,
) -> Stage:
    """Build Adam on clipped gradients, with a rate that falls by a cosine.

    Both ends have the weight of the settings and the energy has weight 1.
    """
    weight = settings.terminal_weight

    def compile_model(model: dde.Model) -> None:
        model.data = data
        model.compile(
            ClippedAdam(net.parameters(), clip, lr=settings.lr),
            loss_weights=[weight, weight, 1.0],
            decay=("cosine", settings.steps, settings.least_lr),
            verbose=0,
        )

    return Stage(name, compile_model, settings.steps)
