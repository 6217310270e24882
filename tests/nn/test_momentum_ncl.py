"""MomentumNCL: its exact laws, its columns, training.

The laws are checked without the jets of the package: by nested reverse mode, by
autograd on the outputs, and by finite differences.
"""

import copy
import math
import pickle

import deepxde as dde
import numpy as np
import pytest
import torch
from torch.func import hessian, jacrev, vmap

from ncl_deepxde.data import Collocation, Condition, initial_slice, uniform_box
from ncl_deepxde.jets.jets import jet_space
from ncl_deepxde.jets.served import Demand
from ncl_deepxde.nn import InitialState, MomentumNCL
from ncl_deepxde.operators import closure
from ncl_deepxde.optimizers import GaussNewton

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

# Relative to the largest single term of the sums.
LIMITS = {torch.float64: 1e-12, torch.float32: 1e-5}
CLOSE = {"rtol": 1e-11, "atol": 1e-12}
PERIODS = [None, 1.5, [0.75, None]]


def tensor_net(hidden=(8, 7), activation="tanh", **options):
    return MomentumNCL([3, *hidden, 8], activation, "Glorot normal", **options)


def channels(network):
    """Return the map of one point to the values of a perceptron's outputs."""
    space = jet_space(3, 0)
    return lambda z: network.jet(z[None], space)[0, 0]


def by_nesting(field, x):
    return vmap(jacrev(lambda z: field(z[None])[0]))(x)


def by_autograd(field, x):
    x = x.clone().requires_grad_()
    columns = field(x).unbind(dim=1)
    rows = [torch.autograd.grad(c.sum(), x, retain_graph=True)[0] for c in columns]
    return torch.stack(rows, dim=1)


def by_differences(field, x, h=1e-2):
    """Central differences of order eight: error 4 h^8 |f^(9)| / 2520 and eps / h."""
    weights = torch.tensor([4 / 5, -1 / 5, 4 / 105, -1 / 280]) / h
    rows = []
    for axis in torch.eye(3):
        steps = [h * k * axis for k in (1, 2, 3, 4)]
        pairs = [field(x + s) - field(x - s) for s in steps]
        rows.append(torch.einsum("k,knc->nc", weights, torch.stack(pairs)))
    return torch.stack(rows, dim=2)


def relative_residuals(J):
    """Return the largest sums of the four laws in units of their largest terms."""
    found = []
    for terms in (
        [J[:, 0, 2], J[:, 1, 0], J[:, 2, 1]],
        [J[:, 1, 2], J[:, 3, 0], J[:, 4, 1]],
        [J[:, 2, 2], J[:, 4, 0], J[:, 5, 1]],
        [J[:, 6, 0], J[:, 7, 1]],
    ):
        law = torch.stack(terms).detach()
        assert float(law.abs().max()) > 0, "no law is trivial"
        found.append(float(law.sum(dim=0).abs().max() / law.abs().max()))
    return found


def train(net, x, steps=3):
    """Take a few Adam steps towards a vanishing closure and a density of two."""
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    for _ in range(steps):
        optimizer.zero_grad()
        y = net(x)
        (closure(y).square().mean() + (y[:, 0] - 2).square().mean()).backward()
        optimizer.step()


@pytest.mark.parametrize("served", [0, 1, 2])
@pytest.mark.parametrize("activation", ["tanh", "sin"])
@pytest.mark.parametrize("periods", PERIODS, ids=str)
def test_all_laws_hold_to_round_off(periods, activation, served, dtype) -> None:
    net = tensor_net(activation=activation, periods=periods, served=served)
    for points in 1, 7:
        x = torch.rand(points, 3)
        y = net(x)
        assert (y.shape, y.dtype) == ((points, 8), dtype)
        for differentiate in by_nesting, by_autograd:
            J = differentiate(net, x)
            assert J.shape == (points, 8, 3)
            assert max(relative_residuals(J)) < LIMITS[dtype]
        train(net, x)


@pytest.mark.parametrize("periods", [None, 4.0, [3.0, None]], ids=str)
def test_finite_differences_find_no_residual(periods) -> None:
    net = tensor_net(periods=periods)
    x = torch.rand(5, 3)
    with torch.no_grad():
        J = by_differences(net, x)
    # The differences' own error: h^8 = 1e-16 times f^(9) / 630, f^(9) below 1e9.
    torch.testing.assert_close(J, by_nesting(net, x).detach(), rtol=0, atol=1e-9)
    assert max(relative_residuals(J)) < 1e-9


