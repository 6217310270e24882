"""Gauss-Newton: exactness on linear models, both paths, descent, resume, errors."""

from __future__ import annotations

import json
import math

import deepxde as dde
import pytest
import torch
from euler_models import (
    BOX,
    NETWORKS,
    compiled,
    euler_data,
    losses,
    parameters_of,
)
from torus_flow import step, torus_model

from ncl_deepxde.data import Collocation, uniform_box
from ncl_deepxde.nn import NCL
from ncl_deepxde.optimizers import GaussNewton
from ncl_deepxde.optimizers.gauss_newton.damped_solve import damped_factor
from ncl_deepxde.optimizers.gauss_newton.layer_path import layer_jacobian
from ncl_deepxde.optimizers.gauss_newton.residuals import ResidualVector
from ncl_deepxde.runs import Stage, train
from ncl_deepxde.runs.model_state import model_state, restore_model


def linear_problem():
    """Fit y = 2 a - b + 3 by a linear network; the loss is a quadratic."""

    def fit(inputs, outputs):
        return outputs - (2 * inputs[:, :1] - inputs[:, 1:2] + 3)

    net = torch.nn.Linear(2, 1)
    net.regularizer = net.auxiliary_vars = None
    data = Collocation(fit, uniform_box([0.0, 0.0], [1.0, 1.0]), 10)
    return compiled(net, data, weights=None, damping=1e-12, damping_range=(1e-12, 1.0))


def test_linear_least_squares_are_solved_in_one_step() -> None:
    model = linear_problem()
    step(model)
    # The damping moves the solution by its size over the smallest eigenvalue of the
    # kernel in units of the mean of its diagonal, 1e-12 / 1e-2, times the solution.
    expected = torch.tensor([[2.0, -1.0, 3.0]])
    found = torch.cat([model.net.weight, model.net.bias[:, None]], dim=1).detach()
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", ["fnn", "matrix"])
def test_paths_give_equal_steps(name: str) -> None:
    found = {}
    for path in ("layers", "samples"):
        dde.config.set_random_seed(1)
        model = compiled(NETWORKS[name](), euler_data(), path=path)
        for _ in range(3):
            step(model)
        found[path] = torch.cat([p.detach().flatten() for p in model.net.parameters()])
    torch.testing.assert_close(found["layers"], found["samples"], rtol=1e-8, atol=1e-8)


