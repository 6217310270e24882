"""The systems of Gauss-Newton: equal solutions, bounded memory, honest iterations."""

from __future__ import annotations

import deepxde as dde
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from ncl_deepxde.data import Collocation, Condition, initial_slice, uniform_box
from ncl_deepxde.nn import NCL
from ncl_deepxde.operators import Flow, incompressibility, momentum
from ncl_deepxde.optimizers import GaussNewton
from ncl_deepxde.optimizers.gauss_newton import jacobian as _jacobian
from ncl_deepxde.optimizers.gauss_newton.cg import conjugate_gradients, nystrom
from ncl_deepxde.optimizers.gauss_newton.damped_solve import (
    SolverOptions,
    damped_solver,
)
from ncl_deepxde.optimizers.gauss_newton.layer_path import layer_jacobian
from ncl_deepxde.optimizers.gauss_newton.residuals import ResidualVector

BOX = uniform_box([0.0, 0.0, 0.0], [1.0, 1.0, 0.3])
START = initial_slice(uniform_box([0.0, 0.0], [1.0, 1.0]))
TIGHT = {"tolerance": 1e-11, "iterations": 1000}


def euler(inputs, outputs):
    flow = Flow.of(inputs, outputs)
    return [*momentum(flow).split(1, dim=1), incompressibility(flow)]


def start(inputs, outputs):
    return [outputs[:, :1] - 1 - inputs[:, :1] ** 2]


def torus_model(width=8, num_points=20, **options):
    conditions = [Condition("t=0", START, 9, start)]
    net = NCL([3, width, width, 4], "tanh", "Glorot normal", periods=1.0)
    model = dde.Model(Collocation(euler, BOX, num_points, conditions), net)
    model.compile(GaussNewton(model, **options), verbose=0)
    return model


def step(model):
    inputs, _ = model.data.train_next_batch()
    return model.train_step(inputs, None, None)


def jacobian_of(model):
    inputs, _ = model.data.train_next_batch()
    model.outputs_losses_train(inputs, None, None)
    parameters = dict(model.net.named_parameters())
    return layer_jacobian(ResidualVector(model).terms, parameters)


def matrix_of(jacobian):
    return torch.cat([J.clone() for J in jacobian.columns()], dim=1)


def flat(tensors):
    return torch.cat([t.flatten() for t in tensors])


@pytest.mark.parametrize("kind", ["kernel", "gram", "cg"])
@pytest.mark.parametrize("num_points", [20, 80])
def test_solvers_agree_with_singular_values(kind: str, num_points: int) -> None:
    jacobian = jacobian_of(torus_model(num_points=num_points))
    J = matrix_of(jacobian)
    # More parameters than residuals, and fewer.
    assert (J.shape[0] < J.shape[1]) == (num_points == 20)
    b, damping = torch.randn(len(J)), 1e-4
    U, s, V = torch.linalg.svd(J, full_matrices=False)
    mu = damping * s.square().sum() / len(J)
    expected = V.T @ (s / (s.square() + mu) * (U.T @ b))
    options = SolverOptions(kind, rank=40, **TIGHT)
    found = flat(damped_solver(jacobian, damping, options, seed=0).solve(b))
    # Condition number 1e2 / 1e-4 times the tolerance of conjugate gradients is 1e-5;
    # the largest errors are not in the smallest eigenvectors alone.
    assert (found - expected).norm() < 1e-6 * expected.norm()


def test_smaller_matrix_is_chosen(monkeypatch) -> None:
    for num_points, name in (20, "kernel"), (80, "gram"):
        jacobian = jacobian_of(torus_model(num_points=num_points))
        other = {"kernel": "gram", "gram": "kernel"}[name]
        with monkeypatch.context() as patch:
            patch.setattr(_jacobian.Jacobian, other, None)
            patch.setattr(
                "ncl_deepxde.optimizers.gauss_newton.damped_solve.nystrom", None
            )
            damped_solver(jacobian, 1e-3, SolverOptions("auto", 5, 1e-3, 5), 0)
    with monkeypatch.context() as patch:
        patch.setattr("ncl_deepxde.optimizers.gauss_newton.damped_solve.MOST_DENSE", 50)
        patch.setattr(_jacobian.Jacobian, "kernel", None)
        patch.setattr(_jacobian.Jacobian, "gram", None)
        damped_solver(jacobian, 1e-3, SolverOptions("auto", 5, 1e-3, 5), 0)


@pytest.mark.parametrize("entries", [1, 500, 2**24])
def test_panels_do_not_change_the_matrices(monkeypatch, entries: int) -> None:
    jacobian = jacobian_of(torus_model())
    J = matrix_of(jacobian)
    monkeypatch.setattr(_jacobian, "ENTRIES", entries)
    # Sums of some hundred products in another order.
    close = {"rtol": 0, "atol": 1e-13 * J.square().sum().item()}
    torch.testing.assert_close(matrix_of(jacobian), J)
    torch.testing.assert_close(jacobian.kernel().tril(), (J @ J.T).tril(), **close)
    torch.testing.assert_close(jacobian.gram().tril(), (J.T @ J).tril(), **close)