def test_columns_are_the_formula() -> None:
    """T_ab = mean + eps_ace eps_bdf d_c d_d S_ef, v = (d_2 psi, -d_1 psi) + c(t)."""
    net = tensor_net(
        periods=1.5, scale=0.7, mean_density=2.0, mean_momentum=[0.3, -0.4]
    )
    with torch.no_grad():
        net.bias += torch.arange(1.0, 6.0)
    x = torch.rand(7, 3)
    order = [2, 0, 1]
    H = vmap(hessian(channels(net.network)))(x)[:, :, order][..., order]
    D = vmap(jacrev(channels(net.network)))(x)
    c = vmap(channels(net.mean_velocity.network))(x)
    eps = torch.zeros(3, 3, 3)
    eps[[0, 1, 2], [1, 2, 0], [2, 0, 1]] = 1.0
    eps[[0, 1, 2], [2, 0, 1], [1, 2, 0]] = -1.0
    S = H[:, torch.tensor([[0, 1, 2], [1, 3, 4], [2, 4, 5]])]
    T = 0.49 * torch.einsum("ace,bdf,nefcd->nab", eps, eps, S)
    T = T + torch.tensor([[2.0, 0.3, -0.4], [0.3, 1.0, 2.0], [-0.4, 2.0, 3.0]])
    torch.testing.assert_close(T, T.transpose(1, 2), **CLOSE)
    v1 = 0.7 * D[:, 6, 1] + c[:, 0] + 4
    v2 = -0.7 * D[:, 6, 0] + c[:, 1] + 5
    upper = torch.triu_indices(3, 3)
    right = torch.cat([T[:, upper[0], upper[1]], v1[:, None], v2[:, None]], dim=1)
    torch.testing.assert_close(net(x), right, **CLOSE)
    torch.testing.assert_close(net.flux(x), right[:, :3], **CLOSE)
    torch.testing.assert_close(net.velocity(x), right[:, 1:3] / right[:, :1])


@pytest.mark.parametrize("order", [1, 2])
def test_served_derivatives_are_those_of_the_outputs(order) -> None:
    net = tensor_net(periods=1.0, served=order)
    x = torch.rand(5, 3)
    found = net._levels(x, Demand(order))
    right = [net(x), by_nesting(net, x), vmap(hessian(lambda z: net(z[None])[0]))(x)]
    assert len(found) == order + 1
    for level, expected in zip(found, right, strict=False):
        torch.testing.assert_close(level, expected, rtol=1e-9, atol=1e-10)


def test_default_scale_undoes_the_highest_frequency() -> None:
    nets = []
    for scale in None, 0.5 / (2 * math.pi * 3):
        torch.manual_seed(0)
        nets.append(tensor_net(periods=[2.0, 0.5], harmonics=3, scale=scale))
    x = torch.rand(5, 3)
    torch.testing.assert_close(nets[0](x), nets[1](x), **CLOSE)


def test_every_column_is_periodic(dtype) -> None:
    net = tensor_net(periods=[0.75, 2.0], harmonics=2)
    # Multiples of 1/64 can be shifted without rounding.
    x = (torch.randint(64, (7, 3)) / 64).to(dtype)
    there = net(x + torch.tensor([0.75, -4.0, 0.0]))
    limit = 500 * torch.finfo(dtype).eps * float(there.detach().abs().max())
    assert float((net(x) - there).detach().abs().max()) < limit
    for shift in [0.5, 0.0, 0.0], [0.0, 0.5, 0.0], [0.0, 0.0, 0.75]:
        moved = (net(x) - net(x + torch.tensor(shift))).detach().abs()
        assert bool((moved.amax(dim=0) > 1e-3 * float(moved.max())).all())


def torus_means(net, t, n=64):
    """Average on a grid, whose error falls like exp(-n) for smooth periodic fields."""
    axis = torch.arange(n) / n
    grid = torch.cartesian_prod(axis, axis, torch.tensor([t]))
    return net(grid).detach().mean(dim=0)


