"""LFlow inside DeepXDE: derivatives, training, start, mass, files."""

import copy
import math

import deepxde as dde
import numpy as np
import pytest
import torch
from torch.func import hessian, jacrev, vmap

from ncl_deepxde.evaluation.solution import continuity_error
from ncl_deepxde.flows import ActNorm, Ball, Box
from ncl_deepxde.nn import LFlow

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

# Two ways of differentiating, each some thousand operations of eps away.
CLOSE = {"rtol": 1e-9, "atol": 1e-10}
SIZES = {"blocks": 1, "depth": 2, "width": 5, "time_embedding": (6,)}


def points(n=5):
    return torch.rand(n, 3, generator=torch.Generator().manual_seed(2))


def lflow(**options):
    """Return a network that has started and moves."""
    net = LFlow(2, **(SIZES | options))
    net(points(64))
    with torch.no_grad():
        net.flow.conditioner.matrix.normal_(std=0.2)
    return net


def single(net):
    return lambda z: net(z[None])[0]


def jacobian(y, x):
    rows = [dde.grad.jacobian(y, x, i=c) for c in range(y.shape[1])]
    return torch.stack(rows, dim=1)


@pytest.mark.parametrize("n", [1, 7])
@pytest.mark.parametrize("output", ["flux", "velocity"])
def test_first_and_second_derivatives_are_right(output, n) -> None:
    net, x = lflow(output=output, extras=1), points(n).requires_grad_()
    y = net(x)
    J = jacobian(y, x)
    entries = [
        dde.grad.hessian(y, x, component=c, i=i, j=j)
        for c in range(4)
        for i in range(3)
        for j in range(3)
    ]
    H = torch.cat(entries, dim=1).reshape(n, 4, 3, 3)
    assert (y.shape, J.shape) == ((n, 4), (n, 4, 3))
    plain = x.detach()
    torch.testing.assert_close(y, net(plain), **CLOSE)
    torch.testing.assert_close(J, vmap(jacrev(single(net)))(plain), **CLOSE)
    torch.testing.assert_close(H, vmap(hessian(single(net)))(plain), **CLOSE)


def residual_loss(y, J):
    """Mix outputs and derivatives nonlinearly, as a pde would."""
    loss = (J[:, 1] * y[:, :1] + y[:, 1:2] * J[:, 0]).square().mean()
    return loss + (y * J[:, :, 2]).sum().square()


@pytest.mark.parametrize("times", ["own", "shared"])
def test_parameter_gradients_of_derivatives_are_right(times) -> None:
    net, x = lflow(learn_mass=True), points()
    if times == "shared":
        x[:, 2] = x[:2, 2].repeat(3)[:5]
    z = x.clone().requires_grad_()
    y = net(z)
    parameters = list(net.parameters())
    found = torch.autograd.grad(residual_loss(y, jacobian(y, z)), parameters)

    def loss(values):
        names = dict(zip(dict(net.named_parameters()), values, strict=True))

        def evaluate(z):
            return torch.func.functional_call(net, names, (z[None],))[0]

        return residual_loss(vmap(evaluate)(x), vmap(jacrev(evaluate))(x))

    values = [p.detach() for p in parameters]
    for a, b in zip(found, torch.func.grad(loss)(values), strict=True):
        scale = float(b.abs().max())
        assert scale > 0
        assert float((a - b).abs().max()) < 1e-9 * scale


@pytest.mark.parametrize("output", ["flux", "velocity"])
def test_losses_of_values_have_the_gradients_of_differences(output) -> None:
    """No derivative by the inputs: the distinct times share one evaluation."""
    net = lflow(output=output, learn_mass=True)
    x = points(8)
    x[:, 2] = torch.tensor([0.2, 0.7]).repeat(4)

    def loss():
        y = net(x.clone().requires_grad_())
        return (net.log_density(x).square() + y.square().sum(1, keepdim=True)).sum()

    parameters = list(net.parameters())
    found = torch.autograd.grad(loss(), parameters)
    h = 1e-5
    for p, g in zip(parameters, found, strict=True):
        direction = torch.randn_like(p)
        values = []
        with torch.no_grad():
            for shift in (h, -2 * h):
                p.add_(shift * direction)
                values.append(float(loss()))
            p.add_(h * direction)
        expected = (values[0] - values[1]) / (2 * h)
        # Rounding of the loss over h, and h^2 times third derivatives.
        limit = 1e-6 * (1 + float(g.norm() * direction.norm()))
        assert float((g * direction).sum()) == pytest.approx(expected, abs=limit)


