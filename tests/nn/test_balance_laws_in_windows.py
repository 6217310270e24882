"""Balance laws that go on from an earlier network, in windows of time."""

import copy
import math
import pickle

import deepxde as dde
import pytest
import torch
from law_balance import GLOROT, LIMITS, trained, worst

from ncl_deepxde.nn import (
    NCL,
    BalanceLaws,
    BalanceNet,
    Continuation,
    ContinuityLaw,
    FlowNet,
    InitialState,
    KnownSource,
    Wall,
    Windows,
)

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

SEAM = 0.4


def rate(z):
    return torch.exp(-z[:, -1:]) * (2 + torch.sin(z[:, :1]))


KNOWN = {
    "none": None,
    "rate": rate,
    "antiderivative": KnownSource(None, lambda z: -rate(z)),
}


def build(d, **options):
    sizes = [d + 1, 8, 7, 2 * (1 + d) + 2]
    return BalanceLaws(sizes, *GLOROT, laws=2, sources=(1,), **options)


def windows(d, known="none", **options):
    given = {"known_sources": [KNOWN[known], KNOWN[known]]} | options
    first = build(d, **given)
    given.pop("initial", None)
    then = build(d, initial=Continuation(first, SEAM, 0.2), **given)
    return Windows([first, then], [SEAM])


def around(d, n=4):
    """Points on both sides of the seam."""
    x = torch.rand(2 * n, d + 1)
    x[:n, -1] = 0.1 + 0.2 * x[:n, -1]
    x[n:, -1] = 0.5 + 0.5 * x[n:, -1]
    return x


@pytest.mark.parametrize(
    ("d", "known"),
    [(1, "none"), (1, "rate"), (2, "antiderivative"), (3, "none")],
)
def test_laws_are_exact_on_both_sides(d, known, dtype) -> None:
    net, x = windows(d, known), around(d, n=2)
    assert worst(net, x) < LIMITS[dtype]
    for index in 0, 1:
        net.activate(index)
        trained(net, "adam", steps=2)
    assert worst(net, x) < LIMITS[dtype]
    if known != "none":
        # The source is the one given, not slowed down by the clock.
        error = (net.source(x, 0) - rate(x)).detach().abs().max()
        assert float(error) < 100 * torch.finfo(dtype).eps


@pytest.mark.parametrize("known", KNOWN)
def test_states_and_fluxes_go_on_at_the_seam(known) -> None:
    net = windows(2, known)
    first, then = net.nets
    at = torch.cat([torch.rand(7, 2), torch.full((7, 1), SEAM)], dim=1)
    torch.testing.assert_close(first.state(at), then.state(at))
    for k in range(2):
        torch.testing.assert_close(first.flux(at, k), then.flux(at, k))
    later = at + torch.tensor([0.0, 0.0, 0.1])
    assert float((first.state(later) - then.state(later)).detach().abs().min()) > 1e-6
    with torch.no_grad():
        for p in then.network.parameters():
            p += 0.3
    torch.testing.assert_close(first.state(at), then.state(at))


def test_the_clock_slows_down_what_is_by_time() -> None:
    """q(x, c), c' F(x, c), c' s(x, c), and free columns as they are."""
    first = build(1)
    then = Continuation(first, SEAM, 0.2)
    x = torch.tensor([[0.3, 0.7]])
    dt = 0.7 - SEAM
    slow = torch.tensor([[0.3, SEAM + 0.2 * (1 - math.exp(-dt / 0.2))]])
    pace = math.exp(-dt / 0.2)
    rates = torch.tensor([1.0, pace, 1.0, pace, pace, 1.0])
    torch.testing.assert_close(then(x), first(slow) * rates)


def test_totals_change_by_what_is_known_through_all_windows() -> None:
    line = dde.geometry.Interval(0, math.pi)
    wall = Wall.of(line)
    net = windows(1, "rate", wall=wall)
    with torch.no_grad():
        totals = [net.total(line, t, nodes=60)[0] for t in (0.1, 0.9)]
    gained = (math.exp(-0.1) - math.exp(-0.9)) * (2 * math.pi + 2)
    assert (totals[1] - totals[0]).item() == pytest.approx(gained, abs=1e-12)


def test_windows_of_laws_are_laws() -> None:
    net = windows(2)
    assert isinstance(net, BalanceNet | Windows)
    assert isinstance(net, Windows)
    assert not isinstance(net, FlowNet | ContinuityLaw)
    assert (net.dim, net.laws, net.sources) == (2, 2, (1,))
    x = around(2)
    parts = [net.nets[0](x[:4]), net.nets[1](x[4:])]
    torch.testing.assert_close(net(x), torch.cat(parts))
    for other in copy.deepcopy(net), pickle.loads(pickle.dumps(net)):
        assert type(other) is type(net)
        torch.testing.assert_close(other(x), net(x), rtol=0, atol=0)


def test_it_starts_from_a_state_and_goes_on() -> None:
    def wave(x):
        return 2 + torch.sin(2 * math.pi * x).prod(dim=1, keepdim=True)

    net = windows(2, initial=[InitialState(wave), None], periods=1.0)
    now = torch.cat([torch.rand(5, 2), torch.zeros(5, 1)], dim=1)
    torch.testing.assert_close(net.state(now)[:, :1], wave(now[:, :2]))
    assert worst(net, around(2)) < 1e-12


def test_refusals() -> None:
    first = build(1, known_sources=[rate, None])
    with pytest.raises(ValueError, match="law 0: known_sources: must be that"):
        build(1, initial=Continuation(first, SEAM, 0.2))
    other = BalanceLaws([2, 8, 6], *GLOROT, laws=3)
    with pytest.raises(ValueError, match="must have the same laws, 2 in 1"):
        build(1, initial=Continuation(other, SEAM, 0.2))
    with pytest.raises(ValueError, match="must be a flow without a source"):
        NCL([2, 8, 6], *GLOROT, initial=Continuation(first, SEAM, 0.2))
    flow = NCL([2, 8, 6], *GLOROT)
    with pytest.raises(ValueError, match="must have the same laws"):
        build(1, initial=Continuation(flow, SEAM, 0.2))
    with pytest.raises(ValueError, match=r"nets: must all be of class nn\.BalanceNet"):
        Windows([first, flow], [SEAM])
    with pytest.raises(ValueError, match=r"nets: must all be of class nn\.BalanceNet"):
        Windows([first, other], [SEAM])
    with pytest.raises(ValueError, match="must continue number 0 at its seam"):
        Windows([first, build(1, initial=Continuation(build(1), SEAM, 0.2))], [SEAM])
