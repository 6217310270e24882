"""Groups of channels, each with a map of its own, side by side."""

import pytest
import torch

from ncl_deepxde.jets.jets import jet_of_callable, jet_space
from ncl_deepxde.nn.base.channels import ChannelMap
from ncl_deepxde.nn.constraints.ansatz import Ansatz
from ncl_deepxde.nn.constraints.joined import (
    ChannelGroup,
    JoinedMaps,
    joined,
    with_added,
)
from ncl_deepxde.potentials import Summand


def known(x):
    """Return two factors and one fixed channel."""
    return torch.stack([x[:, 1] ** 2, torch.cos(x[:, 0]), x[:, 0] * x[:, 1]], dim=1)


def one_fixed(x):
    return torch.exp(x[:, :1])


def perceptron(x):
    return torch.sin(x @ torch.tensor([[1.0, -0.5, 2.0, 0.7], [0.3, 2.0, -1.0, 0.4]]))


GROUPS = [
    ChannelGroup([[Summand((0,), 1), Summand((), 2, 5.0)]], 2, Ansatz(known, 2, 1)),
    ChannelGroup([[Summand((1,), 0)]], 1),
    ChannelGroup([[Summand((), 0)]], 0, Ansatz(one_fixed, 0, 1)),
]


def test_maps_act_on_their_own_channels() -> None:
    channel_map = JoinedMaps(GROUPS)
    assert isinstance(channel_map, ChannelMap)
    assert channel_map.num_fixed == 2
    x, space = torch.rand(5, 2), jet_space(2, 1)
    streams = jet_of_callable(perceptron, x, space)
    found = channel_map(streams, x, space)

    def right(x):
        a, given = perceptron(x), known(x)
        own = given[:, :2] * a[:, :2]
        return torch.cat([own, a[:, 2:], given[:, 2:], one_fixed(x)], dim=1)

    torch.testing.assert_close(found, jet_of_callable(right, x, space))


def test_summands_are_renumbered() -> None:
    """Four channels, the last one free, then the fixed ones of groups 0 and 2."""
    components, channel_map = joined(GROUPS, extras=1)
    assert isinstance(channel_map, JoinedMaps)
    assert components == [
        [[Summand((0,), 1), Summand((), 4, 5.0)]],
        [[Summand((1,), 2)]],
        [[Summand((), 5)]],
    ]


def test_groups_without_maps_need_none() -> None:
    components, channel_map = joined([GROUPS[1], GROUPS[1]], extras=0)
    assert channel_map is None
    assert components == [[[Summand((1,), 0)]], [[Summand((1,), 1)]]]


def test_what_is_known_is_added_in_its_places() -> None:
    group = ChannelGroup([[Summand((0,), 1)], [Summand((), 0)]], 2)
    found = with_added(group, GROUPS[2], [-1])
    assert found.components == [[Summand((0,), 1)], [Summand((), 0), Summand((), 2)]]
    assert (found.num_channels, found.num_fixed) == (2, 1)
    with pytest.raises(ValueError, match="zip"):
        with_added(group, GROUPS[2], [0, 1])
