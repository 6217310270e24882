"""The networks inside dde.Model: train, predict, save, restore, the one-word swap."""

import copy
import re

import deepxde as dde
import numpy as np
import pytest
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.nn import NCL, CurlNet, DivergenceFree

pytestmark = [
    pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning"),
    # DeepXDE's NNCG calls float(loss).
    pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad"),
]


@pytest.fixture(autouse=True)
def _restore_optimizer_options():
    options = dde.optimizers.config.LBFGS_options, dde.optimizers.config.NNCG_options
    before = [dict(found) for found in options]
    yield
    for found, old in zip(options, before, strict=True):
        found.clear()
        found.update(old)


def euler(x, y):
    """Momentum along x and continuity, with dde.grad only."""
    rho, m = y[:, :1], y[:, 1:2]
    rho_t = dde.grad.jacobian(y, x, i=0, j=2)
    m_t = dde.grad.jacobian(y, x, i=1, j=2)
    p_x = dde.grad.jacobian(y, x, i=3, j=0)
    continuity = (
        rho_t + dde.grad.jacobian(y, x, i=1, j=0) + dde.grad.jacobian(y, x, i=2, j=1)
    )
    return [rho**2 * (m_t + p_x) - rho * rho_t * m, continuity]


def time_pde(pde=euler, num_domain=40):
    geom = dde.geometry.Rectangle([0, 0], [1, 1])
    geomtime = dde.geometry.GeometryXTime(geom, dde.geometry.TimeDomain(0, 0.5))
    ics = [
        dde.icbc.IC(geomtime, f, lambda _, on_initial: on_initial, component=c)
        for c, f in enumerate([lambda x: 2 + x[:, :1], lambda x: x[:, 1:2] - 0.5])
    ]
    return dde.data.TimePDE(
        geomtime,
        pde,
        ics,
        num_domain=num_domain,
        num_initial=12,
        train_distribution="pseudo",
    )


def ncl(**options):
    return NCL([3, 8, 8, 4], "tanh", "Glorot normal", **options)


def total_loss(model):
    return float(np.sum(model.losshistory.loss_train[-1]))


def first_loss(model):
    return float(np.sum(model.losshistory.loss_train[0]))


def relative_residual(net, dtype=None):
    x = torch.rand(9, 3, dtype=dtype)
    J = vmap(jacrev(lambda z: net.flux(z[None])[0]))(x).detach()
    terms = torch.stack([J[:, 0, 2], J[:, 1, 0], J[:, 2, 1]], dim=1)
    return float(terms.sum(dim=1).abs().max() / terms.abs().max())