def time_pde(pde=None, **options):
    """Return data: an initial density of two bumps and, by default, steady fluid."""

    def at_rest(x, y):
        return [
            dde.grad.jacobian(y, x, i=1, j=2),
            sum(dde.grad.jacobian(y, x, i=i, j=j) for i, j in ((0, 2), (1, 0), (2, 1))),
        ]

    def density(x):
        return np.exp(-np.sum((x[:, :2] - 0.5) ** 2, axis=1, keepdims=True))

    geom = dde.geometry.Rectangle([0, 0], [1, 1])
    geomtime = dde.geometry.GeometryXTime(geom, dde.geometry.TimeDomain(0, 1))
    ic = dde.icbc.IC(geomtime, density, lambda _, on: on, component=0)
    sizes = {"num_domain": 30, "num_initial": 20, "num_test": 20}
    return dde.data.TimePDE(
        geomtime, pde or at_rest, [ic], train_distribution="pseudo", **(sizes | options)
    )


def trained(net, iterations=20):
    model = dde.Model(time_pde(), net)
    model.compile("adam", lr=1e-2)
    model.train(iterations=iterations, display_every=10, verbose=0)
    return model


@pytest.mark.parametrize(
    "options", [{}, {"output": "velocity"}, {"extras": 1}], ids=str
)
def test_adam_trains(options) -> None:
    net = LFlow(2, **SIZES, **options)
    history = trained(net).losshistory.loss_train
    assert np.sum(history[-1]) < 0.7 * np.sum(history[0])
    if net.output == "flux":
        # The square of a residual of some 1e-14.
        assert all(losses[1] < 1e-24 for losses in history)
    x = points(7).numpy()
    assert continuity_error(net, x[:, :2], x[:, 2:]).relative < 1e-12


def test_predict_and_operators() -> None:
    net = lflow(extras=1)
    model = dde.Model(time_pde(), net)
    model.compile("adam", lr=1e-3)
    x = points(7).numpy()
    y = model.predict(x)
    assert y.shape == (7, 4)
    np.testing.assert_allclose(y, net(points(7)).detach(), rtol=1e-12)
    m_t, continuity = model.predict(x, operator=model.data.pde)
    J = vmap(jacrev(single(net)))(points(7)).detach().numpy()
    np.testing.assert_allclose(m_t[:, 0], J[:, 1, 2], rtol=1e-9, atol=1e-10)
    assert m_t.shape == continuity.shape == (7, 1)
    assert np.abs(continuity).max() < 1e-12 * np.abs(J).max()


def test_start_happens_once_in_training_only() -> None:
    net = LFlow(2, **SIZES)
    first, second = points(50), points(80)[50:]
    norms = [layer for layer in net.flow.layers if isinstance(layer, ActNorm)]

    def scales():
        return torch.stack([layer.log_scale.detach().clone() for layer in norms])

    net.eval()
    net(first)
    assert not net.flow.is_started
    assert torch.equal(scales(), torch.zeros(2, 2))
    net.train()
    net(first)
    assert net.flow.is_started
    before = scales()
    assert float(before.abs().min()) > 0
    z = net.flow.value(first[:, :2], first[:, 2:]).detach()
    # The last layer has just normalized these very points.
    assert float(z.mean(dim=0).abs().max()) < 1e-12
    assert float((z.std(dim=0, correction=0) - 1).abs().max()) < 1e-12
    net(second)
    assert torch.equal(scales(), before)


@pytest.mark.parametrize("transform", ["vmap", "jacrev"])
def test_start_waits_for_a_plain_call(transform) -> None:
    """One point at a time would tell nothing about the points."""
    net = LFlow(2, **SIZES)
    if transform == "vmap":
        vmap(single(net))(points())
    else:
        jacrev(net)(points())
    assert not net.flow.is_started


@pytest.mark.parametrize("domain", [Box([0, 0], [1, 1]), Ball([0.5, 0.5], 0.75)])
def test_start_in_a_corner_stays_finite(domain, dtype) -> None:
    """Points within rounding of the rim, where the map of the domain is steep."""
    eps = torch.finfo(dtype).eps
    depth = eps * 2.0 ** torch.arange(4, 14)[:, None]
    middle = torch.tensor([[0.5, 0.5]])
    reach = 0.5 if isinstance(domain, Box) else 0.75 / math.sqrt(2)
    x = torch.cat([middle + reach - depth, torch.rand(10, 1)], dim=1)
    net = LFlow(2, domain=domain.to(dtype), **SIZES)
    y = net(x)
    assert net.flow.is_started
    assert net.log_density(x).isfinite().all()
    assert y.isfinite().all()
    y.square().mean().backward()
    assert all(p.grad.isfinite().all() for p in net.parameters())


