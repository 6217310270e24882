"""The cases of shocks: starts, exact solutions, finite volumes beside them."""

import importlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

FOLDER = Path(__file__).parents[2] / "benchmarks"
CASES = ["burgers", "transonic", "traffic", "dam", "sod"]

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")


@pytest.fixture
def shocks(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("shocks")


@pytest.mark.parametrize("name", CASES)
def test_starts_are_the_exact_states_off_their_jumps(shocks, name) -> None:
    case = shocks.CASES[name]()
    x = case.points(1000)
    smooth = case.start(torch.as_tensor(x)[:, None]).numpy()
    exact = case.exact(x, 1e-9)
    assert smooth.shape == exact.shape == (1000, case.law.laws)
    off = np.abs(smooth - exact).max(axis=1) > 1e-3
    # Each jump is about seven widths of 0.4 % wide.
    assert off.mean() < 0.1
    assert np.abs(smooth.mean(axis=0) - exact.mean(axis=0)).max() < 2e-3


@pytest.mark.parametrize("name", CASES)
def test_finite_volumes_come_near_the_exact_solution(shocks, name) -> None:
    case = shocks.CASES[name]()
    coarse, fine = (shocks.volumes(case, n) for n in (100, 400))
    # What is left is the smoothing of the start, 0.2 % of the domain.
    assert fine["l1"] < 0.75 * coarse["l1"]
    assert fine["l1"] < 0.008
    assert abs(fine["drift"]) < 2e-3
    assert abs(fine["shock"]) < 0.01 * (case.high - case.low)
    if case.flat:
        inside = np.linspace(*case.flat, 9)
        assert np.ptp(case.exact(inside, case.end)[:, 0]) == 0
        assert abs(fine["flat"]) < 0.01


def test_viscosity_costs_finite_volumes_what_theory_says(shocks) -> None:
    """A shock a - a tanh(a x / 2 nu) is off by 4 nu log 2, in a domain of length 2."""
    case = shocks.CASES["burgers"]()
    nu = 0.008
    found = shocks.volumes(case, 320, nu)
    assert found["viscosity"] == nu
    # The smooth parts, which viscosity moves too, add a fifth.
    assert found["l1"] == pytest.approx(2 * nu * np.log(2), rel=0.3)


@pytest.mark.parametrize("network", ["exact", "plain"])
@pytest.mark.parametrize("case", ["burgers", "traffic"])
def test_a_training_writes_a_line_for_each_stage(shocks, network, case) -> None:
    lines = []
    options = SimpleNamespace(case=case, network=network, seed=0, points=60)
    options.width, options.depth, options.ramp, options.steps = 6, 2, 0.1, 1
    options.stages, options.last = [0.1, 0.05], 2
    options.huber, options.entropy = 0.3, 0.1
    shocks.train(options, lines.append)
    assert [line["viscosity"] for line in lines] == [0.1, 0.05]
    assert [line["steps"] for line in lines] == [1, 2]
    assert all(np.isfinite(line["l1"]) for line in lines)
    if network == "exact":
        # The middles of 2000 cells, and a start smoothed between open ends.
        assert abs(lines[-1]["drift"]) < 1e-3


def test_starts_fade_by_their_integral(shocks) -> None:
    for name in "transonic", "traffic", "dam", "sod":
        case = shocks.CASES[name]()
        ends = torch.tensor([[case.low], [case.high]])
        assert float(case.summed(ends).abs().max()) < 1e-12
        x = torch.linspace(case.low, case.high, 301)[:, None].requires_grad_()
        states = case.start(x)
        for k in range(case.law.laws):
            (slope,) = torch.autograd.grad(case.summed(x)[:, k].sum(), x)
            deviation = slope[:, 0] - states[:, k].detach()
            assert float(deviation.std()) < 1e-12


@pytest.mark.parametrize("name", CASES)
def test_networks_have_the_start_and_the_fluxes_at_the_ends(shocks, name) -> None:
    case = shocks.CASES[name]()
    net = shocks.exact_network(case, [6], 0.05)
    plain = shocks.plain_network(case, [6], 0.05)
    x = torch.linspace(case.low, case.high, 31)[:, None]
    now = torch.cat([x, 0 * x], dim=1)
    torch.testing.assert_close(net.state(now), case.start(x))
    torch.testing.assert_close(plain(now), case.start(x))
    later = torch.tensor([[end, case.end] for end in (case.low, case.high)])
    for k, pair in enumerate(case.ends):
        right = torch.tensor(pair)[:, None]
        torch.testing.assert_close(net.flux(later, k), right, rtol=0, atol=1e-12)


def test_norm_of_huber_is_a_square_where_small_and_linear_where_large(shocks) -> None:
    small, large = torch.tensor(1e-4), torch.tensor(1e4)
    for sign in -1, 1:
        assert shocks.robust(sign * small, 1.0).item() == pytest.approx(sign * 1e-4)
        # 2 s |r| - 2 s^2, of which the last is lost beside 2e4.
        square = shocks.robust(sign * large, 1.0).square().item()
        assert square == pytest.approx(2e4, rel=2e-4)


def test_entropy_counts_where_it_grows(shocks) -> None:
    """A jump up, from -1 to 1, is one that viscosity would not let be."""
    law = shocks.CASES["transonic"]().law
    options = SimpleNamespace(huber=0.0, entropy=2.0, network="plain")
    z = torch.linspace(-0.5, 0.5, 41)[:, None] * torch.tensor([[1.0, 0.0]])
    z.requires_grad_()
    for sign in 1, -1:
        u = sign * torch.tanh(5 * z[:, :1])
        _, gained = shocks.with_options(law.residual, law, options)(z, u)
        # At rest it is d_x (u^3 / 3) = u^2 u_x.
        slope = torch.autograd.grad(u.sum(), z)[0][:, :1]
        right = 2 * torch.relu(u**2 * slope)
        torch.testing.assert_close(gained, right)
        assert bool(gained.max() > 0) == (sign == 1)
