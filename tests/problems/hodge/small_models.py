"""Models of the Hodge decomposition that are small enough for tests."""

from dataclasses import replace

import torch

from ncl_deepxde.problems.hodge.models import MODELS, SolenoidalPart, network
from ncl_deepxde.problems.hodge.presets import PRESETS
from ncl_deepxde.problems.hodge.target import Target

ROUND_OFF = 1e3 * torch.finfo(torch.float64).eps
EXACT = [name for name in MODELS if name != "potential"]


def small_settings(model, n=4, preset="quick", **changes):
    """Settings of a model in n dimensions, with small networks and few points."""
    first = PRESETS[preset].cases[0]
    settings = PRESETS[preset].settings(model, first)
    small = {"hidden": (16,), "hidden_gradient": (16,), "batch": 8, "case": str(n)}
    return replace(settings, **{**small, **changes})


def small_part(model, n=4):
    """What a small untrained model takes for the divergence-free part."""
    net = network(model, n, small_settings(model, n))
    return SolenoidalPart(net, Target(n, gradient=1.0))
