"""The two networks of SubharmonicNCL, of the time and of space and time."""

import copy

import pytest
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.nn import SubharmonicNCL


def network(d, **options):
    """Return a small network whose Gaussians move, grow and exchange weight."""
    sizes = {"components": 5, "hidden": (8, 7), "solenoidal": (6, 5)}
    return SubharmonicNCL(d, **({"width": 0.7} | sizes | options))


def points(d, n, scale=1.0):
    return torch.cat([scale * torch.randn(n, d), torch.rand(n, 1)], dim=1)


@pytest.mark.parametrize("d", [1, 2])
def test_extras_are_a_network_of_space_and_time(d) -> None:
    net, x = network(d, extras=2), points(d, 7)
    with torch.no_grad():
        net.swirl.bias.copy_(torch.tensor([3.0, -4.0]))
    x.requires_grad_()
    free = net(x)[:, d + 1 :]
    for k in range(2):
        (gx,) = torch.autograd.grad(free[:, k].sum(), x, retain_graph=True)
        assert float(gx.abs().min()) > 1e-6
    without_network = copy.deepcopy(net)
    with torch.no_grad():
        without_network.swirl.network.linears[-1].weight.zero_()
    expected = torch.tensor([3.0, -4.0]).expand(7, 2)
    torch.testing.assert_close(without_network(x)[:, d + 1 :], expected)


CONSTRUCTIONS = ["subharmonic", "transport"]


def jacobian(field, x):
    return vmap(jacrev(lambda z: field(z[None])[0]))(x)


@pytest.mark.parametrize("times", [[0.4], [0.7, 0.1, 0.4]], ids=["one", "some"])
@pytest.mark.parametrize("construction", CONSTRUCTIONS)
def test_network_of_time_is_evaluated_at_the_distinct_times(
    construction, times, monkeypatch
) -> None:
    net = network(2, construction=construction)
    x = torch.randn(9, 2)
    t = torch.tensor(times)[torch.arange(9) % len(times)]
    inputs = torch.cat([x, t[:, None]], dim=1)
    # A row on its own, whose derivatives by the inputs are asked for.
    alone = torch.cat([net(row[None].requires_grad_()) for row in inputs])
    seen = []
    jet = net.mixture.network.jet
    monkeypatch.setattr(
        net.mixture.network, "jet", lambda t, space: seen.append(t) or jet(t, space)
    )
    torch.testing.assert_close(net(inputs), alone, rtol=1e-12, atol=1e-12)
    assert sorted(seen.pop()[:, 0].tolist()) == sorted(times)
    # Derivatives by time need each point's own.
    jacobian(net, inputs)
    net(inputs.requires_grad_())
    assert [len(t) for t in seen] == [1, 9]


@pytest.mark.parametrize("construction", CONSTRUCTIONS)
def test_momentum_without_swirl_is_a_gradient_or_carried(construction) -> None:
    """What the network A adds has a vorticity; the potential's momentum has none."""
    x = points(2, 7)
    curls = []
    for solenoidal in None, (6, 5):
        net = SubharmonicNCL(2, solenoidal=solenoidal, construction=construction)
        J = jacobian(lambda x, net=net: net.flux(x)[:, 1:], x).detach()
        curls.append(float((J[:, 1, 0] - J[:, 0, 1]).abs().max() / J.abs().max()))
    is_gradient = construction == "subharmonic"
    assert (curls[0] < 1e-13) is is_gradient
    assert curls[1] > 1e-2


def test_swirl_changes_with_time() -> None:
    net, x = network(2), points(2, 7)
    with torch.no_grad():
        net.mixture.network.linears[-1].weight.zero_()
    rate = jacobian(lambda x: net.flux(x)[:, 1:], x)[:, :, 2].detach()
    assert float(rate.abs().min()) > 1e-4


@pytest.mark.parametrize("d", [1, 2, 3])
def test_one_gaussian_is_carried_as_a_whole(d) -> None:
    """u = c' + (sigma'/sigma) (x - c), with rates of c and sigma by autograd."""
    net = SubharmonicNCL(
        d,
        components=1,
        hidden=(8,),
        solenoidal=None,
        construction="transport",
        spread=2.0,
        duration=3.0,
    )

    def parameters(t):
        streams = net.mixture(torch.cat([torch.zeros(d), t])[None])
        sigma = streams.sigma[0]
        return torch.cat([-streams.z[0, :, 0] * sigma, sigma.log()])

    x = points(d, 7)
    now, rate = vmap(parameters)(x[:, d:]), vmap(jacrev(parameters))(x[:, d:])[..., 0]
    u = rate[:, :d] + rate[:, d:] * (x[:, :d] - now[:, :d])
    torch.testing.assert_close(net.velocity(x), u, rtol=1e-12, atol=1e-13)