class Largest(TorchDispatchMode):
    """Remembers the size of the largest tensor that was made."""

    entries = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for found in out if isinstance(out, (list, tuple)) else [out]:
            if isinstance(found, torch.Tensor):
                self.entries = max(self.entries, found.numel())
        return out


def test_memory_does_not_grow_with_points_times_parameters(monkeypatch) -> None:
    model = torus_model(width=80)
    monkeypatch.setattr(_jacobian, "ENTRIES", 40_000)
    with Largest() as largest:
        jacobian = jacobian_of(model)
        with torch.no_grad():
            K = jacobian.kernel()
    widest = max(p.numel() for p in model.net.parameters())
    assert (len(K), widest) == (69, 6400)
    # Streams of a layer: ten derivatives at 20 points, 80 units.
    assert largest.entries <= 40_000 < 20 * widest
    with Largest() as largest, torch.no_grad():
        jacobian.kernel()
        jacobian.pull(jacobian.residuals)
        nystrom(jacobian, 10, 0)
    assert largest.entries <= 40_000


def test_full_sketch_is_the_kernel() -> None:
    jacobian = jacobian_of(torus_model())
    J = matrix_of(jacobian)
    K = J @ J.T
    sketch = nystrom(jacobian, 1000, 0)
    U, values = sketch.vectors, sketch.values
    assert U.shape == K.shape
    # The shift adds sqrt(R) eps |K|, and the factorization divides by it.
    scale = K.norm().item()
    torch.testing.assert_close((U * values) @ U.T, K, rtol=0, atol=1e-12 * scale)
    assert sketch.scale == pytest.approx(K.diagonal().mean().item())
    damped = K + 0.1 * torch.eye(len(K))
    product = torch.stack([sketch.preconditioner(0.1)(row) for row in damped])
    level = values[-1].item() + 0.1
    torch.testing.assert_close(product, level * torch.eye(len(K)), rtol=0, atol=1e-9)


def test_sketch_depends_on_its_seed_alone() -> None:
    jacobian = jacobian_of(torus_model())
    first, state = nystrom(jacobian, 7, 3), torch.get_rng_state()
    torch.rand(5)
    second, other = nystrom(jacobian, 7, 3), nystrom(jacobian, 7, 4)
    assert torch.equal(first.vectors, second.vectors)
    assert not torch.equal(first.vectors, other.vectors)
    torch.set_rng_state(state)
    nystrom(jacobian, 7, 3)
    assert torch.equal(torch.get_rng_state(), state)


def test_preconditioner_saves_iterations() -> None:
    jacobian = jacobian_of(torus_model())
    J = matrix_of(jacobian)
    sketch = nystrom(jacobian, 40, 0)
    mu, counts = 1e-4 * sketch.scale, []

    def A(v):
        counts[-1] += 1
        return J @ (v @ J) + mu * v

    for precondition in (lambda v: v, sketch.preconditioner(mu)):
        counts.append(0)
        a, is_accurate = conjugate_gradients(
            A, jacobian.residuals, precondition, 1e-6, 500
        )
        assert is_accurate
        assert (A(a) - jacobian.residuals).norm() < 2e-6 * jacobian.residuals.norm()
    assert counts[1] < counts[0] / 3


def test_unreached_tolerance_warns_and_raises_the_damping() -> None:
    options = {"solver": "cg", "rank": 1, "tolerance": 1e-9, "iterations": 3}
    model = torus_model(**options)
    with pytest.warns(RuntimeWarning, match="conjugate gradients left"):
        step(model)
    assert model.opt.param_groups[0]["damping"] == pytest.approx(2e-3)
    # Three iterations from zero still descend.
    assert any(entry["direction"].any() for entry in model.opt.state.values())


@pytest.mark.parametrize("options", [{"solver": "cg"}, {"solver": "gram"}])
def test_steps_agree_with_the_kernel(options: dict) -> None:
    found = []
    for own in ({"solver": "kernel"}, options | TIGHT):
        dde.config.set_random_seed(1)
        model = torus_model(**own)
        for _ in range(3):
            step(model)
        found.append(flat(model.net.parameters()).detach())
    torch.testing.assert_close(*found, rtol=1e-6, atol=1e-6)


def test_each_step_evaluates_its_losses_once() -> None:
    model = torus_model(halvings=0)
    seen, calls, original = [], [], model.data.losses_train

    def watched(*arguments, **options):
        terms = original(*arguments, **options)
        seen.append(torch.stack(terms).sum().item())
        return terms

    model.data.losses_train = watched
    model.net.register_forward_hook(lambda *_: calls.append(1))
    step(model)
    assert len(seen) == 1
    # Two network calls for the losses, two for the trial of the step.
    assert len(calls) == 4
    assert model.data.losses_train is watched
    assert all(p.requires_grad and p.grad is None for p in model.net.parameters())
