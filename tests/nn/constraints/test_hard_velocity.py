"""Walls, starts and liftings of incompressible flows hold for random networks."""

import math

import pytest
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.nn import Incompressible, InitialVelocity, Wall

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

# Relative to the largest value: a few roundings of O(1) numbers.
LIMITS = {torch.float64: 1e-12, torch.float32: 1e-5}
GLOROT = ("tanh", "Glorot normal")


def build(d=2, time=True, **options):
    net = Incompressible([d + time, 8, 7, d + 1], *GLOROT, time=time, **options)
    for layer in net.network.layers()[:-1]:
        torch.nn.init.normal_(layer.bias, std=0.3)
    torch.nn.init.normal_(net.bias)
    return net


def sphere(d, n=40):
    g = torch.Generator().manual_seed(3)
    x = torch.randn(n, d, generator=g, dtype=torch.float64)
    return x / x.norm(dim=1, keepdim=True)


def ball(x):
    return 1 - x.square().sum(dim=1, keepdim=True)


def wall(d):
    return Wall(ball, sphere(d))


def with_time(x, t=0.3):
    return torch.cat([x, torch.full_like(x[:, :1], t)], dim=1)


def jacobian(net, x):
    return vmap(jacrev(lambda z: net(z[None])[0]))(x).detach()


def curl_of(potential, x, d):
    """Return the curl of a potential of inputs x, the first d columns of them space."""
    J = vmap(jacrev(lambda z: potential(z[None])[0]))(x)
    if d == 2:
        return torch.stack([J[:, 0, 1], -J[:, 0, 0]], dim=1)
    pairs = [(1, 2), (2, 0), (0, 1)]
    return torch.stack([J[:, j, i] - J[:, i, j] for i, j in pairs], dim=1)


def assert_incompressible(net, x):
    d = net.dim
    terms = jacobian(net, x)[:, :d, :d].diagonal(dim1=1, dim2=2)
    assert terms.sum(1).abs().max() < LIMITS[x.dtype] * terms.abs().max()


def psi(x):
    """A stream function or vector potential of the columns of space, with its flow."""
    waves = torch.sin(2 * math.pi * x[:, :1]) * torch.cos(2 * math.pi * x[:, 1:2] + 0.3)
    if x.shape[1] == 2:
        return waves
    return torch.cat([waves * x[:, 2:], x[:, :1] * x[:, 2:] ** 2, waves], dim=1)


class Moving:
    """A potential that depends on time, of inputs (N, d + 1)."""

    def __init__(self, d):
        self.d = d

    def __call__(self, inputs):
        return psi(inputs[:, : self.d]) * (1 + inputs[:, self.d :] ** 2)


@pytest.mark.parametrize("construction", ["matrix", "vector"])
@pytest.mark.parametrize("time", [True, False])
@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("slip", [True, False])
def test_wall_is_kept(d, time, construction, slip, dtype) -> None:
    net = build(d, time, wall=wall(d), slip=slip, construction=construction)
    n = sphere(d).to(dtype)
    x = with_time(n) if time else n
    inside = torch.cat([0.6 * x[:, :d], x[:, d:]], dim=1)
    largest = net.velocity(inside).abs().max()
    u, limit = net.velocity(x), LIMITS[dtype] * largest
    assert ((u * n).sum(dim=1)).abs().max() < limit
    if slip:
        assert u.norm(dim=1).min() > 1e-3 * largest, "it slides along the wall"
    else:
        assert u.abs().max() < limit
    assert (net(x)[:, d] != 0).all(), "the pressure is free"
    assert_incompressible(net, inside)


@pytest.mark.parametrize("construction", ["matrix", "vector"])
@pytest.mark.parametrize("ramp", [None, 0.2])
@pytest.mark.parametrize("d", [2, 3])
def test_start_is_exact(d, ramp, construction, dtype) -> None:
    mean = [0.5, -0.2, 0.1][:d]
    initial = InitialVelocity(psi, mean, time=0.7, ramp=ramp)
    net = build(d, initial=initial, construction=construction)
    x = torch.rand(7, d)
    expected = curl_of(psi, x, d) + torch.as_tensor(mean)
    limit = {"rtol": 0, "atol": LIMITS[dtype] * float(expected.abs().max())}
    torch.testing.assert_close(net.velocity(with_time(x, 0.7)), expected, **limit)
    later = net.velocity(with_time(x, 0.9)) - expected
    assert later.abs().max() > 1e-2, "it is free later"
    assert_incompressible(net, with_time(x, 0.9))


