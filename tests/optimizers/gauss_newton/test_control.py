"""Dampings after short, long, lost and noisy steps; points that grow."""

from __future__ import annotations

import pytest
import torch
from torus_flow import step, torus_model

from ncl_deepxde.optimizers.gauss_newton.control import (
    FIRST,
    MOST_ROWS,
    PATIENCE,
    Control,
)
from ncl_deepxde.optimizers.gauss_newton.history import StepRecord


def control_of(**options):
    p = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([p], lr=1.0)
    group = {"damping": 1e-3, "low": 1e-6, "high": 1e2, "decay": 0.5}
    optimizer.param_groups[0] |= group | options
    return Control(optimizer)


def record(**changes):
    numbers = {"step": 1, "loss": 1.0, "left": 0.1, "damping": 1e-3, "size": 1.0}
    numbers |= {"ratio": 1.0, "corrections": 0, "norm": 1.0, "shape": (200, 100)}
    return StepRecord(**(numbers | {"held_out": 0.2} | changes))


@pytest.mark.parametrize(
    ("changes", "is_accurate", "factor"),
    [
        ({}, True, 0.5),
        ({"ratio": 0.05}, True, 1.0),
        ({"size": 0.25}, True, 1.0),
        ({"size": 0.125}, True, 4.0),
        ({"size": 0.0}, True, 16.0),
        ({}, False, 2.0),
    ],
)
def test_damping_follows_the_step(changes, is_accurate, factor) -> None:
    control = control_of()
    control.adapt(record(**changes), is_accurate=is_accurate)
    assert control.damping == pytest.approx(factor * 1e-3)


def test_damping_stays_in_its_range() -> None:
    control = control_of(low=8e-4)
    control.adapt(record(), is_accurate=True)
    assert control.damping == 8e-4


def test_a_lost_iterate_keeps_the_damping_up_for_a_while() -> None:
    control = control_of()
    control.lose(record(damping=1e-2))
    assert control.damping == pytest.approx(0.1)
    found = []
    for _ in range(30):
        control.adapt(record(), is_accurate=True)
        control.forgive()
        found.append(control.damping)
    # A tenth a step, and not by the decay.
    assert found[0] == pytest.approx(0.09)
    assert found[-1] == pytest.approx(0.1 * 0.9**30)


class Growing:
    can_grow = True

    def __init__(self):
        self.factors = []

    def grow(self, factor):
        self.factors.append(factor)


@pytest.mark.parametrize(
    ("changes", "grows"),
    [
        ({"held_out": 1.0}, True),
        ({"held_out": 0.15}, False),
        # Fewer residuals than parameters are always learned by heart.
        ({"held_out": 1.0, "shape": (90, 100)}, False),
        ({"held_out": 1.0, "shape": (int(100 * MOST_ROWS), 100)}, False),
    ],
)
def test_points_grow_where_their_noise_limits(changes, grows) -> None:
    control, data = control_of(), Growing()
    for number in range(PATIENCE):
        assert not data.factors, number
        control.grow(record(**changes), data)
    assert bool(data.factors) == grows


def test_data_without_more_points_stay() -> None:
    control = control_of()
    for _ in range(2 * PATIENCE):
        control.grow(record(held_out=1.0), object())


def test_numbers_that_an_older_checkpoint_lacks_are_the_first_ones() -> None:
    model = torus_model()
    step(model)
    state = model.opt.state_dict()
    for name in (*FIRST, "best_loss", "weights"):
        del state["param_groups"][0][name]
    for entry in state["state"].values():
        del entry["iterate"], entry["best"]
    other = torus_model()
    other.net.load_state_dict(model.net.state_dict())
    other.opt.load_state_dict(state)
    for _ in range(2):
        step(other)
    assert other.opt.history[-1].best <= other.opt.history[0].best
