"""Divergence-free fields in many dimensions: contracted tangents behind the network."""

import deepxde as dde
import pytest
import torch
from torch.func import jacrev, jvp, vjp, vmap

from ncl_deepxde.nn import NCL, DivergenceFree
from ncl_deepxde.nn.divergence_free import MOST_AXES_SERVED
from ncl_deepxde.operators import curl, jacobian

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

# Relative to the largest single term of the divergence, a sum of n terms.
LIMITS = {torch.float64: 1e-12, torch.float32: 1e-5}

# Both sides are some hundred operations of eps away from the truth.
CLOSE = {"rtol": 1e-10, "atol": 1e-10}


def build(n, construction, served=0, extras=1, **options):
    torch.manual_seed(n)
    sizes = [n, 9, 8, n + extras]
    net = DivergenceFree(
        sizes,
        "tanh",
        "Glorot normal",
        construction=construction,
        served=served,
        **options,
    )
    for layer in net.network.layers()[:-1]:
        torch.nn.init.normal_(layer.bias, std=0.3)
    return net


def curl_loss(net, x, w):
    """Return the mean of |(J - J^T) w|^2 by one product each way."""
    _, Jw = jvp(net, (x,), (w,))
    _, pull = vjp(net, x)
    return (Jw - pull(w)[0]).square().mean()


def train(net, steps):
    adam = torch.optim.Adam(net.parameters(), 1e-2)
    for _ in range(steps):
        x, w = torch.rand(4, net.num_inputs), torch.randn(4, net.num_inputs + 1)
        x.requires_grad_()
        y = net(x)
        (g,) = torch.autograd.grad(y, x, w, create_graph=True)
        adam.zero_grad()
        ((y - 1).square().mean() + g.square().mean()).backward()
        adam.step()


def by_autograd(net, x):
    x = x.clone().requires_grad_()
    rows = [torch.autograd.grad(c.sum(), x, retain_graph=True)[0] for c in net(x).T]
    return torch.stack(rows, dim=1)


@pytest.mark.parametrize("steps", [0, 5])
@pytest.mark.parametrize("periods", [None, 1.5])
@pytest.mark.parametrize("construction", ["matrix", "vector"])
@pytest.mark.parametrize("n", [2, 3, 5, 10])
def test_divergence_is_round_off(n, construction, periods, steps, dtype) -> None:
    net = build(n, construction, periods=periods)
    train(net, steps)
    x = torch.rand(7, n)
    for J in vmap(jacrev(lambda z: net(z[None])[0]))(x), by_autograd(net, x):
        assert J.dtype == dtype
        assert J.shape == (7, n + 1, n)
        terms = J.detach()[:, :n].diagonal(dim1=1, dim2=2)
        assert terms.sum(1).abs().max() < LIMITS[dtype] * terms.abs().max()
        assert (J.detach()[:, n] != 0).all(), "the extra output is free"


@pytest.mark.parametrize("construction", ["matrix", "vector"])
def test_finite_differences_find_no_divergence(construction) -> None:
    n, h = 20, 1e-3
    net, x = build(n, construction, periods=2.0), torch.rand(3, n)
    steps = h * torch.eye(n)
    with torch.no_grad():
        terms = [
            (8 * (net(x + s) - net(x - s)) - net(x + 2 * s) + net(x - 2 * s))[:, i]
            for i, s in enumerate(steps)
        ]
    terms = torch.stack(terms, dim=1) / (12 * h)
    # The differences' own error: h^4 / 30 of the fifth derivative.
    assert terms.sum(1).abs().max() < 1e-8 * terms.abs().max()


@pytest.mark.parametrize("periods", [None, 1.5, [1.0, None, 2.0, None]])
@pytest.mark.parametrize("construction", ["matrix", "vector"])
def test_contractions_agree_with_jets(construction, periods) -> None:
    options = {"periods": periods, "harmonics": 2}
    net, jets = (build(4, construction, k, **options) for k in (0, 1))
    jets.load_state_dict(net.state_dict())
    x = torch.rand(7, 4, requires_grad=True)
    found, expected = ([net(x), jacobian(net(x), x)] for net in (net, jets))
    gradients = [
        torch.autograd.grad(y.square().sum() + J.square().sum(), [*net.parameters()])
        for net, (y, J) in ((net, found), (jets, expected))
    ]
    for a, b in zip((*found, *gradients[0]), (*expected, *gradients[1]), strict=True):
        torch.testing.assert_close(a, b, **CLOSE)


