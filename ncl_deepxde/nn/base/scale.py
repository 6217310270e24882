"""The size of a field whose potentials live on an embedding of high frequencies."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...potentials.constructions import Construction
from ...potentials.differential_operator import DifferentialOperator
from .checks import check_counts, check_positive
from .units import NetworkUnits

__all__ = ["highest_frequency", "scaled_operator"]


def highest_frequency(periods: Sequence[float | None], harmonics: int) -> float:
    r"""Return the largest :math:`2\pi k/L` of an embedding, 1 without periodic axes.

    Args:
        periods: Period of each input axis, ``None`` where not periodic.
        harmonics: Harmonics per periodic axis.

    Raises:
        ValueError: The number of harmonics is not a positive integer.
    """
    check_counts(harmonics=(harmonics, 1))
    return max((2 * math.pi * harmonics / p for p in periods if p), default=1.0)


def scaled_operator(
    construction: Construction,
    columns: Sequence[int],
    periods: Sequence[float | None],
    harmonics: int,
    scale: float | None,
    units: NetworkUnits | None = None,
    factor: float = 1.0,
) -> DifferentialOperator:
    """Return the map from potentials to a field, scaled as :class:`NCL` documents.

    Args:
        construction: Construction of the field.
        columns: Column of the inputs of each component's coordinate.
        periods: Period of each input axis, ``None`` where not periodic.
        harmonics: Harmonics per periodic axis.
        scale: Number that multiplies the field, or ``None`` for the default.
        units: Units of the inputs, if there are scales.
        factor: Number c of :meth:`NetworkUnits.carried`.

    Raises:
        ValueError: A number is out of its range, or the construction is not free of
            divergence.
    """
    scaled = periods if units is None else units.periods(periods)
    highest = highest_frequency(scaled, harmonics)
    operator = construction.operator(columns)
    if scale is None:
        scale = highest**-operator.order
    check_positive(scale=scale)
    operator = operator.scaled(scale)
    if units is None:
        return operator
    # The field and its first derivatives.
    units.check_precision(operator.order + 1)
    return units.carried(operator, [(column,) for column in columns], factor)
