"""Weights that balance the terms of a loss."""

from __future__ import annotations

import pytest
import torch
from euler_models import NETWORKS, compiled, euler_data
from torus_flow import jacobian_of, matrix_of, step, torus_model

from ncl_deepxde.optimizers.gauss_newton.balance import balance_of
from ncl_deepxde.runs.model_state import model_state, restore_model

WEIGHTS = (0.1, 0.2, 0.3, 1.0, 10.0, 5.0)


def test_shares_of_the_trace_are_equal() -> None:
    jacobian = jacobian_of(torus_model())
    names = ["momentum", "momentum", "incompressibility", "start"]
    terms = ["momentum", "incompressibility", "start"]
    with torch.no_grad():
        found = balance_of(jacobian, names, terms)
    parts = matrix_of(jacobian).detach().split(list(jacobian.sizes))
    x, y, *others = [float(part.square().sum()) for part in parts]
    traces = [x + y, *others]
    shares = [f * t for f, t in zip(found, traces, strict=True)]
    assert shares == pytest.approx([sum(traces) / 3] * 3)


def after_steps(weights, *, balance, steps=4):
    torch.manual_seed(0)
    model = compiled(NETWORKS["fnn"](), euler_data(), weights=weights, balance=balance)
    for _ in range(steps):
        step(model)
    return model, torch.cat([p.detach().flatten() for p in model.net.parameters()])


def test_balanced_steps_do_not_depend_on_the_weights_given() -> None:
    others = [w * s for w, s in zip(WEIGHTS, (1, 1e3, 1e-3, 1, 20, 7), strict=True)]
    (_, one), (_, other) = (after_steps(w, balance=True) for w in (WEIGHTS, others))
    # Directions of a small damping amplify rounding.
    torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-8)
    (_, one), (_, other) = (after_steps(w, balance=False) for w in (WEIGHTS, others))
    assert (one - other).abs().max() > 1e-2


def test_what_holds_by_construction_is_not_raised() -> None:
    torch.manual_seed(0)
    model = compiled(NETWORKS["matrix"](), euler_data(), weights=None, balance=True)
    step(model)
    factors = model.opt.param_groups[0]["balance"]
    assert factors[3] == 1.0  # continuity, of an exact network
    assert all(f > 0 for f in factors)


def test_a_checkpoint_holds_the_balance() -> None:
    model, _ = after_steps(WEIGHTS, balance=True)
    torch.manual_seed(0)
    other = compiled(NETWORKS["fnn"](), euler_data(), weights=WEIGHTS, balance=True)
    restore_model(other, model_state(model))
    for _ in range(2):
        step(model)
        step(other)
    found = [m.opt.param_groups[0]["balance"] for m in (model, other)]
    assert found[0] == found[1]
    for one, two in zip(model.net.parameters(), other.net.parameters(), strict=True):
        assert torch.equal(one, two)
