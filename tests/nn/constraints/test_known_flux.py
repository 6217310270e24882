"""Known fluxes: what crosses open parts is what was given, and the law is exact."""

import math

import deepxde as dde
import pytest
import torch
from law_balance import GLOROT, LIMITS, by_autograd, residual, trained, worst

from ncl_deepxde.nn import (
    NCL,
    BalanceLaws,
    Continuation,
    Incompressible,
    InitialState,
    KnownFlux,
    Wall,
    Windows,
)

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

LINE = dde.geometry.Interval(-1, 2)


def left(t):
    return 1 + torch.sin(3 * t)


def right(t):
    return 2 * torch.exp(-t)


def summed_left(t):
    return t - torch.cos(3 * t) / 3


def summed_right(t):
    return -2 * torch.exp(-t)


def fast(z):
    return torch.sin(500 * z[:, 1:])


WAYS = {
    "rates": KnownFlux.of_ends(-1, 2, [left, right]),
    "antiderivatives": KnownFlux.of_ends(
        -1, 2, antiderivatives=[summed_left, summed_right]
    ),
}


def build(way="antiderivatives", **options):
    given = {"wall": Wall.of(LINE), "lifting": [None, WAYS[way]]} | options
    return BalanceLaws([2, 8, 7, 4], *GLOROT, laws=2, **given)


def at(x, t):
    return torch.cat([torch.full_like(t, float(x)), t], dim=1)


@pytest.mark.parametrize("way", WAYS)
def test_flux_at_open_ends_is_the_one_given(way) -> None:
    dtype = torch.get_default_dtype()
    net, t = build(way), torch.rand(7, 1)
    x = torch.cat([3 * torch.rand(7, 1) - 1, t], dim=1)
    # Both are sums of some terms of order one.
    close = {"rtol": 0, "atol": 50 * torch.finfo(dtype).eps}
    for _ in range(2):
        assert worst(net, x) < LIMITS[dtype]
        for end, given in {-1: left, 2: right}.items():
            torch.testing.assert_close(net.flux(at(end, t), 1), given(t), **close)
            torch.testing.assert_close(net.flux(at(end, t), 0), 0 * t, **close)
        trained(net, "adam", steps=2)


def test_total_changes_by_what_crosses_the_ends() -> None:
    start = InitialState(lambda x: 2 + x**2, time=0.1)
    net = build("antiderivatives", initial=[start, start])
    times = 0.1, 0.9
    with torch.no_grad():
        totals = torch.stack([net.total(LINE, t, nodes=60) for t in times])
    t = torch.tensor(times)[:, None]
    passed = (summed_left(t) - summed_right(t)).diff(dim=0).item()
    # From -1 to 2 the integral of 2 + x^2 is 9.
    torch.testing.assert_close(totals[:, 0], torch.full((2,), 9.0))
    assert totals[0, 1].item() == pytest.approx(9.0, abs=1e-12)
    assert totals[1, 1].item() == pytest.approx(9.0 + passed, abs=1e-12)


def test_start_with_a_flux_is_exact_beside_open_ends(dtype) -> None:
    now = torch.tensor([[0.1]])

    def first_flux(x):
        a, b = left(now).to(x), right(now).to(x)
        return a + (x + 1) / 3 * (b - a) + torch.sin(math.pi * (x + 1) / 3)

    state = InitialState(lambda x: 2 + x**2, momentum=first_flux, time=0.1, ramp=0.3)
    net = build(initial=[None, state])
    x = 3 * torch.rand(7, 1) - 1
    inputs = torch.cat([x, torch.full((7, 1), 0.1)], dim=1)
    close = {"rtol": 0, "atol": 100 * torch.finfo(dtype).eps}
    torch.testing.assert_close(net.state(inputs)[:, 1:], 2 + x**2, **close)
    torch.testing.assert_close(net.flux(inputs, 1), first_flux(x), **close)
    assert worst(net, torch.rand(5, 2)) < LIMITS[dtype]
    other = InitialState(lambda x: 2 + x**2, momentum=lambda x: 0 * x, time=0.1)
    with pytest.raises(ValueError, match="law 1: initial: the momentum, less that of"):
        build(initial=[None, other])


def test_sides_in_the_plane_let_through_what_is_given(dtype) -> None:
    box = dde.geometry.Rectangle([0, 0], [1, 1])
    through = KnownFlux(
        lambda z: torch.cat([z[:, 1:2] * torch.exp(-z[:, 2:]), z[:, :1] ** 2], dim=1)
    )
    net = NCL([3, 8, 3], *GLOROT, wall=Wall.of(box), lifting=through)
    y, t = torch.rand(5, 1), torch.rand(5, 1)
    one = torch.ones_like(y)
    close = {"rtol": 0, "atol": 50 * torch.finfo(dtype).eps}
    m = net.flux(torch.cat([one, y, t], dim=1))[:, 1:]
    torch.testing.assert_close(m[:, :1], y * torch.exp(-t), **close)
    m = net.flux(torch.cat([y, one, t], dim=1))[:, 1:]
    torch.testing.assert_close(m[:, 1:], y**2, **close)
    J = by_autograd(net.flux, torch.rand(5, 3)).roll(-1, 1)
    terms = J.diagonal(dim1=1, dim2=2)
    assert float(terms.sum(1).abs().max() / terms.abs().max()) < LIMITS[dtype]


