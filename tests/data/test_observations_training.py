"""Training on observations: every optimizer, gaps, resume, DeepXDE's point sets."""

from __future__ import annotations

import math

import deepxde as dde
import numpy as np
import pytest
import torch
from observed_blob import BOX, losses, model_of, ncl, rotating_blob, state, table

from ncl_deepxde.data import Condition, Observations, Penalty, Table
from ncl_deepxde.evaluation.solution import continuity_error
from ncl_deepxde.nn import NCL
from ncl_deepxde.optimizers import GaussNewton
from ncl_deepxde.optimizers.gauss_newton.layer_path import layer_jacobian
from ncl_deepxde.optimizers.gauss_newton.residuals import ResidualVector
from ncl_deepxde.optimizers.gauss_newton.sample_path import sample_jacobian
from ncl_deepxde.runs import Stage, train

OPTIMIZERS = {
    "adam": (lambda model: "adam", 40),
    "lbfgs": (lambda model: "L-BFGS", 10),
    "nncg": (lambda model: "NNCG", 1),
    "gauss-newton": (GaussNewton, 5),
}


@pytest.fixture
def _short_solves():
    """Few inner iterations of DeepXDE's optimizers, whose options are global."""
    dde.optimizers.set_LBFGS_options(maxiter=10)
    dde.optimizers.set_NNCG_options(rank=10, cgmaxiter=30)
    yield
    dde.optimizers.set_LBFGS_options()
    dde.optimizers.set_NNCG_options()


# NNCG itself meets this warning of torch.
@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad")
@pytest.mark.usefixtures("_short_solves")
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_lowers_the_loss(name) -> None:
    optimizer, steps = OPTIMIZERS[name]
    model = dde.Model(Observations(table(gaps=True), 30), ncl())
    model.compile(optimizer(model), lr=1e-2 if name == "adam" else None, verbose=0)
    before = losses(model).sum().item()
    model.train(iterations=steps, display_every=1000, verbose=0)
    # NNCG leaves 0.7 of it after its only step, the others less than a third.
    assert losses(model).sum().item() < 0.9 * before


@pytest.mark.parametrize("path", ["layers", "samples"])
def test_jacobian_knows_gaps_and_noise(path) -> None:
    bulk = Condition("bulk", BOX, 5, lambda x, y: [y[:, :1]], has_derivatives=False)
    source = table(gaps=True, velocity_noise=[[1.0, 0.5]])
    model = model_of(
        Observations(source, 30, conditions=[bulk]), loss_weights=[2.0, 3.0, 5.0]
    )
    loss = losses(model).sum()
    vector = ResidualVector(model)
    parameters = {n: p for n, p in model.net.named_parameters() if p.numel()}
    if path == "layers":
        jacobian = layer_jacobian(vector.terms, parameters)
    else:
        jacobian = sample_jacobian(vector, parameters, order=1)
    r = jacobian.residuals
    assert r.shape == (3 * 30 + 5,)
    # Each of 30 rows has one entry for the density and two for the velocity.
    assert int((r == 0).sum()) == 8 + 13
    torch.testing.assert_close(r.square().sum(), loss.detach())
    grads = torch.autograd.grad(loss, list(parameters.values()))
    for found, expected in zip(jacobian.pull(2 * r), grads, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-11)


def test_gauss_newton_solves_a_linear_problem_with_gaps_in_one_step() -> None:
    true = torch.tensor([[2.0, -1.0, 3.0], [0.5, 0.0, 1.0]])
    points = torch.rand(20, 2)
    values = points @ true[:, :2].T + true[:, 2]
    rho, u = values[:, :1].clone(), values[:, 1:].clone()
    rho[::3], u[1::4] = math.nan, math.nan
    net = torch.nn.Linear(2, 2)
    net.regularizer = net.auxiliary_vars = None
    source = Table(points, rho, u)
    data = Observations(source, 20, density="linear", output="velocity")
    model = dde.Model(data, net)
    optimizer = GaussNewton(model, damping=1e-12, damping_range=(1e-12, 1.0))
    model.compile(optimizer, verbose=0)
    model.train(iterations=1, display_every=100, verbose=0)
    found = torch.cat([net.weight, net.bias[:, None]], dim=1).detach()
    # The damping over the smallest eigenvalue of the kernel, 1e-12 / 1e-2.
    torch.testing.assert_close(found, true, rtol=0, atol=1e-9)


