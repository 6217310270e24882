"""One network goes on from the end of another: state, clock, derivatives, refusals."""

import math

import deepxde as dde
import pytest
import torch
from networks import ALL_NETWORKS
from torch.func import jacrev, vmap

from ncl_deepxde.flows import Box
from ncl_deepxde.nn import (
    NCL,
    Continuation,
    CurlNet,
    LFlow,
    MomentumNCL,
)

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

OUTPUTS = ("flux", "velocity")


def points(n=60):
    x = torch.rand(n, 3)
    x[:, 2] *= 0.4
    return x


def network(**options):
    options = {"periods": 1.0} | options
    return NCL([3, 12, 12, 4], "tanh", "Glorot normal", **options)


def continuing():
    """Return a network that goes on from another one at t = 0.1."""
    first = network(mean_momentum=[0.7, -0.4], mean_density=9.0)
    return network(initial=Continuation(first, 0.1, 0.05))


def jacobian(net, x):
    return vmap(jacrev(lambda z: net(z[None])[0]))(x).detach()


def relative_continuity(net, x):
    J = jacobian(net, x)
    terms = torch.stack([J[:, 0, 2], J[:, 1, 0], J[:, 2, 1]], dim=1)
    return float(terms.sum(dim=1).abs().max() / terms.abs().max())


def test_before_its_seam_a_continuation_is_the_earlier_network():
    net, x = continuing(), points(20)
    x[:, 2] *= 0.2
    then = net.predecessor
    torch.testing.assert_close(then(x), then.net(x))
    inputs = x.clone().requires_grad_()
    y = net(inputs)
    torch.testing.assert_close(y[:, :3], then.net(x)[:, :3])
    (gx,) = torch.autograd.grad(y[:, 1].sum(), inputs)
    torch.testing.assert_close(gx, jacobian(net, x)[:, 1], rtol=1e-9, atol=1e-9)


def test_a_network_without_served_derivatives_is_continued_too():
    net = NCL([3, 8, 3], "tanh", "Glorot normal", served=0)
    then = Continuation(net, 0.1, 0.05)
    inputs = points(20).requires_grad_()
    (gx,) = torch.autograd.grad(then(inputs)[:, 1].sum(), inputs)
    J = vmap(jacrev(lambda z: then(z[None])[0]))(inputs.detach()).detach()
    torch.testing.assert_close(gx, J[:, 1], rtol=1e-9, atol=1e-9)


def test_a_plain_network_is_continued_too():
    torch.manual_seed(0)
    plain = dde.nn.FNN([3, 8, 4], "tanh", "Glorot normal")
    then = Continuation(plain, 0.1, 0.05, "flux")
    x = points(20)
    x[:, 2] = 0.1
    torch.testing.assert_close(then(x), plain(x))
    x[:, 2] = 0.17
    clock = 0.1 + 0.05 * (1 - math.exp(-0.07 / 0.05))
    slow = x.clone()
    slow[:, 2] = clock
    rate = torch.tensor([1.0, *[math.exp(-0.07 / 0.05)] * 2, 1.0])
    torch.testing.assert_close(then(x), plain(slow) * rate)
    inputs = x.clone().requires_grad_()
    (gx,) = torch.autograd.grad(then(inputs)[:, 1].sum(), inputs)
    expected = vmap(jacrev(lambda z: then(z[None])[0]))(x).detach()
    torch.testing.assert_close(gx, expected[:, 1], rtol=1e-9, atol=1e-9)


def test_bad_continuations():
    net = NCL([3, 4, 3], "tanh", "Glorot normal", served=1)
    with pytest.raises(ValueError, match="Continuation: ramp"):
        Continuation(net, 0.1, 0.0)
    then = Continuation(net, 0.1, 0.1)
    with pytest.raises(ValueError, match="served: must be at most 1"):
        NCL([3, 4, 3], "tanh", "Glorot normal", initial=then, served=2)
    with pytest.raises(ValueError, match="time must be finite"):
        Continuation(net, math.nan, 0.1)
    with pytest.raises(ValueError, match="must have 4 outputs"):
        NCL([3, 4, 4], "tanh", "Glorot normal", initial=then)
    with pytest.raises(ValueError, match="mean_momentum: goes on"):
        NCL([3, 4, 3], "tanh", "Glorot normal", initial=then, mean_momentum=[1, 0])
    with pytest.raises(ValueError, match=r"initial: must be an nn\.InitialState or"):
        MomentumNCL([3, 4, 8], "tanh", "Glorot normal", initial=then)
    with pytest.raises(ValueError, match="mean_density"):
        NCL([3, 4, 3], "tanh", "Glorot normal", initial=then, mean_density=1.0)


