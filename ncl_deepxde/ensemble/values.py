r"""Mean and spread of a quantity over the members of an ensemble."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from scipy.stats import t as student
from torch import Tensor

from ..arrays import Array

__all__ = ["MemberValues", "member_values"]

Member = TypeVar("Member")


@dataclass(frozen=True)
class MemberValues:
    """Values of K members.

    Attributes:
        values: Shape (K, ...).
    """

    values: Array

    @property
    def mean(self) -> Array:
        """Mean over the members, shape (...)."""
        mean: Array = self.values.mean(axis=0)
        return mean

    @property
    def std(self) -> Array:
        r"""Standard deviation over the members, of :math:`K - 1`, shape (...)."""
        std: Array = self.values.std(axis=0, ddof=1)
        return std

    def half_width(self, level: float, noise: float | Array = 0.0) -> Array:
        r"""Return half the interval around the mean that holds one more member.

        .. math:: t_{K-1,\,(1 + p)/2}\,
            \sqrt{s^2\,\Bigl(1 + \frac1K\Bigr) + \sigma^2}

        Without noise a further member of a normal distribution lies inside with
        probability p. With noise it is approximate, and wider rather than narrower.

        Args:
            level: Probability p.
            noise: Standard deviation :math:`\sigma` of a measurement, shape (...).

        Raises:
            ValueError: The level is not between 0 and 1.
        """
        if not 0 < level < 1:
            raise ValueError(
                f"level: must be between 0 and 1, got {level}. Write 90 % as 0.9."
            )
        k = len(self.values)
        factor = float(student.ppf((1 + level) / 2, k - 1))
        width: Array = factor * np.sqrt(self.std**2 * (1 + 1 / k) + np.square(noise))
        return width


def member_values(
    members: Iterable[Member], quantity: Callable[[Member], Tensor | Array | float]
) -> MemberValues:
    """Evaluate a quantity of every member, without derivatives.

    Args:
        members: At least two networks or functions.
        quantity: Maps a member to a number or an array, of one shape for all:
            ``lambda net: net.density(x)``, ``lambda net: net.transport(x, 0, 1)`` for
            tracks, ``lambda flow: birds_crossing(flow, ...).net`` for counts.

    Raises:
        ValueError: Fewer than two members, or values of different shapes, or values
            that are not finite.
    """
    with torch.no_grad():
        values = [_array(quantity(member)) for member in members]
    shapes = {value.shape for value in values}
    if len(values) < 2 or len(shapes) > 1:
        raise ValueError(
            "members: must be at least two, with values of one shape, got "
            f"{len(values)} with {sorted(shapes)}. Train more, or evaluate them at the "
            "same points."
        )
    stacked = np.stack(values)
    wrong = [k for k, value in enumerate(stacked) if not np.isfinite(value).all()]
    if wrong:
        raise ValueError(
            f"quantity: must be finite, is not for the members {wrong} of "
            f"{len(values)}. Leave out members whose training failed."
        )
    return MemberValues(stacked)


def _array(value: Tensor | Array | float) -> Array:
    if isinstance(value, Tensor):
        value = value.detach().cpu().numpy()
    return np.asarray(value, dtype=np.float64)
