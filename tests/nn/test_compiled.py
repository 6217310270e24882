"""Networks under torch.compile: the numbers and gradients that they have without."""

import deepxde as dde
import numpy as np
import pytest
import torch
from networks import ALL_NETWORKS, ncl

from ncl_deepxde.data import Observations, Table
from ncl_deepxde.evaluation.solution import NetworkSolution, continuity_error
from ncl_deepxde.nn import Continuation, MomentumNCL, Windows, as_flow
from ncl_deepxde.nn.base.contract import ContinuityLaw

pytestmark = pytest.mark.filterwarnings("ignore")
GLOROT = ("tanh", "Glorot normal")


@pytest.fixture(autouse=True)
def _forget_graphs():
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def compiled(f, backend="aot_eager"):
    return torch.compile(f, backend=backend)


def levels_and_gradients(net, f, x, order):
    """Return values and derivatives, and the gradients of their squares by weights."""
    dde.gradients.clear()
    torch.manual_seed(1)
    z = x.clone().requires_grad_()
    y = f(z)
    entries = [(i, j) for i in range(y.shape[1]) for j in range(z.shape[1])]
    found = [y, *(dde.grad.jacobian(y, z, i=i, j=j) for i, j in entries)]
    if order == 2:
        found += [dde.grad.hessian(y, z, component=0, i=0, j=1)]
    loss = torch.cat(found, dim=1).square().mean()
    grads = torch.autograd.grad(
        loss, list(net.parameters()), allow_unused=True, materialize_grads=True
    )
    return [torch.cat(found, dim=1), *grads]


def assert_same(found, right):
    assert sum(float(g.abs().sum()) for g in right[1:]) > 0
    for a, b in zip(found, right, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("name", "backend"), [("ncl", "eager"), *((n, "aot_eager") for n in ALL_NETWORKS)]
)
def test_all_networks(name, backend) -> None:
    network = ALL_NETWORKS[name]
    net, x = network.build(), 0.1 + 0.8 * torch.rand(6, network.num_inputs)
    order = 1 if name == "semi-lagrangian" else 2
    net(x)
    net.eval()
    right = levels_and_gradients(net, net, x, order)
    assert_same(levels_and_gradients(net, compiled(net, backend), x, order), right)


@pytest.mark.parametrize("served", [0, 1, 2, None])
@pytest.mark.parametrize("what", ["flux", "velocity", "sum", "in place"])
def test_methods_functions_and_networks_in_place(what, served) -> None:
    net, x = ncl(served=served), torch.rand(6, 3)
    plain = net if what in ("sum", "in place") else getattr(net, what)
    right = levels_and_gradients(net, plain, x, 1)
    if what == "in place":
        net.compile(backend="aot_eager")
        f = net
    else:
        f = compiled((lambda z: net(z) + 0) if what == "sum" else plain)
    assert_same(levels_and_gradients(net, f, x, 1), right)


def test_whole_loss() -> None:
    net, x = ncl(), torch.rand(6, 3)
    weights = list(net.parameters())

    def loss_of(z):
        y = net(z)
        slope = dde.grad.jacobian(y, z, i=1, j=0)
        return (slope.square() + y[:, :1].square()).mean()

    found = []
    for f in (loss_of, compiled(loss_of)):
        dde.gradients.clear()
        loss = f(x.clone().requires_grad_())
        grads = torch.autograd.grad(loss, weights, materialize_grads=True)
        found.append([loss.detach(), *grads])
    assert_same(found[1], found[0])


def test_whole_graphs_are_refused() -> None:
    with pytest.raises(torch._dynamo.exc.Unsupported, match="_call_as_it_is"):
        torch.compile(ncl(), backend="eager", fullgraph=True)(torch.rand(6, 3))


def test_a_compiled_network_is_known_for_what_it_is() -> None:
    net = ncl()
    found = compiled(net)
    assert as_flow(found) is net
    with pytest.raises(ValueError, match="output"):
        as_flow(compiled(dde.nn.FNN([3, 8, 3], *GLOROT)))
    then = ncl(initial=Continuation(found, 0.5, 0.2))
    both = Windows([found, compiled(then)], [0.5])
    assert isinstance(both, ContinuityLaw)
    assert set(both.state_dict()) == set(Windows([net, then], [0.5]).state_dict())
    x = np.random.default_rng(0).random((6, 3))
    assert continuity_error(found, x[:, :2], x[:, 2:]).relative < 1e-12
    momentum = compiled(MomentumNCL([3, 8, 8], *GLOROT, periods=1.0))
    assert NetworkSolution(momentum)(x[:, :2], 0.3)["p"].shape == (6, 1)


def test_training_in_deepxde() -> None:
    """Steps of a compiled network are those of the same network as it is."""
    x = np.random.default_rng(0).random((12, 3))
    table = Table(x, np.ones((12, 1)), np.zeros((12, 2)))
    ends = []
    for wrap in (lambda net: net, compiled):
        torch.manual_seed(0)
        net = ncl()
        model = dde.Model(Observations(table, 12), wrap(net))
        model.compile("adam", lr=1e-2)
        model.train(iterations=3, verbose=0)
        ends.append(torch.cat([p.detach().flatten() for p in net.parameters()]))
    torch.testing.assert_close(*ends, rtol=1e-12, atol=1e-14)
