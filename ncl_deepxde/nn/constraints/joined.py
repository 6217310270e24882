"""Laws with channels of their own, joined to one network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import torch
from torch import Tensor

from ...jets.jets import StreamTable
from ...potentials.differential_operator import Components, Summand
from ..base.channels import ChannelMap

__all__ = ["ChannelGroup", "JoinedMaps", "joined", "with_added"]


@dataclass(frozen=True)
class ChannelGroup:
    """Components of some channels of a perceptron, and what is done to these channels.

    Attributes:
        components: Summands of each component; channels from 0 on are those of the
            perceptron, then come those that the map adds.
        num_channels: Number of channels of the perceptron.
        channel_map: Map of these channels, ``None`` for none.
    """

    components: Components
    num_channels: int
    channel_map: ChannelMap | None = None

    @property
    def num_fixed(self) -> int:
        """Number of channels that the map adds."""
        return 0 if self.channel_map is None else self.channel_map.num_fixed


class JoinedMaps(torch.nn.Module, ChannelMap):
    """Maps of consecutive groups of channels, side by side.

    Channels of the perceptron stay in their order; those that the maps add follow them,
    group by group. Channels beyond the last group stay as they are.

    Args:
        groups: The groups.
    """

    def __init__(self, groups: Sequence[ChannelGroup]) -> None:
        super().__init__()
        self.num_fixed = sum(group.num_fixed for group in groups)
        self._sizes = [group.num_channels for group in groups]
        self._maps = [group.channel_map for group in groups]
        # Listed a second time, so that their parameters are known.
        self.trained = torch.nn.ModuleList()
        for channel_map in self._maps:
            if isinstance(channel_map, torch.nn.Module):
                self.trained.append(channel_map)

    def forward(self, streams: Tensor, inputs: Tensor, space: StreamTable) -> Tensor:
        """See ``ChannelMap``."""
        ends = list(accumulate(self._sizes))
        *parts, rest = streams.tensor_split(ends, dim=-1)
        own, fixed = [], []
        for part, channel_map in zip(parts, self._maps, strict=True):
            mapped = part
            if channel_map is not None:
                mapped = channel_map(part, inputs, space)
            own.append(mapped[..., : part.shape[-1]])
            fixed.append(mapped[..., part.shape[-1] :])
        return torch.cat([*own, rest, *fixed], dim=-1)


def joined(
    groups: Sequence[ChannelGroup], extras: int
) -> tuple[list[Components], ChannelMap | None]:
    """Return the components of each group in the channels of all, and the map.

    Args:
        groups: The groups; none of them may use channels of another one.
        extras: Number of free channels after those of the groups.

    Returns:
        Components per group, and the joined map, ``None`` where no group has one.
    """
    first, fixed = 0, extras + sum(group.num_channels for group in groups)
    found: list[Components] = []
    for group in groups:
        own = group.num_channels
        numbers = [*range(first, first + own), *range(fixed, fixed + group.num_fixed)]
        found.append(_renumbered(group.components, numbers))
        first, fixed = first + own, fixed + group.num_fixed
    has_maps = any(group.channel_map is not None for group in groups)
    return found, JoinedMaps(groups) if has_maps else None


def with_added(
    group: ChannelGroup, added: ChannelGroup, places: Sequence[int]
) -> ChannelGroup:
    """Return a group with the components of another one added to some of its own.

    Args:
        group: The group.
        added: What is added, a component for each place.
        places: Which components of ``group`` these are added to.
    """
    (rows, more), channel_map = joined([group, added], 0)
    found = [list(row) for row in rows]
    for place, summands in zip(places, more, strict=True):
        found[place] += summands
    return ChannelGroup(found, group.num_channels + added.num_channels, channel_map)


def _renumbered(components: Components, numbers: Sequence[int]) -> list[list[Summand]]:
    """Return the same summands of other channels."""
    return [
        [replace(s, channel=numbers[s.channel]) for s in component]
        for component in components
    ]