def test_faces_in_space_let_through_what_is_given(dtype) -> None:
    """What flows in through the faces of a box is stored: the law is exact in 3D."""
    low, high = torch.tensor([0.0, -1.0, 0.5]), torch.tensor([1.0, 1.0, 2.0])
    box = dde.geometry.Cuboid(low.tolist(), high.tolist())

    def given(z):
        x, y, s, t = z.split(1, dim=1)
        return torch.cat([y * s * torch.exp(-t), x**2 + s * t, x * y + s**2], dim=1)

    net = BalanceLaws(
        [4, 6, 8],
        *GLOROT,
        laws=2,
        wall=Wall.of(box),
        lifting=[None, KnownFlux(given)],
    )
    z = torch.rand(6, 4)
    z[:, :3] = low + (high - low) * z[:, :3]
    close = {"rtol": 0, "atol": 100 * torch.finfo(dtype).eps}
    for axis in range(3):
        for side in low, high:
            face = z.clone()
            face[:, axis] = side[axis]
            through = net.flux(face, 1)[:, axis]
            torch.testing.assert_close(through, given(face)[:, axis], **close)
            stopped = net.flux(face, 0)[:, axis]
            torch.testing.assert_close(stopped, torch.zeros(6), **close)
    assert worst(net, z) < LIMITS[dtype]
    # The divergence of what is given, 2 s, is lost from the state as time goes by.
    plain = BalanceLaws([4, 6, 8], *GLOROT, laws=2, wall=Wall.of(box))
    plain.load_state_dict(net.state_dict())
    lost = (plain.state(z) - net.state(z))[:, 1]
    torch.testing.assert_close(lost, 2 * z[:, 2] * z[:, 3], **close)


def test_fluxes_go_on_in_windows(dtype) -> None:
    first = build()
    then = build(initial=Continuation(first, 0.4, 0.2))
    net, t = Windows([first, then], [0.4]), torch.rand(7, 1)
    trained(net, "adam", steps=2)
    close = {"rtol": 0, "atol": 50 * torch.finfo(dtype).eps}
    for end, given in {-1: left, 2: right}.items():
        torch.testing.assert_close(net.flux(at(end, t), 1), given(t), **close)
    seam = at(0.7, torch.full((3, 1), 0.4))
    torch.testing.assert_close(first.flux(seam, 1), then.flux(seam, 1))
    assert worst(then, torch.rand(5, 2) + torch.tensor([0.0, 0.4])) < LIMITS[dtype]
    with pytest.raises(ValueError, match="law 1: lifting: must be that of the network"):
        build(initial=Continuation(first, 0.4, 0.2), lifting=None, wall=None)


def test_a_wrong_flux_would_be_seen() -> None:
    """Were the state not given what flows in, the law would not be exact."""
    net, x = build(), torch.rand(5, 2)
    whole = net.state

    def without(z):
        gained = left(z[:, 1:]) - right(z[:, 1:])
        return whole(z) - 1e-6 * gained

    net.state = without
    assert residual(net, 1, x) > 1e-8


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: KnownFlux(), "KnownFlux: rate or antiderivative must be given"),
        (lambda: KnownFlux.of_ends(1, 0, [left, right]), "high - low: must be pos"),
        (lambda: KnownFlux.of_ends("a", 0, [left, right]), "low: must be a number"),
        (lambda: KnownFlux.of_ends(0, 1, [left]), "rates: must be two functions"),
        (lambda: KnownFlux.of_ends(0, 1, [left, 2.0]), "rates: must be two functions"),
        (
            lambda: build(lifting=[None, KnownFlux(lambda z: z)])(torch.rand(3, 2)),
            "rate of lifting: must map points",
        ),
        (
            lambda: build(
                lifting=[None, KnownFlux(lambda z: torch.sin(500 * z[:, 1:]))]
            )(torch.rand(3, 2)),
            "lifting: the rate must be resolved by 24 nodes",
        ),
        (
            lambda: build(wall=None, periods=1.0),
            "law 1: periods: lifting must have the period",
        ),
        (
            lambda: Incompressible([3, 8, 2], *GLOROT, lifting=WAYS["rates"]),
            "lifting: must be a function",
        ),
    ],
)
def test_bad_fluxes_are_named(make, message) -> None:
    with pytest.raises(ValueError, match=message):
        make()
