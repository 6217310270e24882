"""Known sources: exact by the antiderivative or by quadrature, refused otherwise."""

import dataclasses
import math
import re

import deepxde as dde
import pytest
import torch
from law_balance import GLOROT, LIMITS, residual, worst

from ncl_deepxde.nn import BalanceLaws, InitialState, KnownSource
from ncl_deepxde.nn.constraints.known_source import Supply, SupplyCheck, supply_of

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")


def rate(z):
    return torch.exp(-z[:, -1:]) * (2 + torch.sin(2 * math.pi * z[:, :1]))


def antiderivative(z):
    return -torch.exp(-z[:, -1:]) * (2 + torch.sin(2 * math.pi * z[:, :1]))


WAYS = {
    "rate": KnownSource(rate),
    "antiderivative": KnownSource(antiderivative=antiderivative),
    "both": KnownSource(rate, antiderivative),
}


def build(d, known, sources=(), **options):
    sizes = [d + 1, 8, 8, 2 * (1 + d) + len(sources)]
    given = {"laws": 2, "sources": sources, "known_sources": [None, known]}
    return BalanceLaws(sizes, *GLOROT, **given, **options)


@pytest.mark.parametrize("way", WAYS)
def test_supply_is_the_integral_since_the_start(way, dtype) -> None:
    supply, z = Supply(WAYS[way], 0.3), torch.rand(7, 3)
    z0 = torch.cat([z[:, :2], torch.full((7, 1), 0.3)], dim=1)
    right = antiderivative(z) - antiderivative(z0)
    # A sum of 24 terms of order one.
    close = {"rtol": 0, "atol": 100 * torch.finfo(dtype).eps}
    torch.testing.assert_close(supply(z), right, **close)
    torch.testing.assert_close(supply.slope(z), rate(z), **close)
    torch.testing.assert_close(supply.rate(z), rate(z), **close)


# Trained sources beside the known one are columns, in any dimension alike.
SOURCES_IN = [(1, ()), (2, ()), (3, ()), (1, (0,)), (2, (1,))]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("d", "sources"), SOURCES_IN, ids=str)
def test_law_with_a_known_source_is_exact(d, sources, way, dtype) -> None:
    net, x = build(d, WAYS[way], sources), torch.rand(7, d + 1)
    assert worst(net, x) < LIMITS[dtype]
    known = net.source(x, 1) - rate(x)
    if 1 in sources:
        # The trained part comes beside it, in the same column.
        assert float(known.detach().abs().max()) > 1e-3
        place = 2 * (1 + d) + sources.index(1)
        torch.testing.assert_close(net.source(x, 1), net(x)[:, place : place + 1])
    else:
        assert float(known.detach().abs().max()) < 50 * torch.finfo(dtype).eps


def test_a_wrong_source_would_be_seen() -> None:
    net, x = build(1, WAYS["rate"]), torch.rand(7, 2)
    wrong = Supply(KnownSource(lambda z: 1.001 * rate(z)))
    net._laws[1] = dataclasses.replace(net._laws[1], supply=wrong)
    assert residual(net, 1, x) > 1e-5


def test_start_and_mean_are_those_given() -> None:
    """On a torus a known source decides the mean of the state, at all times."""
    start = InitialState(lambda x: 3 + torch.cos(2 * math.pi * x), time=0.2)
    net = build(1, WAYS["rate"], initial=[None, start], periods=1.0)
    x = torch.rand(5, 1)
    now = torch.cat([x, torch.full((5, 1), 0.2)], dim=1)
    q = net.state(now).detach()[:, 1:]
    torch.testing.assert_close(q, 3 + torch.cos(2 * math.pi * x), rtol=0, atol=1e-13)
    line = dde.geometry.Interval(0, 1)
    for t in 0.2, 0.9:
        # The mean of the rate is 2 exp(-t).
        right = 3 + 2 * (math.exp(-0.2) - math.exp(-t))
        assert net.total(line, t, nodes=100)[1].item() == pytest.approx(
            right, abs=1e-12
        )


def fast(z):
    return torch.sin(400 * z[:, -1:]) + 0 * z[:, :1]


def test_unresolved_rates_are_refused() -> None:
    net = build(1, fast)
    with pytest.raises(ValueError, match=r"resolved by 24 nodes .* Raise nodes"):
        net(torch.rand(5, 2))
    more = build(1, KnownSource(fast, nodes=400))
    # Angles of some hundreds lose two digits.
    assert worst(more, torch.rand(5, 2)) < 1e-10


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (3.0, "known_sources: must be a function of inputs .* lambda z: 0"),
        (lambda x, t: x * t, r"must be a function of one argument, .* got \(x, t\)"),
        (KnownSource(rate, rate), "rate must be the derivative of antiderivative"),
        (lambda z: z, "rate of known_sources: must map points"),
        (lambda z: z[:, :1] / z.max(), "must be a function of each point by itself"),
        (lambda z: torch.as_tensor(z.numpy()[:, :1]), "made of torch operations"),
        (lambda z: z[:, :1] * torch.nn.Parameter(torch.ones(1)), "without trainable"),
    ],
)
def test_bad_sources_are_named(given, message) -> None:
    with pytest.raises(ValueError, match=message):
        build(1, given)(torch.rand(5, 2))


def test_empty_sources_are_refused() -> None:
    with pytest.raises(ValueError, match="rate or antiderivative must be given"):
        KnownSource()
    with pytest.raises(ValueError, match="nodes: must be an integer"):
        KnownSource(rate, nodes=0)


def test_sources_must_have_the_periods_of_the_network() -> None:
    with pytest.raises(ValueError, match=re.escape("law 1: periods: known_sources")):
        build(1, lambda z: z[:, :1], periods=1.0)
    assert supply_of(rate, [1.0], 0.0) is not None
    assert supply_of(None, [1.0], 0.0) is None


def test_it_is_checked_once() -> None:
    calls = []
    check = SupplyCheck(Supply(KnownSource(lambda z: calls.append(1) or rate(z))))
    x = torch.rand(5, 2)
    check(x)
    number = len(calls)
    # Not where all is nearer to the start than before.
    check(x / 2)
    assert len(calls) == number


def test_a_rate_that_nodes_resolve_for_a_while_is_refused_later():
    # 24 nodes resolve sin(100 t) up to t = 0.2, but not up to 1.
    net = build(1, KnownSource(lambda z: torch.sin(100 * z[:, 1:])))
    early = torch.rand(20, 2) * torch.tensor([1.0, 0.2])
    net(early)
    net(early / 2)
    with pytest.raises(ValueError, match="must be resolved by 24 nodes"):
        net(early + torch.tensor([0.0, 0.8]))
