"""Constructions defined here, by the recipe, work wherever those of the house do.

Exactness is checked by nested reverse mode, which knows nothing of jets and summands.
"""

import pytest
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.jets.jets import jet_space
from ncl_deepxde.nn import (
    NCL,
    Continuation,
    CurlNet,
    DivergenceFree,
    InitialState,
    Wall,
)
from ncl_deepxde.potentials import Construction, Summand, constructions, register

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

# Relative to the largest single term of a sum: a few roundings.
LIMIT = 1e-12


def ring(columns):
    """v_i = d_(i+1) a_i - d_(i-1) a_(i-1): only neighbors share a potential."""
    n = len(columns)
    return [
        [
            Summand((columns[(i + 1) % n],), i),
            Summand((columns[i - 1],), (i - 1) % n, -1.0),
        ]
        for i in range(n)
    ]


def weighted(columns):
    """A_ij = w_i w_j (d_j b_i - d_i b_j): the vector construction with weights."""
    n = len(columns)
    w = [0.3 + 0.7 * i for i in range(n)]
    return [
        [
            summand
            for j in range(n)
            if j != i
            for summand in (
                Summand((columns[j], columns[j]), i, w[i] * w[j]),
                Summand((columns[i], columns[j]), j, -w[i] * w[j]),
            )
        ]
        for i in range(n)
    ]


def delayed(columns):
    """A_ij = d_0 a_ij: second derivatives, of which at most one is by space in NCL."""
    return [
        [Summand((columns[0], *s.axes), s.channel, s.factor) for s in row]
        for row in constructions.MATRIX.components(columns)
    ]


def ring_without_jets(network, inputs, scale):
    """The field of ``ring`` by nested reverse mode; then the extras."""
    n = inputs.shape[1]

    def channels(x):
        return network.jet(x[None], jet_space(n, 0))[0, 0]

    J = vmap(jacrev(channels))(inputs)
    i = torch.arange(n)
    v = J[:, i, (i + 1) % n] - J[:, (i - 1) % n, (i - 1) % n]
    return torch.cat([scale * v, vmap(channels)(inputs)[:, n:]], dim=1)


RING = Construction("ring", ring)
DELAYED = Construction("delayed", delayed)
STRANGERS = [RING, Construction("weighted", weighted), DELAYED]
EACH = pytest.mark.parametrize("stranger", STRANGERS, ids=lambda s: s.name)


def build(network, d, construction, **options):
    torch.manual_seed(d)
    inputs = d if network is DivergenceFree else d + 1
    sizes = [inputs, 7, 6, inputs + 1]
    net = network(sizes, "tanh", "Glorot normal", construction=construction, **options)
    for layer in net.network.layers()[:-1]:
        torch.nn.init.normal_(layer.bias, std=0.3)
    return net


def by_nesting(field, x):
    return vmap(jacrev(lambda z: field(z[None])[0]))(x).detach()


def assert_divergence_free(field, x, columns):
    """Compare the divergence with its largest term."""
    terms = by_nesting(field, x)[:, range(len(columns)), columns]
    assert float(terms.abs().max()) > 1e-6
    assert float(terms.sum(dim=1).abs().max() / terms.abs().max()) < LIMIT


@pytest.fixture
def known(monkeypatch):
    """Register the strangers for one test."""
    monkeypatch.setattr(constructions, "CONSTRUCTIONS", {**constructions.CONSTRUCTIONS})
    for stranger in STRANGERS:
        register(stranger)


