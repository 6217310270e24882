"""What networks promise holds, and what is made to break is found."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "nn"))

import deepxde as dde
import pytest
import torch
from networks import ALL_NETWORKS, density, ncl

from ncl_deepxde import nn
from ncl_deepxde.evaluation.promises import (
    MOST_POINTS,
    evaluating,
    is_same,
    promises,
    some_points,
)

NAMES = ["ncl-hard", "momentum-ncl", "lflow", "windows", "sourced-ncl", "balance-laws"]


@pytest.fixture(autouse=True)
def _seed(request):
    dde.config.set_random_seed(0)


def points(net):
    return torch.rand(7, 3, dtype=next(net.parameters()).dtype)


def found(net):
    return {promise.name: promise for promise in promises(net, points(net))}


@pytest.mark.parametrize("name", NAMES)
def test_all_promises_of_exact_networks_hold(name):
    looked_at = found(ALL_NETWORKS[name].build())
    assert looked_at
    assert all(promise.holds for promise in looked_at.values()), looked_at


def test_networks_without_a_law_promise_nothing():
    assert not found(ALL_NETWORKS["curl"].build())
    assert not found(dde.nn.FNN([3, 4, 3], "tanh", "Glorot normal"))
    steady = dde.nn.FNN([1, 4, 1], "tanh", "Glorot normal")
    assert not [*promises(steady, torch.rand(2, 1))]


def broken(net, part):
    """Add a thousandth of something that no law allows."""
    whole = getattr(net, part)
    setattr(net, part, lambda x: whole(x) + 1e-3 * x[:, -1:].sin())
    return net


def test_a_flux_that_does_not_conserve_is_found():
    promise = found(broken(ncl(), "flux"))["continuity"]
    assert not promise.holds
    assert "of the largest term is left" in promise.text


def test_a_source_that_is_not_that_of_the_flux_is_found():
    net = ALL_NETWORKS["sourced-ncl"].build()
    assert not found(broken(net, "source"))["balance of mass"].holds
    laws = ALL_NETWORKS["balance-laws"].build()
    assert not found(broken(laws, "state"))["balance of law 1"].holds


def test_a_start_that_is_not_kept_is_found():
    def moving(x):
        return torch.cat([x[:, 1:2].cos(), x[:, :1].sin()], dim=1)

    net = ncl(initial=nn.InitialState(density, momentum=moving, time=0.3))
    assert found(net)["hard start"].holds
    whole = net.flux
    for column in (0, 2):  # the density, a momentum
        change = 1e-6 * torch.eye(3)[column]
        net.flux = lambda x, change=change: whole(x) + change
        assert not found(net)["hard start"].holds
    first = ALL_NETWORKS["ncl-hard"].build()
    then = ncl(initial=nn.Continuation(first, 0.5, 0.2))
    assert found(nn.Windows([first, then], [0.5]))["hard start"].holds


def test_mass_that_drifts_is_found_and_what_a_grid_misses_is_not_blamed():
    net = nn.NCL([3, 8, 6, 3], "tanh", "Glorot normal", periods=1.0)
    assert found(net)["mass"].holds
    assert not found(broken(net, "density"))["mass"].holds
    steep = nn.NCL([3, 8, 6, 3], "tanh", "Glorot normal", periods=1.0, harmonics=9)
    promise = found(steep)["mass"]
    assert promise.holds
    assert "which a grid sees" in promise.text


def test_outputs_are_compared_with_those_before():
    before = torch.rand(5, 3, dtype=torch.float64)
    assert is_same(before, before.clone()).text == "to the last bit"
    assert is_same(before, before * (1 + 1e-14)).holds
    assert not is_same(before, before + 1e-6).holds
    assert not is_same(before, before.float()).holds
    assert not is_same(before, before[:, :2]).holds
    assert not is_same(before, before * torch.nan).holds


def test_points_are_spread_over_all_rows():
    rows = torch.arange(100.0)[:, None]
    few = some_points(rows)
    assert (float(few[0]), float(few[-1]), len(few)) == (0, 99, MOST_POINTS)
    assert torch.equal(some_points(rows[:3]), rows[:3])


def test_each_part_of_a_network_gets_its_mode_back():
    net = torch.nn.Sequential(torch.nn.Dropout(), torch.nn.Dropout())
    net[0].eval()
    with evaluating(net):
        assert not any(part.training for part in net.modules())
    assert [part.training for part in net.modules()] == [True, False, True]
