"""One law of a network: how many channels it takes, which rows it has."""

import deepxde as dde
import pytest
import torch

from ncl_deepxde.nn import InitialState, Wall
from ncl_deepxde.nn.base.units import NetworkUnits
from ncl_deepxde.nn.constraints.law import FluxField, law_of
from ncl_deepxde.potentials.constructions import MATRIX


def law(has_source=False, initial=None, wall=None, known=None, d=2):
    field = FluxField(MATRIX, (None,) * (d + 1), 1, None)
    units = NetworkUnits.of(None, d)
    return law_of(field, units, has_source, None, initial, wall, None, known)


def one(x):
    return 1 + 0 * x[:, :1]


def test_channels_are_potentials_sources_and_what_is_fixed() -> None:
    plain = law()
    assert (plain.group.num_channels, plain.group.num_fixed) == (3, 0)
    assert plain.group.channel_map is None
    assert len(plain.group.components) == 3
    full = law(True, InitialState(one), None, one)
    # The state and the supply are fixed, sigma is one potential more.
    assert (full.group.num_channels, full.group.num_fixed) == (4, 2)
    assert len(full.group.components) == 4
    known = law(known=one)
    assert (known.group.num_fixed, len(known.group.components)) == (1, 3)


def test_a_supply_starts_with_the_state() -> None:
    found = law(initial=InitialState(one, time=0.7), known=one)
    assert found.supply.start == 0.7
    z = torch.tensor([[0.1, 0.2, 1.0]])
    assert found.supply(z).item() == pytest.approx(0.3)


def test_walls_leave_the_source_alone() -> None:
    wall = Wall.of(dde.geometry.Rectangle([0, 0], [1, 1]))
    channel_map = law(True, wall=wall).group.channel_map
    on_wall = torch.tensor([[0.0, 0.5, 0.3]])
    factors = channel_map.function(on_wall)
    assert factors.tolist() == [[0.0, 0.0, 0.0, 1.0]]