@pytest.mark.parametrize(
    "earlier",
    [
        CurlNet([3, 4, 3], "tanh", "Glorot normal"),
        dde.nn.FNN([3, 4, 3], "tanh", "Glorot normal"),
    ],
    ids=["curl", "plain"],
)
def test_an_exact_network_continues_exact_ones_only(earlier):
    then = Continuation(earlier, 0.1, 0.05, "flux")
    with pytest.raises(ValueError, match=r"^initial: .* must obey continuity exactly"):
        NCL([3, 4, 3], "tanh", "Glorot normal", initial=then)


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_network_of_another_kind_is_continued_by_its_flux(output):
    """Whatever the columns of the earlier network hold, it is its momentum."""
    earlier = LFlow(2, blocks=2, width=8, frequency=3.0, output=output)
    earlier(torch.randn(64, 3))
    net = NCL(
        [3, 4, 3],
        "tanh",
        "Glorot normal",
        initial=Continuation(earlier.eval(), 0.1, 0.05),
    )
    x = points(20)
    x[:, 2] = 0.1
    torch.testing.assert_close(net(x), earlier.flux(x), rtol=1e-9, atol=1e-9)
    assert relative_continuity(net, points(20)) <= 1e-11


def test_a_later_window_notices_new_weights_inside_a_wrapper():
    first = continuing()  # itself a continuation of another one
    wrapped = torch.nn.Sequential(first)
    then = Continuation(wrapped, 0.3, 0.05, "flux")
    x = points(20)
    x[:, 2] = 0.35
    with torch.no_grad():
        before = then(x)
        first.predecessor.net.network.linears[0].weight.mul_(1.5)
        assert (then(x) - before).abs().max() > 1e-3


def test_network_that_cannot_be_differentiated_is_refused_with_the_remedy() -> None:
    net = ALL_NETWORKS["semi-lagrangian"].build()
    with pytest.raises(ValueError, match=r"net: .*SemiLagrangian .*InitialState"):
        Continuation(net, 0.5, 0.5)(torch.rand(5, 3))


def by_data(net):
    for p in net.parameters():
        p.data.mul_(1.5)


def by_vector(net):
    vector = torch.nn.utils.parameters_to_vector(net.parameters())
    torch.nn.utils.vector_to_parameters(1.5 * vector, net.parameters())


def by_buffer(net):
    net.fixed.data.add_(1.0)


@pytest.mark.parametrize("change", [by_data, by_vector, by_buffer])
def test_values_written_past_autograd_are_seen(change):
    first = NCL([3, 8, 3], "tanh", "Glorot normal", mean_density=2.0)
    then = Continuation(first, 0.1, 0.05)
    net = NCL([3, 8, 3], "tanh", "Glorot normal", initial=then)
    x = points()
    x[:, 2] += 0.1
    before = net(x).detach()
    change(first)
    fresh = NCL(
        [3, 8, 3], "tanh", "Glorot normal", initial=Continuation(first, 0.1, 0.05)
    )
    by_value = dict(net.named_parameters())
    with torch.no_grad():
        for name, p in fresh.named_parameters():
            p.copy_(by_value[name])
    torch.testing.assert_close(net(x), fresh(x), rtol=0, atol=0)
    assert (net(x) - before).abs().max() > 1e-3


def test_building_a_successor_starts_no_normalization():
    flow = LFlow(2, blocks=2)
    NCL([3, 8, 3], "tanh", "Glorot normal", initial=Continuation(flow, 0.5, 0.5))
    assert not flow.flow.is_started


def test_an_earlier_network_may_live_anywhere():
    flow = LFlow(2, blocks=2, domain=Box([1e5, 1e5], [2e5, 3e5]))
    net = NCL([3, 8, 3], "tanh", "Glorot normal", initial=Continuation(flow, 0.5, 0.5))
    x = torch.rand(20, 3) * torch.tensor([0.9e5, 1.9e5, 0.4]) + torch.tensor(
        [1.05e5, 1.05e5, 0]
    )
    assert net(x).isfinite().all()


def test_an_earlier_network_of_another_precision_is_refused_with_the_remedy():
    net = continuing().float()
    with pytest.raises(ValueError, match=r"^initial: .*dtype.*call .to"):
        net(points().float())
    net.predecessor.net.float()
    assert net(points().float()).dtype == torch.float32
