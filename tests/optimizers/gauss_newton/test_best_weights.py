"""Between steps the network holds the best weights; steps go on from the iterate."""

from __future__ import annotations

import math

import pytest
import torch
from torus_flow import step, torus_model

from ncl_deepxde.optimizers.gauss_newton.best_weights import LOST, BestWeights


def started(loss=1.0):
    p = torch.nn.Parameter(torch.zeros(2))
    best = BestWeights(torch.optim.SGD([p], lr=1.0))
    with torch.no_grad():
        assert not best.enter([p])
        best.start([p], loss)
    return p, best


@torch.no_grad()
def test_the_iterate_is_kept_aside() -> None:
    p, best = started()
    p.fill_(1.0)
    assert best.leave([p], 2.0)
    assert (p.tolist(), best.loss) == ([0.0, 0.0], 1.0)
    assert best.enter([p])
    assert p.tolist() == [1.0, 1.0]
    p.fill_(2.0)
    assert best.leave([p], 0.5)
    assert (p.tolist(), best.loss) == ([2.0, 2.0], 0.5)


@pytest.mark.parametrize("loss", [LOST * 1.01, math.inf, math.nan])
@torch.no_grad()
def test_a_lost_iterate_is_left(loss: float) -> None:
    p, best = started()
    p.fill_(1.0)
    assert not best.leave([p], loss)
    assert best.enter([p])
    assert p.tolist() == [0.0, 0.0]


@torch.no_grad()
def test_any_finite_loss_is_better_than_an_infinite_start() -> None:
    p, best = started(math.inf)
    p.fill_(1.0)
    assert best.leave([p], 1e9)
    assert (p.tolist(), best.loss) == ([1.0, 1.0], 1e9)


@torch.no_grad()
def test_changed_weights_are_a_new_start() -> None:
    p, best = started()
    p.fill_(1.0)
    best.leave([p], 2.0)
    p.fill_(3.0)
    assert not best.enter([p])
    assert p.tolist() == [3.0, 3.0]


def test_shown_weights_are_those_of_the_smallest_loss_seen() -> None:
    # Few points and a damping far too small: iterates get better and worse.
    model = torus_model(num_points=4, damping=1e-9)
    for _ in range(16):
        step(model)
        with torch.no_grad():
            data = model.data
            shown = 0.0
            for call in data.held_out_calls(model.net):
                with torch.enable_grad():
                    x = call.inputs()
                    terms = call.terms(x, model.net(x))
                shown += sum(float(t.residual.square().mean()) for t in terms)
        history = model.opt.history
        assert history[-1].best == min(h.best for h in history)
        if model.loss_weights is None:
            assert shown == pytest.approx(history[-1].best, rel=1e-6)
    assert any(h.held_out > h.best for h in model.opt.history)