@pytest.mark.parametrize("construction", ["matrix", "vector"])
def test_products_with_the_jacobian_train(construction) -> None:
    net = build(6, construction, extras=0)
    x, w = torch.rand(5, 6), torch.randn(5, 6)
    J = jacobian(net(x.requires_grad_()), x)
    _, Jw = jvp(net, (x,), (w,))
    torch.testing.assert_close(Jw, torch.einsum("pij,pj->pi", J, w), **CLOSE)
    _, pull = vjp(net, x)
    torch.testing.assert_close(pull(w)[0], torch.einsum("pij,pi->pj", J, w), **CLOSE)
    loss = torch.einsum("pij,pj->pi", curl(J), w).square().mean()
    parameters = [p for p in net.parameters() if p.numel()]
    found = torch.autograd.grad(curl_loss(net, x.detach(), w), parameters)
    expected = torch.autograd.grad(loss, parameters)
    for a, b in zip(found, expected, strict=True):
        assert a.abs().max() > 0
        torch.testing.assert_close(a, b, **CLOSE)


@pytest.mark.parametrize("construction", ["matrix", "vector"])
def test_hundred_dimensions_train(construction) -> None:
    n = 100
    net = DivergenceFree(
        [n, 16, 16, n], "sin", "Glorot normal", construction=construction, periods=2.0
    )
    assert net.served == 0
    x = 2 * torch.rand(2, n)
    target = torch.randn(2, n)
    adam = torch.optim.Adam(net.parameters(), 1e-2)
    losses = []
    for _ in range(8):
        adam.zero_grad()
        loss = (net(x) - target).square().mean() + 1e-3 * curl_loss(net, x, target)
        loss.backward()
        adam.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.9 * losses[0]
    assert net(x).shape == (2, n)


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("construction", ["matrix", "vector"])
def test_values_do_not_depend_on_the_mode(construction, context) -> None:
    net, x = build(12, construction), torch.rand(3, 12)
    with context():
        quiet = net(x)
    assert not quiet.requires_grad
    torch.testing.assert_close(quiet, net(x.requires_grad_()), **CLOSE)


@pytest.mark.parametrize("construction", ["matrix", "vector"])
def test_served_follows_the_dimension(construction) -> None:
    sizes = [MOST_AXES_SERVED, 4, MOST_AXES_SERVED]
    options = {"construction": construction}
    assert DivergenceFree(sizes, "tanh", "Glorot normal", **options).served == 1
    sizes = [MOST_AXES_SERVED + 1, 4, MOST_AXES_SERVED + 1]
    assert DivergenceFree(sizes, "tanh", "Glorot normal", **options).served == 0


@pytest.mark.parametrize("build", [NCL, DivergenceFree])
def test_jets_of_too_many_streams_are_refused(build) -> None:
    with pytest.raises(ValueError, match=r"served: jets of order 2 in 70.*served=0"):
        build([70, 4, 71], "tanh", "Glorot normal", served=1)


@pytest.mark.parametrize("construction", ["matrix", "vector"])
def test_trains_in_deepxde(construction) -> None:
    n = 12
    geometry = dde.geometry.Hypercube([-1] * n, [1] * n)

    def pde(x, v):  # a field with curl: d_1 v_2 - d_2 v_1 = 1, and v_3 = 0
        slope = dde.grad.jacobian(v, x, i=1, j=0) - dde.grad.jacobian(v, x, i=0, j=1)
        return [slope - 1, v[:, 2:3]]

    data = dde.data.PDE(geometry, pde, [], num_domain=8, train_distribution="pseudo")
    net = build(n, construction, None)
    assert net.served == 0
    model = dde.Model(data, net)
    model.compile("adam", lr=1e-2, verbose=0)
    losses, _ = model.train(iterations=20, display_every=20, verbose=0)
    total = [float(sum(row)) for row in losses.loss_train]
    assert total[-1] < 0.8 * total[0]
    assert model.predict(geometry.random_points(3)).shape == (3, n + 1)