def test_second_step_obeys_the_formula_with_momentum() -> None:
    model = compiled(NETWORKS["fnn"](), euler_data(), momentum=0.7, corrections=0)
    step(model)
    group, parameters = model.opt.param_groups[0], list(model.net.parameters())
    phi = torch.cat([model.opt.state[p]["direction"].flatten() for p in parameters])
    lam, before = group["damping"], [p.detach().clone() for p in parameters]
    losses(model)
    model.data.load_state_dict({"step": 1})
    jacobian = layer_jacobian(ResidualVector(model).terms, parameters_of(model))
    J = torch.cat([torch.cat([q.rows() for q in b]) for b in jacobian.blocks], dim=1)
    K = J @ J.T
    damped = K + lam * K.diagonal().mean() * torch.eye(len(K))
    rest = jacobian.residuals - 0.7 * J @ phi
    delta = 0.7 * phi + J.T @ torch.linalg.solve(damped, rest)
    step(model)
    moved = torch.cat(
        [(b - p.detach()).flatten() for b, p in zip(before, parameters, strict=True)]
    )
    size = (moved @ delta / (delta @ delta)).item()
    assert size == pytest.approx(2.0 ** round(math.log2(size)))
    # The kernel's condition number is below 1 / lam < 1e4 per mean eigenvalue.
    torch.testing.assert_close(moved, size * delta, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", ["fnn", "matrix"])
def test_loss_of_the_torus_flow_falls(name: str, dtype: torch.dtype) -> None:
    model = compiled(NETWORKS[name](), euler_data(60, 30))
    before = losses(model).item()
    for _ in range(12):
        step(model)
    # At fresh points; twelve steps of Adam, rate 1e-3, leave more than 0.9 of it.
    assert losses(model).item() < 0.5 * before
    assert {p.dtype for p in model.net.parameters()} == {dtype}


def test_damping_follows_the_size_of_the_step() -> None:
    model = linear_problem()
    group = model.opt.param_groups[0]
    group["damping"] = 1e-3
    step(model)
    assert group["damping"] == pytest.approx(0.5e-3)
    # At the solution no step lowers the loss: the optimizer stays where it is.
    for p, value in zip(model.net.parameters(), ([[2.0, -1.0]], [3.0]), strict=True):
        p.data = torch.tensor(value)
    step(model)
    assert group["damping"] == pytest.approx(8e-3)
    assert torch.equal(model.net.bias.detach(), torch.tensor([3.0]))


def test_state_continues_to_the_same_numbers() -> None:
    def fresh():
        dde.config.set_random_seed(2)
        return compiled(NETWORKS["matrix"](), euler_data())

    whole, first, second = fresh(), fresh(), fresh()
    for _ in range(5):
        step(whole)
    for _ in range(3):
        step(first)
    restore_model(second, model_state(first))
    for _ in range(2):
        step(second)
    for one, other in zip(whole.net.parameters(), second.net.parameters(), strict=True):
        assert torch.equal(one, other)
    groups = [m.opt.state_dict()["param_groups"][0] for m in (whole, second)]
    assert groups[0] == groups[1]
    assert groups[0]["steps"] == 5


def test_state_holds_plain_numbers_and_tensors(tmp_path) -> None:
    model = compiled(NETWORKS["matrix"](), euler_data())
    step(model)
    torch.save(model.opt.state_dict(), tmp_path / "state.pt")
    state = torch.load(tmp_path / "state.pt", weights_only=True)["state"]
    directions = [entry["direction"] for entry in state.values()]
    assert [d.shape for d in directions] == [p.shape for p in model.net.parameters()]


def test_training_logs_and_resumes(tmp_path) -> None:
    def fresh():
        dde.config.set_random_seed(3)
        return dde.Model(euler_data(), NETWORKS["fnn"]())

    def stage(steps):
        def compile(model):
            weights = [0.1, 0.2, 0.3, 1.0, 10.0, 5.0]
            model.compile(GaussNewton(model), loss_weights=weights, verbose=0)

        return [Stage("gauss-newton", compile, steps=steps)]

    def run(model, steps):
        options = {"name": "m", "progress": False, "log_every": 1}
        return train(model, stage(steps), tmp_path, **options)

    result = run(fresh(), 3)
    assert result.steps == 3
    records = (tmp_path / "log.jsonl").read_text().splitlines()
    logged = [json.loads(line) for line in records]
    assert [r["step"] for r in logged] == [1, 2, 3]
    assert logged[-1]["loss"] == result.loss < logged[0]["loss"]
    assert set(logged[0]["terms"]) == {
        "pde 1",
        "pde 2",
        "pde 3",
        "pde 4",
        "t=0 1",
        "t=0 2",
    }


def test_singular_kernels_are_damped_and_bad_ones_refused() -> None:
    K = torch.ones(3, 3)
    factor = damped_factor(K.clone(), 0.5)
    torch.testing.assert_close(factor @ factor.T, K + 0.5 * torch.eye(3))
    assert damped_factor(K.clone(), 0.0).shape == (3, 3)
    with pytest.raises(RuntimeError, match="singular"):
        damped_factor(torch.zeros(3, 3), 1.0)
    with pytest.raises(RuntimeError, match="singular"):
        damped_factor(-K, 0.1)
    with pytest.raises(RuntimeError, match="not finite"):
        damped_factor(K * torch.nan, 1.0)


def test_infinite_residuals_are_refused() -> None:
    def overflow(inputs, outputs):
        return outputs / 0.0

    net = dde.nn.FNN([3, 4, 1], "tanh", "Glorot normal")
    model = compiled(net, Collocation(overflow, BOX, 5), weights=None)
    with pytest.raises(RuntimeError, match="residuals are not finite"):
        step(model)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"momentum": 1.0}, "momentum must lie"),
        ({"damping": 0.0}, "damping must"),
        ({"damping_range": (1.0, 0.1)}, "damping_range must"),
        ({"decay": 0.0}, "decay must"),
        ({"halvings": -1}, "halvings must"),
        ({"path": "rows"}, "path must"),
        ({"order": 0}, "order must"),
        ({"solver": "lu"}, "solver must"),
        ({"rank": 0}, "rank must"),
        ({"tolerance": 0.0}, "tolerance must"),
        ({"iterations": 0}, "iterations must"),
    ],
)
def test_bad_arguments_are_refused(options: dict, message: str) -> None:
    model = dde.Model(euler_data(), NETWORKS["fnn"]())
    with pytest.raises(ValueError, match=message):
        GaussNewton(model, **options)


def test_bad_losses_are_refused() -> None:
    model = compiled(NETWORKS["fnn"](), euler_data(), weights=None)
    model.compile(model.opt, loss="MAE", verbose=0)
    with pytest.raises(ValueError, match="sum of weighted mean squares"):
        step(model)
    with pytest.raises(ValueError, match="loss_weights"):
        step(compiled(NETWORKS["fnn"](), euler_data(), weights=[-1.0] * 6))
    with pytest.raises(ValueError, match="closure"):
        compiled(NETWORKS["fnn"](), euler_data()).opt.step()


def test_mixed_precision_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(dde.config, "mixed", True)
    with pytest.raises(ValueError, match="float type must be float32 or float64"):
        compiled(NETWORKS["matrix"](), euler_data())


@pytest.mark.parametrize("path", ["layers", "samples"])
def test_parameters_without_entries_are_left_alone(path) -> None:
    # No periodic axis and no extra output: nothing constant is trained.
    net = NCL([3, 6, 3], "tanh", "Glorot normal", mean_density=2.0)
    assert net.bias.numel() == 0
    box = uniform_box([0, 0, 0], [1, 1, 1])
    data = Collocation(lambda x, y: y[:, 1:2] - y[:, :1], box, 20)
    model = dde.Model(data, net)
    model.compile(GaussNewton(model, path=path), verbose=0)
    history, _ = model.train(iterations=3, display_every=3, verbose=0)
    assert history.loss_test[-1][0] < history.loss_test[0][0]


def test_each_step_evaluates_its_losses_once() -> None:
    model = torus_model(halvings=0, corrections=0)
    seen, calls, original = [], [], model.data.losses_train

    def watched(*arguments, **options):
        terms = original(*arguments, **options)
        seen.append(torch.stack(terms).sum().item())
        return terms

    model.data.losses_train = watched
    model.net.register_forward_hook(lambda *_: calls.append(1))
    step(model)
    # The first step evaluates them twice more, to check that they are the same.
    seen.clear(), calls.clear()
    step(model)
    assert len(seen) == 1
    # Two network calls for the losses, two for the trial, two at the held-out points.
    assert len(calls) == 6
    assert model.data.losses_train is watched
    assert all(p.requires_grad and p.grad is None for p in model.net.parameters())
