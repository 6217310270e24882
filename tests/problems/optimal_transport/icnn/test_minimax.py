"""Pairs of potentials: trained in turns, and right between Gaussians."""

from __future__ import annotations

from itertools import pairwise

import deepxde as dde
import pytest
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.data.samplers import keyed_generator
from ncl_deepxde.problems.optimal_transport.densities import (
    GaussianMixture,
    gaussian_cost,
    pair,
)
from ncl_deepxde.problems.optimal_transport.icnn import (
    ConvexPair,
    Minimax,
    minimax_stage,
)
from ncl_deepxde.runs.training import train

RHO_0 = GaussianMixture([[0.0, 0.0]], 1.0)
RHO_1 = GaussianMixture([[1.0, 0.5]], 0.5)
SETTINGS = {"steps": 6, "inner": 2, "lr": 1e-2, "least_lr": 1e-4, "betas": (0.5, 0.9)}


def build(batch=16, seed=0, **options):
    dde.config.set_random_seed(seed)
    net = ConvexPair(2, (8, 8), **options)
    data = Minimax(RHO_0, RHO_1, batch=batch, seed=seed)
    return dde.Model(data, net)


def run(directory, model, callbacks=(), **options):
    settings = {**SETTINGS, **options.pop("settings", {})}
    stage = minimax_stage(model.net, model.data, **settings)
    options = {"name": "icnn", "progress": False, "checkpoint_steps": 1, **options}
    return train(model, [stage], directory, callbacks=callbacks, **options)