NETWORKS = {
    "matrix": lambda: ncl(),
    "vector": lambda: ncl(construction="vector"),
    "velocity": lambda: ncl(output="velocity", mean_density=3.0),
    "plain-autograd": lambda: ncl(served=0),
    "two-served": lambda: ncl(served=2),
    "torus": lambda: ncl(periods=1.0, harmonics=2),
    "curl": lambda: CurlNet([3, 8, 8, 4], "tanh", "Glorot normal"),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_adam_trains_every_network(name) -> None:
    net = NETWORKS[name]()
    model = dde.Model(time_pde(), net)
    model.compile("adam", lr=5e-3)
    model.train(iterations=30, display_every=30, verbose=0)
    assert total_loss(model) < 0.8 * first_loss(model)
    if name != "curl":
        assert relative_residual(net) < 1e-12
    if name not in ("curl", "velocity"):
        assert all(losses[1] < 1e-26 for losses in model.losshistory.loss_train)


@pytest.mark.parametrize("served", [0, 1])
@pytest.mark.parametrize("construction", ["matrix", "vector"])
def test_lbfgs_trains(construction, served) -> None:
    dde.optimizers.config.LBFGS_options.update(
        maxiter=10, iter_per_step=5, fun_per_step=10
    )
    net = ncl(construction=construction, served=served)
    model = dde.Model(time_pde(), net)
    model.compile("L-BFGS")
    model.train(verbose=0)
    assert total_loss(model) < 0.5 * first_loss(model)
    assert relative_residual(net) < 1e-12


@pytest.mark.parametrize("chunk", [1, 4])
@pytest.mark.parametrize("served", [0, 1])
def test_nncg_trains(served, chunk) -> None:
    dde.optimizers.config.set_NNCG_options(rank=4, mu=1e-1, chunksz=chunk, cgmaxiter=5)
    net = ncl(served=served)
    model = dde.Model(time_pde(), net)
    model.compile("NNCG")
    model.train(iterations=2, display_every=1, verbose=0)
    assert total_loss(model) < 0.9 * first_loss(model)
    assert relative_residual(net) < 1e-12


def test_optimizers_take_the_same_steps_served_or_not() -> None:
    """The gradients agree to 1e-10, so five Adam steps agree to about as much."""
    found = []
    for served in 0, 1, 2:
        dde.config.set_random_seed(3)
        model = dde.Model(time_pde(), ncl(served=served))
        model.compile("adam", lr=1e-3)
        model.train(iterations=5, display_every=5, verbose=0)
        found.append(model.losshistory.loss_train[-1])
    for other in found[1:]:
        np.testing.assert_allclose(other[[0, 2, 3]], found[0][[0, 2, 3]], rtol=1e-9)


def test_weight_decay_and_l1_reach_the_weights() -> None:
    losses = []
    for regularization in None, ("l1", 1e-2), ("l2", 1e-2):
        dde.config.set_random_seed(0)
        net = NCL([3, 8, 8, 4], "tanh", "Glorot normal", regularization)
        model = dde.Model(time_pde(), net)
        model.compile("adam", lr=1e-2)
        model.train(iterations=20, display_every=20, verbose=0)
        losses.append(sum(float(p.detach().square().sum()) for p in net.parameters()))
    assert losses[1] < losses[0]
    assert losses[2] < losses[0]


@pytest.mark.parametrize("name", NETWORKS)
def test_predict_and_operators(name) -> None:
    net = NETWORKS[name]()
    model = dde.Model(time_pde(), net)
    model.compile("adam", lr=1e-3)
    x = np.random.default_rng(0).random((7, 3))
    y = model.predict(x)
    assert y.shape == (7, 4)
    np.testing.assert_allclose(y, net(torch.tensor(x)).detach(), rtol=1e-12)
    momentum, continuity = model.predict(x, operator=euler)
    assert momentum.shape == continuity.shape == (7, 1)
    J = vmap(jacrev(lambda z: net(z[None])[0]))(torch.tensor(x)).detach().numpy()
    rho, m = y[:, 0], y[:, 1]
    right = rho**2 * (J[:, 1, 2] + J[:, 3, 0]) - rho * J[:, 0, 2] * m
    np.testing.assert_allclose(momentum[:, 0], right, rtol=1e-10, atol=1e-10)
    right = J[:, 0, 2] + J[:, 1, 0] + J[:, 2, 1]
    np.testing.assert_allclose(continuity[:, 0], right, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", NETWORKS)
def test_save_and_restore_are_bit_identical(name, tmp_path) -> None:
    x = np.random.default_rng(0).random((7, 3))
    model = dde.Model(time_pde(), NETWORKS[name]())
    model.compile("adam", lr=1e-2)
    model.train(iterations=3, display_every=3, verbose=0)
    path = model.save(str(tmp_path / "model"), verbose=0)
    other = dde.Model(time_pde(), NETWORKS[name]())
    other.compile("adam", lr=1e-2)
    assert not np.array_equal(other.predict(x), model.predict(x))
    other.restore(path, verbose=0)
    assert np.array_equal(other.predict(x), model.predict(x))
    assert all(
        torch.equal(a, b)
        for a, b in zip(model.net.parameters(), other.net.parameters(), strict=True)
    )


def test_a_copy_trains_apart() -> None:
    net = ncl()
    x = torch.rand(5, 3)
    before, twin = net(x).detach(), copy.deepcopy(net)
    model = dde.Model(time_pde(), twin)
    model.compile("adam", lr=1e-2)
    model.train(iterations=2, display_every=2, verbose=0)
    assert torch.equal(net(x), before)
    assert not torch.equal(twin(x), before)


def test_external_variables_are_trained() -> None:
    factor = dde.Variable(0.5)

    def pde(x, y):
        return dde.grad.jacobian(y, x, i=0, j=2) - factor * y[:, :1]

    model = dde.Model(time_pde(pde), ncl())
    model.compile("adam", lr=1e-2, external_trainable_variables=factor)
    model.train(iterations=3, display_every=3, verbose=0)
    # Adam moves by about its learning rate at every step.
    assert 0.005 < abs(float(factor.detach()) - 0.5) < 0.05


def test_second_derivatives_in_a_pde() -> None:
    def viscous(x, y):
        laplacian = sum(dde.grad.hessian(y, x, component=1, i=i, j=i) for i in (0, 1))
        return dde.grad.jacobian(y, x, i=1, j=2) - 0.1 * laplacian

    losses = []
    for served in 0, 1, 2:
        dde.config.set_random_seed(1)
        model = dde.Model(time_pde(viscous), ncl(served=served))
        model.compile("adam", lr=1e-2)
        model.train(iterations=4, display_every=4, verbose=0)
        losses.append(total_loss(model))
    assert losses == pytest.approx([losses[0]] * 3, rel=1e-9)


def test_divergence_free_fits_a_field_without_time() -> None:
    def field(x):
        return np.stack([np.sin(x[:, 1]), np.sin(x[:, 0])], axis=1)

    geom = dde.geometry.Rectangle([0, 0], [1, 1])
    data = dde.data.Function(geom, field, 40, 40, "pseudo")
    model = dde.Model(data, DivergenceFree([2, 8, 8, 2], "tanh", "Glorot normal"))
    model.compile("adam", lr=1e-2)
    model.train(iterations=60, display_every=60, verbose=0)
    assert total_loss(model) < 0.1 * first_loss(model)


SCRIPT = '''
import deepxde as dde
import ncl_deepxde
import numpy as np

def pde(x, y):
    """Continuity and transport of the velocity by itself, 1D."""
    rho, m = y[:, 0:1], y[:, 1:2]
    rho_x = dde.grad.jacobian(y, x, i=0, j=0)
    rho_t = dde.grad.jacobian(y, x, i=0, j=1)
    m_x = dde.grad.jacobian(y, x, i=1, j=0)
    m_t = dde.grad.jacobian(y, x, i=1, j=1)
    return [rho_t + m_x, rho * m_t - m * rho_t + m * m_x - m**2 / rho * rho_x]

geom = dde.geometry.Interval(0, 1)
geomtime = dde.geometry.GeometryXTime(geom, dde.geometry.TimeDomain(0, 0.5))
initial = [
    dde.icbc.IC(
        geomtime, lambda x: 2 + np.sin(x[:, 0:1]), lambda _, on: on, component=0
    ),
    dde.icbc.IC(geomtime, lambda x: 0.5 + x[:, 0:1], lambda _, on: on, component=1),
]
data = dde.data.TimePDE(
    geomtime, pde, initial, num_domain=60, num_initial=20, num_test=30
)
net = dde.nn.FNN([2] + [10] * 2 + [2], "tanh", "Glorot uniform")
net.apply_feature_transform(lambda x: 2 * x - 1)
model = dde.Model(data, net)
model.compile("adam", lr=1e-2, loss_weights=[1, 1, 10, 10])
losshistory, train_state = model.train(iterations=40, display_every=20, verbose=0)
model.compile("L-BFGS")
losshistory, train_state = model.train(verbose=0)
residual = model.predict(geomtime.random_points(30), operator=pde)
'''


def test_the_one_word_swap() -> None:
    """The same script trains with either network; one of them is exact."""
    residuals = {}
    for name in "dde.nn.FNN", "ncl_deepxde.nn.NCL":
        dde.optimizers.config.LBFGS_options.update(
            maxiter=6, iter_per_step=3, fun_per_step=6
        )
        script, count = re.subn(r"dde\.nn\.FNN", name, SCRIPT)
        assert count == 1
        found = {"__name__": "script"}
        exec(script, found)
        history = found["losshistory"].loss_train
        assert np.sum(history[-1]) < 0.5 * np.sum(history[0])
        assert [r.shape for r in found["residual"]] == [(30, 1)] * 2
        residuals[name] = np.abs(found["residual"][0]).max()
    assert residuals["dde.nn.FNN"] > 1e-3
    assert residuals["ncl_deepxde.nn.NCL"] < 1e-13


def test_forward_mode_trains() -> None:
    def pde(x, y):
        rho_t = dde.grad.jacobian(y, x, i=0, j=2)[0]
        m_x = dde.grad.jacobian(y, x, i=1, j=0)[0]
        m_y = dde.grad.jacobian(y, x, i=2, j=1)[0]
        return [rho_t - 1, rho_t + m_x + m_y]

    dde.config.set_default_autodiff("forward")
    try:
        model = dde.Model(time_pde(pde), ncl())
        model.compile("adam", lr=1e-2)
        model.train(iterations=10, display_every=10, verbose=0)
    finally:
        dde.config.set_default_autodiff("reverse")
    assert total_loss(model) < first_loss(model)
    assert model.losshistory.loss_train[-1][1] < 1e-26