def test_means_are_conserved_but_that_of_the_velocity() -> None:
    net = tensor_net(periods=1.0, mean_density=1.7, mean_momentum=[0.3, -0.4])
    velocities = []
    for t in -0.5, 0.0, 0.3, 2.0:
        means = torus_means(net, t)
        expected = torch.tensor([1.7, 0.3, -0.4])
        torch.testing.assert_close(means[:3], expected, rtol=0, atol=1e-12)
        c = channels(net.mean_velocity.network)(torch.tensor([0.1, 0.7, t])).detach()
        torch.testing.assert_close(means[6:], c, rtol=0, atol=1e-12)
        velocities.append(means[6:])
    assert float(torch.stack(velocities).std(dim=0).min()) > 1e-2


def test_constants_start_as_documented() -> None:
    net = tensor_net(periods=1.0)
    assert net.fixed.index_add(0, net.trained, net.bias).tolist() == [1.0] + [0.0] * 7
    assert net.bias.shape == (8,)
    assert tensor_net().bias.shape == (5,)
    assert tensor_net(periods=1.0, mean_density=2.0).bias.shape == (7,)


def test_feature_transform_keeps_the_laws() -> None:
    net = tensor_net()
    net.apply_feature_transform(lambda x: torch.cat([torch.sin(3 * x), x], dim=1))
    x = torch.rand(7, 3)
    assert net(x).shape == (7, 8)
    assert max(relative_residuals(by_nesting(net, x))) < 1e-12


def first_density(x):
    """Mean over the unit torus: 2."""
    return 1 + (torch.sin(2 * math.pi * x).sum(dim=1, keepdim=True)) ** 2


def first_velocity(x):
    return torch.exp(torch.sin(2 * math.pi * x.flip(1))) * x.new_tensor([1.0, 0.5])


def first_momentum(x):
    return first_density(x) * first_velocity(x)


STARTS = {
    "density": InitialState(first_density),
    "late": InitialState(first_density, time=0.25),
    "ramp": InitialState(first_density, ramp=0.1),
    "momentum": InitialState(first_density, first_momentum),
    "velocity": InitialState(first_density, velocity=first_velocity, time=0.25),
}


@pytest.mark.parametrize("periods", [None, 1.0])
@pytest.mark.parametrize("name", STARTS)
def test_start_is_exact_and_the_laws_stay(name, periods, dtype) -> None:
    initial = STARTS[name]
    net = tensor_net(periods=periods, initial=initial, served=1)
    x = torch.rand(7, 2)
    now = torch.cat([x, torch.full((7, 1), initial.time)], dim=1)
    later = now + torch.tensor([0.0, 0.0, 0.2])
    right = torch.cat([first_density(x), first_momentum(x)], dim=1)
    for _ in range(2):
        errors = (net(now)[:, :3] - right).detach().abs().amax(dim=0)
        # Sums of some ten terms of size five.
        assert float(errors[: 1 + 2 * initial.has_momentum].max()) < (
            50 * torch.finfo(dtype).eps
        )
        assert initial.has_momentum or float(errors[1:].min()) > 1e-2
        assert float((net(later)[:, :3] - right).detach().abs().mean()) > 1e-3
        for differentiate in by_nesting, by_autograd:
            assert max(relative_residuals(differentiate(net, later))) < LIMITS[dtype]
        train(net, later)


@pytest.mark.parametrize("name", ["density", "momentum"])
def test_means_on_a_torus_are_those_of_the_start(name) -> None:
    given = {} if name == "momentum" else {"mean_momentum": [0.3, -0.4]}
    net = tensor_net(periods=1.0, initial=STARTS[name], **given)
    axis = torch.arange(64) / 64
    mean = first_momentum(torch.cartesian_prod(axis, axis)).mean(dim=0)
    expected = mean if name == "momentum" else torch.tensor([0.3, -0.4])
    for t in -0.5, 0.0, 0.3:
        means = torus_means(net, t)
        assert float(means[0]) == pytest.approx(2, abs=1e-12)
        torch.testing.assert_close(means[1:3], expected, rtol=0, atol=1e-12)


def test_starts_that_break_a_law_are_refused() -> None:
    initial = InitialState(first_density, first_momentum, ramp=0.1)
    with pytest.raises(ValueError, match=r"^initial: .* no ramp .*got ramp=0.1"):
        tensor_net(initial=initial)
    with pytest.raises(ValueError, match=r"^mean_density: .*initial"):
        tensor_net(initial=STARTS["density"], mean_density=2.0)
    with pytest.raises(ValueError, match=r"density: .*\(7, 1\), got \(7, 2\)"):
        tensor_net(initial=InitialState(first_momentum))
    with pytest.raises(ValueError, match=r"^periods: .* period 0.3 of axis 0"):
        tensor_net(periods=0.3, initial=STARTS["density"])