@pytest.mark.parametrize("periods", [1.0, [1.0, None]])
def test_state_of_a_torus_is_exact(periods) -> None:
    def velocity(x):
        return torch.cat([0.4 + torch.sin(2 * math.pi * x[:, 1:]), 0 * x[:, :1]], dim=1)

    state = InitialVelocity.on_torus(velocity, [1.0, 1.0], ramp=0.1)
    net, x = build(initial=state, periods=periods), torch.rand(7, 2)
    found = net.velocity(with_time(x, 0.0))
    torch.testing.assert_close(found, velocity(x), rtol=0, atol=1e-12)
    after = with_time(x, 0.3)
    shifted = after + torch.tensor([1.0, 0.0, 0.0])
    torch.testing.assert_close(net(shifted), net(after), rtol=0, atol=1e-12)


@pytest.mark.parametrize("construction", ["matrix", "vector"])
@pytest.mark.parametrize("slip", [True, False])
@pytest.mark.parametrize("d", [2, 3])
def test_wall_has_the_velocity_of_the_lifting(d, slip, construction, dtype) -> None:
    lifting = Moving(d)
    options = {"slip": slip, "construction": construction}
    net = build(d, wall=wall(d), lifting=lifting, **options)
    n = sphere(d).to(dtype)
    x = with_time(n)
    given = curl_of(lifting, x, d)
    left = net.velocity(x) - given
    limit = LIMITS[dtype] * 10 * float(given.abs().max())
    assert ((left * n).sum(dim=1)).abs().max() < limit
    assert (left.abs().max() < limit) != slip
    assert_incompressible(net, with_time(0.6 * n))


def test_start_and_lifting_agree_on_the_wall() -> None:
    """A disk turns faster and faster; at t = 0 the fluid turns with it, and swirls."""

    def turning(inputs):
        r2 = inputs[:, :2].square().sum(1, keepdim=True)
        return -(1 + inputs[:, 2:]) * r2 / 2

    def start(x):
        return -x.square().sum(1, keepdim=True) / 2 + ball(x) ** 2 * (1 + x[:, :1])

    net = build(
        wall=wall(2),
        slip=False,
        lifting=turning,
        initial=InitialVelocity(start, ramp=0.1),
    )
    rim, x = sphere(2), 0.5 * sphere(2)
    close = {"rtol": 0, "atol": 1e-12}
    found = net.velocity(with_time(x, 0.0))
    torch.testing.assert_close(found, curl_of(start, x, 2), **close)
    for t in 0.0, 0.05, 2.0:
        on_rim = net.velocity(with_time(rim, t))
        spin = (1 + t) * torch.stack([-rim[:, 1], rim[:, 0]], dim=1)
        torch.testing.assert_close(on_rim, spin, **close)


def test_stream_function_may_grow_along_a_period() -> None:
    """A mean flow is the lifting U y, whose velocity alone is periodic."""
    net = build(time=False, periods=1.0, lifting=lambda x: 0.5 * x[:, 1:2])
    axis = torch.arange(64) / 64
    points = torch.cartesian_prod(axis, axis)
    mean = net.velocity(points).mean(dim=0)
    expected = net.bias[:2] + torch.tensor([0.5, 0.0])
    torch.testing.assert_close(mean, expected, rtol=0, atol=1e-12)


def swirl(x):
    return x.square().sum(1, keepdim=True)


BAD = [
    ({"wall": wall(3)}, "wall: points must be a tensor"),
    ({"wall": Wall(ball, 0.5 * sphere(2))}, "wall: function must vanish"),
    ({"wall": wall(2), "mean_velocity": [1.0, 0.0]}, "mean_velocity: .*cross the wall"),
    ({"wall": wall(2), "initial": InitialVelocity(psi)}, "initial: .*cross the wall"),
    (
        {"wall": wall(2), "slip": False, "initial": InitialVelocity(swirl)},
        "initial: .* must vanish on the wall",
    ),
    ({"initial": InitialVelocity(swirl), "periods": 1.0}, "periods: .* axis 0"),
    (
        {"lifting": lambda x: x[:, :1] ** 3, "periods": [2.0, None]},
        "periods: .* axis 0",
    ),
    ({"lifting": lambda x: x}, "lifting: must map points"),
    ({"initial": InitialVelocity(lambda x: x)}, "potential of initial: must map"),
]


@pytest.mark.parametrize(("options", "message"), BAD)
def test_contradictions_are_refused(options, message) -> None:
    with pytest.raises(ValueError, match=message):
        build(**options)
