r"""Fields in the units of a user, made of potentials of order one.

Potentials are functions :math:`\hat a(\hat x)` of scaled inputs :math:`\hat x = (x -
o)/L`. A divergence-free field of them, :math:`\hat v_i = \sum f\, \hat\partial^\alpha
\hat a`, is carried to the inputs x by the transform of Piola,

.. math:: v_i = c\, D_i\, \hat v_i = \sum c\, f\, D_i D^\alpha\, \partial^\alpha a ,
    \qquad a(x) = \hat a(\hat x) ,

for any numbers D, one per axis. Summands that cancel in :math:`\sum_i \partial_i v_i`
have the same :math:`\alpha + e_i`, hence the same factor, which is computed in one
order: they cancel to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

import deepxde as dde
import torch

from ...potentials.differential_operator import DifferentialOperator
from ...potentials.input_scaling import InputScaling
from .scales import Scales

__all__ = ["NetworkUnits"]


@dataclass(frozen=True)
class NetworkUnits:
    r"""What ``Scales`` mean for a network of some inputs and free outputs.

    Attributes:
        origin: Number that is subtracted from each input.
        steps: Number that each input is then divided by, :math:`(L_1..L_d, T)`.
        reach: The numbers :math:`D = (L_1..L_d, \tau)`.
        density: R.
        extras: Size of each free output.
        are_given: Whether there were scales; else all numbers are 1 or 0.
    """

    origin: tuple[float, ...]
    steps: tuple[float, ...]
    reach: tuple[float, ...]
    density: float
    extras: tuple[float, ...]
    are_given: bool

    @classmethod
    def of(
        cls, scales: Scales | None, d: int, extras: int = 0, *, has_time: bool = True
    ) -> NetworkUnits:
        """Return the units of a network.

        Args:
            scales: The user's, or ``None``.
            d: Number of space axes.
            extras: Number of free outputs.
            has_time: Whether the last column of the inputs is the time.

        Raises:
            ValueError: No scales, or numbers of another count.
        """
        given = Scales() if scales is None else scales
        if not isinstance(given, Scales):
            raise ValueError(
                f"scales: must be an nn.Scales or None, got {scales!r}. Use for "
                "example nn.Scales(length=1e3, time=60.0)."
            )
        length = _each("length", given.length, d, "space axes")
        turnover = given.time if given.time is not None else 1.0
        if given.velocity is not None:
            turnover = max(length) / given.velocity
        elif given.time is None and not has_time:
            turnover = max(length)
        time = given.time if given.time is not None else turnover
        origin = 0.0 if given.origin is None else given.origin
        return cls(
            _each("origin", origin, d + has_time, "inputs"),
            (*length, *[time] * has_time),
            (*length, turnover),
            given.density,
            _each("extras", given.extras, extras, "free outputs"),
            scales is not None,
        )

    @property
    def lengths(self) -> tuple[float, ...]:
        """The lengths of the space axes."""
        return self.reach[:-1]

    @property
    def velocity(self) -> tuple[float, ...]:
        r"""Sizes :math:`L_i/\tau` of the components of a velocity."""
        return tuple(length / self.reach[-1] for length in self.lengths)

    @property
    def flux(self) -> tuple[float, ...]:
        r"""Sizes :math:`R` and :math:`R L_i/\tau` of a density and its momentum."""
        return (self.density, *(self.density * u for u in self.velocity))

    def scaling(self) -> InputScaling:
        """Return the map of the inputs."""
        return InputScaling(self.origin, self.steps)

    def periods(self, periods: Sequence[float | None]) -> list[float | None]:
        """Return periods of the first inputs, as scaled inputs have them."""
        pairs = zip(periods, self.steps, strict=False)
        return [None if period is None else period / step for period, step in pairs]

    def carried(
        self,
        operator: DifferentialOperator,
        indices: Sequence[Sequence[int]],
        factor: float,
    ) -> DifferentialOperator:
        r"""Return an operator by the inputs, given the one by scaled inputs.

        .. math:: \sum f\, \hat\partial^\alpha \quad\to\quad
            \sum c\, f\, D_I D^\alpha\, \partial^\alpha

        Args:
            operator: Map from potentials to a field; its ``scale`` stays as it is.
            indices: Of each component the axes I that are its indices, none for a
                scalar, one for a vector, two for a tensor.
            factor: The number c.
        """
        components = tuple(
            tuple(
                replace(
                    s,
                    factor=s.factor * (factor * self._size(sorted((*index, *s.axes)))),
                )
                for s in row
            )
            for row, index in zip(operator.components, indices, strict=True)
        )
        return replace(operator, components=components)

    def _size(self, axes: Sequence[int]) -> float:
        return prod(self.reach[axis] for axis in axes)

    def check_precision(self, order: int) -> None:
        """Raise ``ValueError`` where derivatives leave the range of the float type.

        Args:
            order: Order of the highest derivatives.
        """
        dtype = dde.config.real(torch)
        largest, least = max(self.steps), min(self.steps)
        if (
            largest**order * torch.finfo(dtype).tiny
            < 1
            < (least**order * torch.finfo(dtype).max)
        ):
            return
        raise ValueError(
            f"scales: derivatives of order {order} by lengths and times from {least:g} "
            f"to {largest:g} must be numbers of the type {dtype}, got some beyond its "
            "range. Use dde.config.set_default_float('float64')."
        )


def _each(
    name: str, value: float | Sequence[float], count: int, what: str
) -> tuple[float, ...]:
    """Return one number for each of some things."""
    numbers = (
        tuple(map(float, value))
        if isinstance(value, Sequence)
        else (float(value),) * count
    )
    if len(numbers) != count:
        raise ValueError(
            f"scales: {name} must be one number or {count}, one for each of the "
            f"{count} {what}, got {value!r}."
        )
    return numbers
