"""What all networks of a density and a velocity have in common."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from numbers import Integral
from typing import Any

from torch import Tensor

from ._conversion import to_momentum, to_velocity
from ._field import FieldNet

__all__ = ["ContinuityNet", "check_choice", "check_layer_sizes", "check_periods"]

OUTPUTS = ("flux", "velocity")


class ContinuityNet(FieldNet):
    r"""A network of :math:`(x_1..x_d, t) \mapsto (\rho, m_1..m_d, \text{extras})`.

    Attributes:
        dim: Number of space dimensions d.
        output: ``"flux"`` for the columns ``(rho, m, extras)`` with the momentum
            :math:`m = \rho u`, ``"velocity"`` for ``(rho, u, extras)``.
    """

    def __init__(self, *args: Any, output: str, native: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        check_choice("output", output, OUTPUTS)
        self.dim, self.output = self.num_inputs - 1, output
        self._to_flux = None if native == "flux" else partial(to_momentum, d=self.dim)
        self._to_velocity = (
            None if native == "velocity" else partial(to_velocity, d=self.dim)
        )
        self._convert = self._to_flux if output == "flux" else self._to_velocity

    def flux(self, inputs: Tensor) -> Tensor:
        r"""Return the space-time flux :math:`(\rho, \rho u)`, shape (N, d + 1).

        Args:
            inputs: Shape (N, d + 1), time last.
        """
        return self._serve(inputs, self._to_flux)[:, : self.dim + 1]

    def density(self, inputs: Tensor) -> Tensor:
        r"""Return :math:`\rho`, shape (N, 1), for inputs (N, d + 1)."""
        return self.flux(inputs)[:, :1]

    def velocity(self, inputs: Tensor) -> Tensor:
        r"""Return :math:`u = m / \rho`, shape (N, d), for inputs (N, d + 1)."""
        return self._serve(inputs, self._to_velocity)[:, 1 : self.dim + 1]


def check_choice(argument: str, value: Any, choices: Sequence[Any]) -> None:
    """Raise ``ValueError`` unless ``value`` is one of ``choices``."""
    if value not in choices:
        listed = ", ".join(map(repr, choices))
        raise ValueError(f"{argument}: must be one of {listed}, got {value!r}.")


def check_layer_sizes(
    layer_sizes: Sequence[int], min_inputs: int, field: str, num_field: int
) -> int:
    """Return the number of extra outputs.

    Args:
        layer_sizes: Inputs, hidden widths, outputs.
        min_inputs: Least number of inputs.
        field: Names of the outputs that must be there, for the message.
        num_field: Their number, given the first entry.

    Raises:
        ValueError: The sizes cannot be those of such a network.
    """
    sizes = list(layer_sizes)
    if len(sizes) < 3 or not all(isinstance(n, Integral) and n > 0 for n in sizes):
        raise ValueError(
            "layer_sizes: must hold the number of inputs, at least one hidden width "
            "and the number of outputs, all positive integers, got "
            f"{layer_sizes!r}. Use for example [3] + [64] * 4 + [4]."
        )
    if sizes[0] < min_inputs:
        raise ValueError(
            f"layer_sizes: the first entry, the number of inputs, must be at least "
            f"{min_inputs}, got {sizes[0]}."
        )
    extras = sizes[-1] - num_field
    if extras < 0:
        raise ValueError(
            f"layer_sizes: the last entry must be at least {num_field}, for the "
            f"outputs {field}, got {sizes[-1]}. Further outputs are free; features of "
            "the inputs do not count as inputs."
        )
    return extras


def check_periods(
    periods: Sequence[float | None] | float | None, num_axes: int, rest: int
) -> tuple[float | None, ...]:
    """Return one period or ``None`` per input column.

    Args:
        periods: One number for all ``num_axes`` space axes, one entry per axis, or
            ``None``.
        num_axes: Number of axes that may be periodic.
        rest: Number of further columns (time), never periodic.

    Raises:
        ValueError: Wrong number of entries, or an entry that is not positive.
    """
    if periods is None or isinstance(periods, (int, float)):
        periods = (periods,) * num_axes
    if len(periods) != num_axes or not all(
        p is None or (isinstance(p, (int, float)) and 0 < p < float("inf"))
        for p in periods
    ):
        raise ValueError(
            f"periods: must be a positive number or one entry (positive or None) for "
            f"each of the {num_axes} space axes, time excluded, got {periods!r}."
        )
    return (*periods, *(None,) * rest)