@pytest.mark.parametrize("sizes", [[4, 8, 8], [2, 8, 8], [3, 8, 7], [3, 8, 9], [3, 8]])
def test_sizes_are_those_of_the_plane(sizes) -> None:
    with pytest.raises(ValueError, match=r"^layer_sizes: .*got .*"):
        MomentumNCL(sizes, "tanh", "Glorot normal")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("periods", [1.0]),
        ("harmonics", 0),
        ("scale", -1.0),
        ("mean_density", "fixed"),
        ("mean_momentum", [1.0]),
        ("served", 3),
    ],
)
def test_bad_options_are_named(name, value) -> None:
    with pytest.raises(ValueError, match=f"^{name}: must .*got") as error:
        tensor_net(**{name: value})
    assert str(value) in str(error.value)


@pytest.mark.parametrize("activation", ["tanh", "LAAF-10 tanh"])
def test_copies_are_independent(activation) -> None:
    net = tensor_net(activation=activation, periods=1.0)
    x = torch.rand(5, 3)
    before = net(x).detach()
    twin = copy.deepcopy(net)
    assert torch.equal(twin(x), before)
    for parameter in twin.parameters():
        old = twin(x).detach()
        with torch.no_grad():
            parameter += 0.1
        assert not torch.equal(twin(x), old)
    assert torch.equal(net(x), before)


@pytest.mark.parametrize("activation", ["tanh", "gelu"])
def test_networks_can_be_pickled(activation) -> None:
    net = tensor_net(activation=activation, periods=1.0)
    x = torch.rand(5, 3)
    assert torch.equal(pickle.loads(pickle.dumps(net))(x), net(x))


def residuals(inputs, outputs):
    return list(closure(outputs).split(1, dim=1))


def start(inputs, outputs):
    wave = torch.sin(2 * math.pi * inputs[:, :1])
    return [outputs[:, :1] - 1 - wave**2, outputs[:, 6:7] - wave]


def model_of(net, optimizer, **options):
    data = Collocation(
        residuals,
        uniform_box([0.0, 0.0, 0.0], [1.0, 1.0, 0.3]),
        30,
        [Condition("t=0", initial_slice(uniform_box([0, 0], [1, 1])), 12, start)],
    )
    model = dde.Model(data, net)
    optimizer = GaussNewton(model, **options) if optimizer == "gn" else optimizer
    model.compile(optimizer, lr=None if options else 5e-3, verbose=0)
    return model


def total_loss(model):
    inputs, _ = model.data.train_next_batch()
    return model.outputs_losses_train(inputs, None, None)[1].sum().item()


@pytest.mark.parametrize("served", [0, 1])
def test_adam_trains_and_the_laws_stay(served) -> None:
    model = model_of(tensor_net(periods=1.0, served=served), "adam")
    before = total_loss(model)
    model.train(iterations=30, display_every=30, verbose=0)
    # At fresh points.
    assert total_loss(model) < 0.7 * before
    assert max(relative_residuals(by_nesting(model.net, torch.rand(7, 3)))) < 1e-12


@pytest.mark.parametrize("initial", [None, STARTS["density"]], ids=["soft", "hard"])
def test_gauss_newton_takes_equal_steps_by_both_paths(initial) -> None:
    found = {}
    for path in "layers", "samples":
        dde.config.set_random_seed(1)
        net = tensor_net(periods=1.0, initial=initial)
        model = model_of(net, "gn", path=path)
        before = total_loss(model)
        for _ in range(3):
            model.train_step(model.data.train_next_batch()[0], None, None)
        assert total_loss(model) < 0.7 * before
        found[path] = torch.cat([p.detach().flatten() for p in model.net.parameters()])
    torch.testing.assert_close(found["layers"], found["samples"], rtol=1e-8, atol=1e-8)


def test_save_and_restore_are_bit_identical(tmp_path) -> None:
    x = np.random.default_rng(0).random((7, 3))
    model = model_of(tensor_net(periods=1.0), "adam")
    model.train(iterations=3, display_every=3, verbose=0)
    path = model.save(str(tmp_path / "model"), verbose=0)
    other = model_of(tensor_net(periods=1.0), "adam")
    assert not np.array_equal(other.predict(x), model.predict(x))
    other.restore(path, verbose=0)
    assert model.predict(x).shape == (7, 8)
    assert np.array_equal(other.predict(x), model.predict(x))