def assert_served(net, x):
    """Compare the derivatives that come without autograd with nested ones."""
    x = x.clone().requires_grad_()
    columns = net(x).unbind(dim=1)
    rows = [torch.autograd.grad(c.sum(), x, retain_graph=True)[0] for c in columns]
    expected = by_nesting(net, x.detach())
    torch.testing.assert_close(torch.stack(rows, 1), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("served", [0, 1, 2])
@pytest.mark.parametrize("periods", [None, 1.5])
@pytest.mark.parametrize("d", [1, 2, 3])
@EACH
def test_continuity_is_exact(stranger, d, periods, served) -> None:
    net = build(NCL, d, stranger, periods=periods, served=served)
    x = torch.rand(5, d + 1)
    assert net(x).shape == (5, d + 2)
    assert_divergence_free(net.flux, x, [d, *range(d)])
    assert_served(net, x)


@pytest.mark.parametrize("served", [0, 1, 2])
@pytest.mark.parametrize("n", [2, 3, 5])
@EACH
def test_field_has_no_divergence(stranger, n, served) -> None:
    net, x = build(DivergenceFree, n, stranger, served=served), torch.rand(5, n)
    assert_divergence_free(net, x, list(range(n)))
    assert_served(net, x)


@pytest.mark.parametrize("served", [0, 1, 2])
@pytest.mark.parametrize("d", [2, 3])
@EACH
def test_velocity_has_no_divergence(stranger, d, served) -> None:
    net = build(CurlNet, d, stranger, served=served, output="velocity")
    x = torch.rand(5, d + 1)
    assert_divergence_free(net.velocity, x, list(range(d)))
    assert_served(net, x)


def test_field_is_the_formula() -> None:
    net = build(DivergenceFree, 4, RING, scale=1.7)
    x = torch.rand(5, 4)
    torch.testing.assert_close(
        net(x)[:, :4], ring_without_jets(net.network, x, 1.7)[:, :4]
    )


def test_name_is_as_good_as_the_object(known) -> None:
    for network in NCL, CurlNet, DivergenceFree:
        nets = [build(network, 3, identifier) for identifier in ("ring", RING)]
        x = torch.rand(5, nets[0].num_inputs)
        assert torch.equal(nets[0](x), nets[1](x))


# ----------------------------------------------------------------- hard start and wall


def density(x):
    return 2 + torch.exp(-x.square().sum(dim=1, keepdim=True)) + 0.1 * x[:, :1]


def swirl(x):
    if x.shape[1] == 1:
        return (1 - x.square()) * x.cos()
    turned = torch.cat([-x[:, 1:2], x[:, :1], 0 * x[:, 2:]], dim=1)
    return (1 + x.square().sum(dim=1, keepdim=True)) * turned


def ball(x):
    return 1 - x.square().sum(dim=1, keepdim=True)


def on_sphere(d, num=40):
    x = torch.randn(num, d, generator=torch.Generator().manual_seed(0))
    return x / x.norm(dim=1, keepdim=True)


def at_time(x, t):
    return torch.cat([x, torch.full_like(x[:, :1], t)], dim=1)


STATES = {
    "density": InitialState(density),
    "momentum": InitialState(density, momentum=swirl, time=0.2),
    "velocity": InitialState(density, velocity=swirl, ramp=0.1),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("d", [1, 2, 3])
@EACH
def test_start_is_exact(stranger, d, state) -> None:
    initial = STATES[state]
    net = build(NCL, d, stranger, initial=initial)
    x = torch.rand(20, d)
    y = net(at_time(x, initial.time))
    torch.testing.assert_close(y[:, :1], density(x), rtol=LIMIT, atol=LIMIT)
    if initial.has_momentum:
        m0 = initial.momentum_at(x)
        torch.testing.assert_close(y[:, 1 : d + 1], m0, rtol=LIMIT, atol=LIMIT)
    assert_divergence_free(net.flux, torch.rand(5, d + 1), [d, *range(d)])
    weights = list(net.network.parameters())
    # What is not given depends on weights, at the start and later.
    for i in range(d + 1):
        is_given = i == 0 or initial.has_momentum
        column = net(at_time(x, initial.time + 0.3 * is_given))[:, i]
        slopes = torch.autograd.grad(column.sum(), weights, allow_unused=True)
        assert max(float(s.abs().max()) for s in slopes if s is not None) > 1e-4


@pytest.mark.parametrize("served", [0, 1, 2])
@EACH
def test_wall_is_kept(stranger, served) -> None:
    if served == 2 and stranger is not RING:
        pytest.skip("fourth derivatives of the state: a minute, nothing new")
    d = 2
    wall = Wall(ball, on_sphere(d))
    net = build(NCL, d, stranger, wall=wall, initial=STATES["velocity"], served=served)
    normals = on_sphere(d, 20)
    m = net(torch.cat([normals, torch.rand(20, 1)], dim=1))[:, 1 : d + 1]
    assert (m * normals).sum(dim=1).abs().max() < LIMIT * m.abs().max()
    assert_divergence_free(net.flux, torch.rand(5, d + 1) / 2, [d, *range(d)])
    assert_served(net, torch.rand(5, d + 1) / 2)


@pytest.mark.parametrize("d", [1, 2, 3])
@EACH
def test_slip_along_a_wall_is_free(stranger, d) -> None:
    net = build(NCL, d, stranger, wall=Wall(ball, on_sphere(d)))
    normals = on_sphere(d, 20)
    m = net(torch.cat([normals, torch.rand(20, 1)], dim=1))[:, 1 : d + 1]
    # Potentials and their derivatives are of order one.
    assert (m * normals).sum(dim=1).abs().max() < LIMIT
    if d > 1:
        assert m.detach().abs().max() > 1e-3


@EACH
def test_network_goes_on_from_another(stranger) -> None:
    earlier = build(NCL, 2, "matrix")
    net = build(NCL, 2, stranger, initial=Continuation(earlier, 0.4, 0.2))
    x = torch.rand(20, 2)
    expected = earlier(at_time(x, 0.4))[:, :3]
    torch.testing.assert_close(
        net(at_time(x, 0.4))[:, :3], expected, rtol=LIMIT, atol=LIMIT
    )
    assert_divergence_free(net.flux, 0.5 + torch.rand(5, 3), [2, 0, 1])


# ------------------------------------------------------------------- many dimensions


def test_without_contraction_jets_serve_many_dimensions() -> None:
    net, x = build(DivergenceFree, 40, RING), torch.rand(3, 40)
    assert net.served == 0
    assert_divergence_free(net, x, list(range(40)))


def test_contraction_does_without_jets() -> None:
    contracted = Construction("ring", ring, ring_without_jets)
    nets = [build(DivergenceFree, 12, form, scale=1.7) for form in (RING, contracted)]
    x = torch.rand(3, 12)
    torch.testing.assert_close(nets[1](x), nets[0](x), rtol=LIMIT, atol=LIMIT)
    assert_divergence_free(nets[1], x, list(range(12)))


def test_too_many_dimensions_are_refused_by_name() -> None:
    message = r"^construction: .* 2145 .*'delayed' has no contraction.*matrix.*vector"
    with pytest.raises(ValueError, match=message):
        build(DivergenceFree, 64, DELAYED)


# --------------------------------------------------------------------------- refusals


@pytest.mark.parametrize("network", [NCL, CurlNet, DivergenceFree])
def test_field_with_divergence_is_refused_by_name(network) -> None:
    def gradient(columns):
        return [[Summand((column,), 0)] for column in columns]

    message = r"^construction: 'gradient' must be free of divergence, got 1 times"
    with pytest.raises(ValueError, match=message):
        build(network, 3, Construction("gradient", gradient))


def test_construction_may_refuse_a_dimension() -> None:
    def stream(columns):
        if len(columns) != 2:
            raise ValueError("construction: 'stream' needs two coordinates.")
        return ring(columns)

    plane = Construction("stream", stream)
    assert_divergence_free(build(DivergenceFree, 2, plane), torch.rand(5, 2), [0, 1])
    with pytest.raises(ValueError, match="'stream' needs two coordinates"):
        build(NCL, 2, plane)