@pytest.mark.parametrize("n", [1, 3])
def test_start_from_few_or_equal_points(n) -> None:
    net = LFlow(2, **SIZES)
    y = net(points(1).expand(n, 3))
    assert y.shape == (n, 3)
    assert y.isfinite().all()
    norm = next(layer for layer in net.flow.layers if isinstance(layer, ActNorm))
    assert torch.equal(norm.log_scale.detach(), torch.zeros(2))


def test_fixed_mass_stays_and_learned_mass_moves() -> None:
    fixed = LFlow(2, total_mass=2.0, **SIZES)
    assert "log_mass" not in dict(fixed.named_parameters())
    trained(fixed, 3)  # whose test pass makes every parameter trainable
    assert not fixed.log_mass.requires_grad
    assert float(fixed.log_mass) == math.log(2.0)
    learned = LFlow(2, total_mass=2.0, learn_mass=True, **SIZES)
    assert learned.log_mass.shape == ()
    trained(learned, 3)
    # Adam moves by about its learning rate, 1e-2, at each of three steps.
    assert 1e-3 < abs(float(learned.log_mass.detach()) - math.log(2.0)) < 0.04


def test_gradient_of_the_mass_is_that_of_a_factor() -> None:
    net, x = lflow(learn_mass=True), points()
    y = net(x)
    (g,) = torch.autograd.grad(y.square().sum(), net.log_mass)
    # Density and momentum are proportional to M = exp(log_mass).
    assert float(g) == pytest.approx(2 * float(y.detach().square().sum()), rel=1e-12)


def test_save_and_restore_are_bit_identical(tmp_path) -> None:
    x = points(7).numpy()
    model = trained(LFlow(2, domain=Box([-0.1] * 2, [1.1] * 2), **SIZES), 3)
    path = model.save(str(tmp_path / "model"), verbose=0)
    net = LFlow(2, domain=Box([-0.1] * 2, [1.1] * 2), **SIZES)
    other = dde.Model(time_pde(), net)
    other.compile("adam", lr=1e-2)
    assert not np.array_equal(other.predict(x), model.predict(x))
    other.restore(path, verbose=0)
    assert np.array_equal(other.predict(x), model.predict(x))
    assert net.flow.is_started
    net.train()
    net(points(9))
    assert np.array_equal(other.predict(x), model.predict(x)), "no second start"


def test_a_copy_trains_apart() -> None:
    net, x = lflow(), points()
    before, twin = net(x).detach(), copy.deepcopy(net)
    trained(twin, 2)
    assert torch.equal(net(x), before)
    assert not torch.equal(twin(x), before)


def test_regularization_reaches_the_weights() -> None:
    sums = []
    for regularization in None, ("l2", 1e-1):
        dde.config.set_random_seed(0)
        net = LFlow(2, regularization=regularization, **SIZES)
        trained(net, 10)
        sums.append(sum(float(p.detach().square().sum()) for p in net.parameters()))
    assert sums[1] < sums[0]


def test_autocast_changes_nothing() -> None:
    net = lflow().float()
    found = []
    for is_mixed in False, True:
        x = points().float().requires_grad_()
        with torch.autocast("cpu", dtype=torch.float16, enabled=is_mixed):
            y = net(x)
            found.append([y, net.log_density(x), jacobian(y, x)])
    for plain, mixed in zip(*found, strict=True):
        assert mixed.dtype == torch.float32
        # Half precision would show at 1e-3.
        torch.testing.assert_close(mixed, plain, rtol=1e-5, atol=1e-6)


def test_lbfgs_trains() -> None:
    dde.optimizers.config.LBFGS_options.update(
        maxiter=10, iter_per_step=5, fun_per_step=10
    )
    model = dde.Model(time_pde(), LFlow(2, **SIZES))
    model.compile("L-BFGS")
    model.train(verbose=0)
    history = model.losshistory.loss_train
    assert np.sum(history[-1]) < 0.7 * np.sum(history[0])


def test_derivatives_after_a_step_are_refused() -> None:
    net, x = lflow(), points().requires_grad_()
    y = net(x)
    with torch.no_grad():
        net.flow.conditioner.constant.add_(0.1)
    with pytest.raises(RuntimeError, match="the parameters have changed"):
        dde.grad.jacobian(y, x, i=0)