def weights(module):
    return torch.nn.utils.parameters_to_vector(module.parameters()).detach().clone()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A pair of potentials between two Gaussians, in single precision."""
    dde.config.set_random_seed(0)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    dde.config.real.set_float32()
    net = ConvexPair(2, (32, 32))
    model = dde.Model(Minimax(RHO_0, RHO_1, batch=256), net)
    run(tmp_path_factory.mktemp("icnn"), model, settings={"steps": 400, "inner": 5})
    torch.set_default_dtype(before)
    dde.config.real.set_float64()
    return net.double()


def midpoint_defect(f, n=5000, scale=3.0):
    """Largest f((x + y)/2) - (f(x) + f(y))/2, which is negative for convex f."""
    x, y = scale * torch.randn(2, n, 2)
    with torch.no_grad():
        return float((f((x + y) / 2) - (f(x) + f(y)) / 2).max())


def test_trained_potentials_are_convex(trained):
    assert midpoint_defect(trained.f) < 1e-12
    # The other one has a penalty only; a parabola of curvature 1 has a defect of -9.
    assert midpoint_defect(trained.g) < 1e-3
    H = vmap(jacrev(jacrev(lambda x: trained.g(x[None])[0, 0])))(torch.randn(200, 2))
    assert torch.linalg.eigvalsh(H).min() > 0


def test_map_between_gaussians_is_affine(trained):
    x = RHO_0.sample(5000, torch.Generator().manual_seed(1))
    with torch.no_grad():
        y = trained.transport(x)
    expected = 0.5 * x + torch.tensor([1.0, 0.5])
    error = (y - expected).square().sum(dim=1).mean()
    # In units of the variance at the end, 0.5; 0.001 came out. A minimax has no more
    # precision than its noise: 256 samples of unit variance at a final rate of 1e-4.
    assert error < 0.01 * 0.5
    cost = float((y - x).square().sum(dim=1).mean())
    assert cost == pytest.approx(gaussian_cost(RHO_0, RHO_1), rel=0.02)


def test_other_potential_maps_back(trained):
    x = RHO_1.sample(2000, torch.Generator().manual_seed(1))
    back = trained.f.gradient(x)
    expected = 2 * (x - torch.tensor([1.0, 0.5]))
    # Trained on the whole only through its values: a tenth of the variance, 2.
    assert (back - expected).square().sum(dim=1).mean() < 0.2


def test_steps_alternate(monkeypatch):
    model = build()
    minimax_stage(model.net, model.data, **SETTINGS).compile(model)
    net, data, adam = model.net, model.data, model.opt
    seen = [(weights(net.f), weights(net.g))]

    def loss_of_g(*arguments):
        seen.append((weights(net.f), weights(net.g)))
        return Minimax.loss_of_g(data, *arguments)

    monkeypatch.setattr(data, "loss_of_g", loss_of_g)
    data.train_next_batch()
    adam.step(lambda: closure(model, seen))
    seen.append((weights(net.f), weights(net.g)))
    f, g = zip(*seen, strict=True)
    # Before everything, before each of two steps of g, before and after that of f.
    assert [torch.equal(a, b) for a, b in pairwise(f)] == [True, True, True, False]
    assert [torch.equal(a, b) for a, b in pairwise(g)] == [True, False, False, True]
    # A constant added to g does nothing: it has no gradient and no state.
    known = {name: adam.state[p] for name, p in net.named_parameters() if adam.state[p]}
    assert {int(s["step"]) for name, s in known.items() if name[0] == "f"} == {1}
    assert {int(s["step"]) for name, s in known.items() if name[0] == "g"} == {2}
    assert min(W.weight.min() for W in net.f.from_layer) >= 0


def closure(model, seen):
    seen.append((weights(model.net.f), weights(model.net.g)))
    inputs = torch.empty(0, 2)
    loss = sum(model.data.losses_train(None, None, None, inputs, model))
    model.opt.zero_grad()
    loss.backward()
    return loss


def test_losses_are_those_of_the_paper():
    model = build(batch=4000)
    net, data = model.net, model.data
    data.train_next_batch()
    x_0 = RHO_0.sample(4000, keyed_generator(data.seed, 2, 1, 0))
    y = net.transport(x_0)
    dual = (net.f(y)[:, 0] - (x_0 * y).sum(dim=1)).mean()
    found = data.loss_of_g(net, 0)
    assert found.shape == ()
    assert torch.allclose(found, dual + net.g.convexity_penalty())
    assert not torch.equal(found, data.loss_of_g(net, 1))
    loss, cost = data.losses_train(None, None, None, torch.empty(0, 2), model)
    assert data.loss_names == ["f", "cost"]
    assert not cost.requires_grad
    generator = torch.Generator().manual_seed(5)
    x_0, x_1 = (rho.sample(100_000, generator) for rho in (RHO_0, RHO_1))
    with torch.no_grad():
        y = net.transport(x_0)
        expected = net.f(x_1).mean() - net.f(y).mean()
    # Five standard errors of the smaller sample, of values with a spread of some 1.
    assert float(loss.detach()) == pytest.approx(float(expected), abs=5 / 4000**0.5)
    squares = (y - x_0).square().sum(dim=1)
    assert float(cost) == pytest.approx(float(squares.mean()), rel=5 / 4000**0.5)


class Stop(dde.callbacks.Callback):
    """Interrupts training before the update of a step, counted from 1."""

    def __init__(self, step):
        super().__init__()
        self.step = step

    def on_batch_begin(self):
        if self.model.train_state.step + 1 == self.step:
            raise RuntimeError("stopped")


@pytest.mark.parametrize("step", [1, 4])
def test_resumed_run_gives_the_same_numbers(tmp_path, dtype, step):
    whole = build()
    result = run(tmp_path / "whole", whole)
    broken = build()
    with pytest.raises(RuntimeError, match="stopped"):
        run(tmp_path / "broken", broken, callbacks=[Stop(step)])
    resumed = build()
    again = run(tmp_path / "broken", resumed, resume=True)
    assert torch.equal(weights(resumed.net), weights(whole.net))
    assert (again.steps, again.loss) == (result.steps, result.loss)
    assert weights(whole.net).dtype == dtype
    other = build(seed=1)
    run(tmp_path / "other", other)
    assert not torch.equal(weights(other.net), weights(whole.net))


def test_pairs_on_a_line_are_trained_too(tmp_path):
    rho_0, rho_1 = pair("gaussian1d-modes1d")
    net = ConvexPair(1, (4,))
    run(tmp_path, dde.Model(Minimax(rho_0, rho_1, batch=8), net))
    assert net.transport(torch.zeros(3, 1)).shape == (3, 1)
