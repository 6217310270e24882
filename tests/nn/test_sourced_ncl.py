"""NCL with a source: exact, of the source that is given or trained."""

import math

import deepxde as dde
import pytest
import torch
from law_balance import GLOROT, LIMITS, by_autograd, by_nesting, trained

from ncl_deepxde.nn import (
    NCL,
    Continuation,
    ContinuityLaw,
    FlowNet,
    InitialState,
    KnownSource,
    SourcedNCL,
    Wall,
    Windows,
)

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")


def rate(z):
    return torch.exp(-z[:, -1:]) * (2 + torch.sin(2 * math.pi * z[:, :1]))


SOURCES = {
    "trained": "trained",
    "rate": rate,
    "antiderivative": KnownSource(antiderivative=lambda z: -rate(z)),
}


def build(d, source, **options):
    sizes = [d + 1, 8, 7, d + 2 + (source == "trained")]
    return NCL(sizes, *GLOROT, source=SOURCES[source], mean_density=5.0, **options)


def residual(net, x):
    """Return the largest d_t rho + div m - s in units of its largest term."""
    found = []
    for differentiate in by_nesting, by_autograd:
        J = differentiate(net.flux, x).roll(-1, 1).diagonal(dim1=1, dim2=2)
        terms = torch.cat([J, -net.source(x).detach()], dim=1)
        found.append(float(terms.sum(dim=1).abs().max() / terms.abs().max()))
    return max(found)


@pytest.mark.parametrize("output", ["flux", "velocity"])
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_law_is_exact_before_and_after_training(d, source, output, dtype) -> None:
    net, x = build(d, source, output=output), torch.rand(5, d + 1)
    assert isinstance(net, SourcedNCL)
    assert net(x).shape == (5, d + 2 + (source == "trained"))
    for optimizer in ["adam", "gauss-newton"] if d == 1 else ["adam"]:
        assert residual(net, x) < LIMITS[dtype]
        trained(net, optimizer, steps=2)
    assert residual(net, x) < LIMITS[dtype]
    if source == "trained":
        torch.testing.assert_close(net.source(x), net(x)[:, d + 1 : d + 2])
        assert float(net.source(x).detach().abs().max()) > 1e-3
    else:
        torch.testing.assert_close(net.source(x), rate(x))


def test_it_is_a_flow_that_does_not_obey_continuity() -> None:
    net = build(2, "rate")
    assert isinstance(net, FlowNet)
    assert not isinstance(net, ContinuityLaw | NCL)
    assert net.columns == ("rho", "m_1", "m_2", "extra_1")
    assert build(2, "trained").columns == ("rho", "m_1", "m_2", "s", "extra_1")
    assert isinstance(NCL([3, 8, 3], *GLOROT), NCL)


def test_start_wall_and_supply_decide_the_total() -> None:
    line = dde.geometry.Interval(0, 1)
    start = InitialState(lambda x: 3 + x, time=0.1)
    net = NCL([2, 8, 2], *GLOROT, source=rate, initial=start, wall=Wall.of(line))
    x = torch.linspace(0, 1, 401)[:, None]
    for t in 0.1, 0.8:
        z = torch.cat([x, torch.full_like(x, t)], dim=1)
        rho = net.density(z).detach()[:, 0]
        if t == 0.1:
            torch.testing.assert_close(rho, 3 + x[:, 0])
        # Simpson's rule: h^4 = 4e-11 times a derivative of some hundreds.
        total = (rho[0] + rho[-1] + 4 * rho[1::2].sum() + 2 * rho[2:-1:2].sum()) / 1200
        right = 3.5 + 2 * (math.exp(-0.1) - math.exp(-t))
        assert total.item() == pytest.approx(right, abs=1e-8)


def test_bad_sources_are_named() -> None:
    with pytest.raises(ValueError, match="source: must be 'trained', a function"):
        NCL([2, 8, 2], *GLOROT, source="free")
    with pytest.raises(ValueError, match=r"^source: must be a function of inputs"):
        NCL([2, 8, 2], *GLOROT, source=3.0)
    with pytest.raises(ValueError, match="layer_sizes: the last entry must be"):
        NCL([2, 8, 2], *GLOROT, source="trained")


@pytest.mark.parametrize("source", SOURCES)
def test_a_flow_goes_on_with_its_source(source, dtype) -> None:
    first = build(1, source)
    sizes = [2, 6, 3 + (source == "trained")]
    then = NCL(
        sizes, *GLOROT, source=SOURCES[source], initial=Continuation(first, 0.4, 0.2)
    )
    net, x = Windows([first, then], [0.4]), torch.rand(8, 2)
    assert not isinstance(net, ContinuityLaw)
    later = torch.cat([x[:, :1], 0.5 + x[:, 1:]], dim=1)
    assert residual(then, later) < LIMITS[dtype]
    trained(net, "adam", steps=2)
    assert residual(then, later) < LIMITS[dtype]
    now = torch.cat([x[:, :1], torch.full((8, 1), 0.4)], dim=1).to(dtype)
    torch.testing.assert_close(then.flux(now), first.flux(now))
    if source != "trained":
        # It is the source given, not slowed down by the clock.
        torch.testing.assert_close(then.source(later), rate(later))


def test_flows_of_another_source_do_not_go_on() -> None:
    flow, sourced = NCL([2, 8, 2], *GLOROT), NCL([2, 8, 2], *GLOROT, source=rate)
    with pytest.raises(ValueError, match="must have the same source, got a NCL"):
        NCL([2, 8, 2], *GLOROT, source=rate, initial=Continuation(flow, 0.1, 0.1))
    refused = r"same source|must be that of the network"
    for other in "trained", lambda z: z[:, :1]:
        sizes = [2, 8, 2 + (other == "trained")]
        with pytest.raises(ValueError, match=refused):
            NCL(sizes, *GLOROT, source=other, initial=Continuation(sourced, 0.1, 0.1))
    with pytest.raises(ValueError, match="must be a flow without a source"):
        NCL([2, 8, 2], *GLOROT, initial=Continuation(sourced, 0.1, 0.1))
