"""Members of an ensemble, which differ by their seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import deepxde as dde

__all__ = ["train_members"]

Member = TypeVar("Member")


def train_members(
    train: Callable[[int], Member], seeds: Iterable[int]
) -> tuple[Member, ...]:
    """Train one member after the other, each with the random numbers of its seed.

    Args:
        train: Builds and trains a member of a seed: a network, or whatever the
            quantities of ``member_values`` are computed from.
        seeds: The seeds. Before each, those of Python, NumPy and torch are set.

    Raises:
        ValueError: A seed is given twice, so that two members would be one.
    """
    numbers = list(seeds)
    if len(set(numbers)) < len(numbers):
        raise ValueError(f"seeds: must differ, got {numbers}. Leave out copies.")
    members = []
    for seed in numbers:
        dde.config.set_random_seed(seed)
        members.append(train(seed))
    return tuple(members)
