"""A state that is nowhere negative, of a law that is exact."""

import copy
import math
import pickle

import deepxde as dde
import pytest
import torch
from law_balance import GLOROT, LIMITS, trained, worst

from ncl_deepxde.data import Collocation, kronecker_box
from ncl_deepxde.laws import fokker_planck
from ncl_deepxde.nn import (
    BalanceNet,
    InitialState,
    KnownFlux,
    MonotoneBalanceLaw,
)
from ncl_deepxde.optimizers import GaussNewton

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

LOW, HIGH = -1.0, 2.0
LINE = dde.geometry.Interval(LOW, HIGH)


def left(t):
    return 1 + torch.sin(3 * t)


def right(t):
    return 2 * torch.exp(-t)


OPEN = KnownFlux.of_ends(LOW, HIGH, [left, right])


def first(x):
    return torch.exp(-(((x - 0.3) / 0.2) ** 2))


def build(**options):
    given = {"interval": (LOW, HIGH)} | options
    if "initial" not in given:
        given.setdefault("total", 3.0)
    return MonotoneBalanceLaw([2, 8, 2], *GLOROT, **given)


def scattered(n):
    return torch.rand(n, 2) * torch.tensor([HIGH - LOW, 1.0]) + torch.tensor([LOW, 0.0])


def shaken(net, size=3.0):
    with torch.no_grad():
        for p in net.parameters():
            p += size * torch.randn_like(p)
    return net


KINDS = {
    "walls": {},
    "open": {"lifting": OPEN},
    "start": {"initial": InitialState(first, ramp=0.3)},
}


@pytest.mark.parametrize("kind", KINDS)
def test_law_is_exact_and_the_state_is_not_negative(kind, dtype) -> None:
    net, x = build(**KINDS[kind]), scattered(5)
    assert isinstance(net, BalanceNet)
    assert net(x).shape == (5, 2)
    assert worst(net, x) < LIMITS[dtype]
    trained(net, "adam", steps=2)
    # Steep maps enlarge the rounding of their arguments.
    assert worst(net, x) < 10 * LIMITS[dtype]


@pytest.mark.parametrize("kind", KINDS)
def test_no_weights_make_the_state_negative(kind, dtype) -> None:
    for seed in range(5):
        torch.manual_seed(seed)
        net = shaken(build(**KINDS[kind]))
        assert float(net.state(scattered(400)).detach().min()) >= 0


def test_total_is_the_one_given_between_walls() -> None:
    # Gauss's rule needs smooth maps.
    net = build(terms=3, maps=2)
    with torch.no_grad():
        for t in 0.0, 0.7:
            total = net.total(LINE, t, nodes=300).item()
            assert total == pytest.approx(3.0, abs=1e-10)


def test_fluxes_at_the_ends_are_those_given(dtype) -> None:
    t = torch.rand(7, 1)
    close = {"rtol": 0, "atol": 200 * torch.finfo(dtype).eps}
    for net, rates in (build(), (None, None)), (build(lifting=OPEN), (left, right)):
        for end, rate in zip((LOW, HIGH), rates, strict=True):
            z = torch.cat([torch.full_like(t, end), t], dim=1)
            right_flux = 0 * t if rate is None else rate(t)
            torch.testing.assert_close(net.flux(z, 0), right_flux, **close)


def test_start_is_exact(dtype) -> None:
    state = InitialState(first, time=0.2, ramp=0.3)
    x = LOW + (HIGH - LOW) * torch.rand(9, 1)
    z = torch.cat([x, torch.full_like(x, 0.2)], dim=1)
    # A sum over 200 nodes, differentiated.
    close = {"rtol": 0, "atol": 500 * torch.finfo(dtype).eps}
    torch.testing.assert_close(build(initial=state).state(z), first(x), **close)


@pytest.mark.slow
def test_probability_reaches_its_stationary_law() -> None:
    """Ornstein-Uhlenbeck, dX = -X dt + dW: p ~ exp(-x^2), from another place."""
    law = fokker_planck(lambda x, t: -x, 0.5)

    def start(x):
        return torch.exp(-(((x - 0.8) / 0.5) ** 2)) / (0.5 * math.pi**0.5)

    net = MonotoneBalanceLaw(
        [2, 10, 10, 2],
        *GLOROT,
        interval=(-4.0, 4.0),
        initial=InitialState(start, ramp=0.5),
        maps=2,
        terms=6,
    )
    data = Collocation(law.closure, kronecker_box([-4, 0], [4, 2]), 200)
    model = dde.Model(data, net)
    model.compile(GaussNewton(model), verbose=0)
    model.train(iterations=45, display_every=45, verbose=0)
    x = torch.linspace(-4, 4, 201)[:, None]
    p = net.state(torch.cat([x, torch.full_like(x, 2.0)], dim=1)).detach()
    # The mean falls as exp(-t), the variance goes to 1/2 as exp(-2 t).
    mean, variance = 0.8 * math.exp(-2), 0.5 - 0.375 * math.exp(-4)
    exact = torch.exp(-((x - mean) ** 2) / (2 * variance))
    exact = exact / (2 * math.pi * variance) ** 0.5
    assert float((p - exact).norm() / exact.norm()) < 0.02
    assert float(p.min()) >= 0


def test_copies_are_the_same() -> None:
    net, x = build(initial=InitialState(torch.ones_like, ramp=0.3)), scattered(5)
    for other in copy.deepcopy(net), pickle.loads(pickle.dumps(net)):
        torch.testing.assert_close(other(x), net(x), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"total": None}, "total: must be given where there is no initial state"),
        ({"total": -1.0}, "total: must be positive"),
        ({"interval": (1.0, 0.0)}, "high - low: must be positive"),
        ({"maps": 0}, "maps: must be an integer and at least 1"),
        ({"initial": InitialState(first)}, "with a ramp, the time in which it fades"),
        ({"initial": InitialState(torch.sin, ramp=1.0)}, "must be nowhere negative"),
        ({"initial": 3}, r"initial: must be an nn\.InitialState"),
        ({"lifting": torch.sin}, r"lifting: must be an nn\.KnownFlux"),
        (
            {"initial": InitialState(first, ramp=1.0), "nodes": 5},
            "initial: the rate must be resolved by 5 nodes",
        ),
        (
            {"initial": InitialState(first, ramp=1.0), "total": 1.0},
            "total: follows from initial",
        ),
    ],
)
def test_bad_arguments_are_named(options, message) -> None:
    with pytest.raises(ValueError, match=message):
        build(**options)


def test_inputs_where_it_could_be_negative_are_refused() -> None:
    net = build(initial=InitialState(first, ramp=0.3))
    with pytest.raises(ValueError, match="times must not be before the start, 0"):
        net(torch.tensor([[0.0, -0.1]]))
    with pytest.raises(ValueError, match="places must be between -1 and 2"):
        net(torch.tensor([[2.5, 0.1]]))
    flowing = KnownFlux.of_ends(LOW, HIGH, [torch.zeros_like, lambda t: 9 + 0 * t])
    with pytest.raises(ValueError, match="more must not flow out than there is"):
        build(lifting=flowing)(torch.tensor([[0.0, 0.9]]))
    with pytest.raises(ValueError, match="layer_sizes: must begin and end with 2"):
        MonotoneBalanceLaw([2, 8, 3], *GLOROT, interval=(0, 1), total=1.0)
    with pytest.raises(ValueError, match="its perceptron sees the time alone"):
        net.apply_feature_transform(lambda z: z)
