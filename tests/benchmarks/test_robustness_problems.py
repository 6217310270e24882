"""Problems of the benchmark of robustness: they train, and the judge is fair."""

import importlib
from pathlib import Path

import numpy as np
import pytest
import torch

FOLDER = Path(__file__).parents[2] / "benchmarks"
NAMES = (
    "burgers",
    "burgers-plain",
    "allen-cahn",
    "kovasznay",
    "torus-pinn",
    "torus-pinn-hard",
    "torus-ncl-hard",
    "ball-pinn-hard",
    "ball-ncl-hard",
)


@pytest.fixture
def module(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("robustness_problems")


def test_all_problems_are_tested(module):
    assert tuple(module.PROBLEMS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_has_the_points_asked_for(module, name):
    model = module.trial(name, 30, 3).model
    points, _ = model.data.train_next_batch()
    assert len(points) + sum(model.data.num_bcs) == 30
    again = module.trial(name, 30, 3, 50).model
    assert [len(m.data.test()[0]) for m in (model, again)] == [30, 50]
    for p, q in zip(model.net.parameters(), again.net.parameters(), strict=True):
        assert torch.equal(p, q)


@pytest.mark.parametrize("name", ["allen-cahn", "torus-pinn"])
def test_judge_agrees_with_the_weighted_loss(module, name):
    found, judge = module.trial(name, 30, 0), module.Judge(name)
    model = found.model
    loss = judge.loss(model.net)
    assert judge.loss(model.net) == loss  # the same points
    other = module.trial(name, module.JUDGE_POINTS, 1)
    other.model.net = model.net
    other.model.compile("adam", lr=1e-3, loss_weights=found.weights, verbose=0)
    points, _ = other.model.data.train_next_batch()
    same = other.model.outputs_losses_train(points, None, None)[1].sum().item()
    # Both are means of a thousand points, of a smooth function on an even lattice.
    assert loss == pytest.approx(same, rel=0.1)
    with torch.no_grad():
        for p in model.net.parameters():
            p.fill_(float("nan"))
    assert np.isnan(judge.loss(model.net))


def test_kovasznay_residuals_vanish_at_the_exact_flow(module):
    x = torch.rand(7, 2, dtype=torch.float64, requires_grad=True)
    growth = torch.exp(module.DECAY * x[:, :1])
    angle = 2 * torch.pi * x[:, 1:]
    u = 1 - growth * torch.cos(angle)
    v = module.DECAY / (2 * torch.pi) * growth * torch.sin(angle)
    y = torch.cat([u, v, (1 - growth**2) / 2], dim=1)
    np.testing.assert_allclose(y.detach(), module.exact(x.detach().numpy()), rtol=1e-12)
    for residual in module.momentum_and_divergence(x, y):
        assert residual.shape == (7, 1)
        # Sums of a dozen terms of size one.
        assert residual.abs().max() < 1e-13
