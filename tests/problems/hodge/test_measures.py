"""Metrics of the Hodge decomposition, on fields known in closed form."""

from __future__ import annotations

import math

import pytest
import torch
from small_models import small_settings

from ncl_deepxde.problems.hodge.measures import (
    divergence_error,
    error_while_training,
    points,
    relative_squared_l2,
)
from ncl_deepxde.problems.hodge.models import SolenoidalPart
from ncl_deepxde.problems.hodge.target import PERIOD, Target

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")


class Known(torch.nn.Module):
    """A field in place of a network."""

    def __init__(self, field):
        super().__init__()
        self.field, self.weight = field, torch.nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return self.field(x)


def test_error_and_divergence_of_known_fields():
    target = Target(3, gradient=0.5)
    x = points(3, 5000)

    def error(field):
        return relative_squared_l2(SolenoidalPart(Known(field), target), x)

    assert error(target.solenoidal) == 0
    assert error(lambda x: 0.9 * target.solenoidal(x)) == pytest.approx(0.01)
    # A mean of 5000 points.
    assert error(target) == pytest.approx(0.25, rel=0.05)
    # div x = 3 in terms of 1; those of (x_1, -x_2) cancel.
    assert divergence_error(lambda x: x, x[:5]) == 3.0
    saddle = divergence_error(lambda x: torch.stack([x[:, 0], -x[:, 1]], 1), x[:5, :2])
    assert saddle == 0.0


def test_points_stay():
    assert torch.equal(points(3, 5), points(3, 5))
    assert points(3, 1000).abs().max() < PERIOD / 2
    assert points(3, 1000).std() == pytest.approx(PERIOD / math.sqrt(12), rel=0.05)


def test_error_while_training_is_that_of_the_weights_at_the_time():
    target = Target(3, gradient=1.0)
    net = Known(lambda x: (1 + net.weight) * target.solenoidal(x))
    error = error_while_training(
        SolenoidalPart(net, target), small_settings("divfree-matrix", 3)
    )
    assert error() == {"relative_squared_l2": 0}
    torch.nn.init.constant_(net.weight, 0.1)
    assert error() == {"relative_squared_l2": pytest.approx(0.01)}
