"""What each step did."""

from __future__ import annotations

import pytest
import torch
from torus_flow import jacobian_of, matrix_of, step, torus_model

from ncl_deepxde.optimizers.gauss_newton.history import rank_of


def test_history_tells_what_steps_did() -> None:
    model = torus_model(report=True)
    before = [p.detach().clone() for p in model.net.parameters()]
    loss = float(step(model) or 0.0)
    (found,) = model.opt.history
    assert found.step == 1
    assert loss in (0.0, pytest.approx(found.loss))
    assert 0 < found.left < found.loss
    assert 0 < found.rank <= min(found.shape)
    moved = [
        model.opt.state[p]["iterate"] - b
        for p, b in zip(model.net.parameters(), before, strict=True)
    ]
    norm = torch.cat([m.flatten() for m in moved]).norm().item()
    assert found.norm == pytest.approx(norm, rel=1e-6)
    assert found.shape == (69, sum(p.numel() for p in model.net.parameters()))


def test_rank_carries_the_trace() -> None:
    model = torus_model()
    jacobian = jacobian_of(model)
    values = torch.linalg.svdvals(matrix_of(jacobian).double()).square()
    share = values.cumsum(0) / values.sum()
    rank = rank_of(jacobian)
    assert share[rank - 1] >= 0.99 > share[rank - 2]