def test_gauss_newton_fits_the_flow() -> None:
    data = Observations(table(200, gaps=True), 100)
    net = NCL([3, 16, 16, 3], "tanh", "Glorot normal", mean_density=3.0)
    model = dde.Model(data, net)
    model.compile(GaussNewton(model), verbose=0)
    model.train(iterations=40, display_every=1000, verbose=0)
    rng = np.random.default_rng(9)
    points = rng.uniform([-0.9, -0.9, 0.1], [0.9, 0.9, 0.9], (300, 3))
    rho, u = map(torch.as_tensor, rotating_blob(points))
    found = state(net, torch.as_tensor(points))
    # Errors of the mean square, of fields with variance 0.06 and 0.27.
    assert (found[0] - rho).square().mean() < 2e-3
    assert (found[1] - u).square().mean() < 2e-3
    assert continuity_error(net, points[:, :2], points[:, 2:]).relative < 1e-11


def test_gauss_newton_refuses_penalties() -> None:
    mass = Penalty("mass", lambda net: net.bias.sum())
    model = dde.Model(Observations(table(), 30, penalties=[mass]), ncl())
    with pytest.raises(ValueError, match=r"penalties .* \['mass'\].* Condition"):
        GaussNewton(model)


class Killed(Exception):
    """Ends a run in the middle."""


class KillAt(dde.callbacks.Callback):
    def __init__(self, step):
        super().__init__()
        self.step = step

    def on_batch_begin(self):
        if self.model.train_state.step == self.step:
            raise Killed


@pytest.mark.parametrize("optimizer", [lambda model: "adam", GaussNewton])
def test_resumed_run_gives_the_same_numbers(tmp_path, optimizer) -> None:
    def run(directory, **options):
        dde.config.set_random_seed(1)
        model = dde.Model(Observations(table(gaps=True), 7, seed=2), ncl())

        def compile(model):
            model.compile(optimizer(model), lr=1e-2, verbose=0)

        stages = [Stage("fit", compile, steps=9)]
        settings = {"name": "m", "progress": False, "checkpoint_steps": 2}
        result = train(model, stages, directory, **settings, **options)
        weights = torch.nn.utils.parameters_to_vector(model.net.parameters())
        return weights.detach(), result.loss

    whole = run(tmp_path / "whole")
    with pytest.raises(Killed):
        run(tmp_path / "killed", callbacks=[KillAt(5)])
    resumed = run(tmp_path / "killed", resume=True)
    assert torch.equal(whole[0], resumed[0])
    assert whole[1] == resumed[1]


def test_point_sets_of_deepxde_train_on_the_same_table() -> None:
    source = table(40)
    points, rho = source.observed.points.numpy(), source.observed.density.numpy()
    m = rho * source.observed.velocity.numpy()
    cube = dde.geometry.GeometryXTime(
        dde.geometry.Rectangle([-1, -1], [1, 1]), dde.geometry.TimeDomain(0, 1)
    )
    sets = [
        dde.icbc.PointSetBC(points, rho, component=0),
        dde.icbc.PointSetBC(points, m, component=[1, 2]),
    ]
    ours = Observations(source, 40, density="linear", velocity="momentum")
    trained, histories = [], []
    for data in (dde.data.TimePDE(cube, None, sets, num_domain=0), ours):
        dde.config.set_random_seed(4)
        model = model_of(data, lr=1e-2, loss_weights=[1.0, 0.5])
        model.train(iterations=60, display_every=60, verbose=0)
        trained.append(model.net)
        histories.append(np.array(model.losshistory.loss_train))
    assert histories[0].shape == (2, 2)
    assert histories[0][-1].sum() < histories[0][0].sum() / 3
    # Sums in another order, amplified by sixty steps of Adam.
    np.testing.assert_allclose(*histories, rtol=1e-8)
    for one, other in zip(*(net.parameters() for net in trained), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-7, atol=1e-9)
