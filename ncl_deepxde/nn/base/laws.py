r"""Balance laws as sums of derivatives of potentials.

With a divergence-free field :math:`v` in space-time and a potential :math:`\sigma`,

.. math:: (q, F) = v + (\sigma, 0), \quad s = \partial_t\sigma
    \quad\Rightarrow\quad \partial_t q + \nabla\cdot F = s .
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from ...potentials.differential_operator import DifferentialOperator, Summand
from .checks import check_choice, check_counts, check_layer_sizes, is_count
from .contract import OUTPUTS
from .conversion import to_velocity

__all__ = ["LawColumns", "VelocityOfLaws", "conversion_of", "with_source"]


def with_source(
    flux: DifferentialOperator, time: int, size: float
) -> DifferentialOperator:
    r"""Return the rows (q, F, s) of a law, one potential more than those of its flux.

    Both rows of :math:`\sigma` have the same factor, so that they cancel to the last
    bit.

    Args:
        flux: Map from potentials to the divergence-free field; its first row is q.
        time: Column of the inputs that is the time.
        size: Number that multiplies :math:`\sigma`.
    """
    sigma = flux.num_potentials
    q, *F = flux.components
    rows = [[*q, Summand((), sigma, size)], *F, [Summand((time,), sigma, size)]]
    return replace(flux, components=rows)


@dataclass(frozen=True)
class LawColumns:
    """Where the columns of a network of balance laws are.

    Attributes:
        dim: Number of space dimensions d.
        laws: Number K of laws.
        sources: Laws whose source has a column, in order.
        extras: Number of free columns after those of the laws and sources.
    """

    dim: int
    laws: int
    sources: tuple[int, ...]
    extras: int

    @classmethod
    def of(cls, layer_sizes: Sequence[int], laws: Any, sources: Any) -> LawColumns:
        """Return the columns of a network of some layers.

        Raises:
            ValueError: The number of laws, of sources or of outputs does not fit.
        """
        rest = check_layer_sizes(layer_sizes, 2, "(q_0, F_01..F_0d)")
        if hasattr(laws, "closure"):
            raise ValueError(
                f"laws: must be the number of laws, got a {type(laws).__name__}. Give "
                f"laws=law.laws, here {laws.laws}, and train its closure."
            )
        check_counts(laws=(laws, 1))
        listed = tuple(sources) if isinstance(sources, Sequence) else (sources,)
        known = all(is_count(k, 0) and k < laws for k in listed)
        if not known or len(set(listed)) < len(listed):
            raise ValueError(
                f"sources: must hold different numbers of laws, 0 to {laws - 1}, got "
                f"{sources!r}. Laws are counted from 0."
            )
        d = layer_sizes[0] - 1
        extras = rest - (laws - 1) * (1 + d) - len(listed)
        if extras < 0:
            least = laws * (1 + d) + len(listed)
            raise ValueError(
                f"layer_sizes: the last entry must be at least {least}, for {laws} "
                f"laws of 1 + {d} columns (q_k, F_k1..F_kd) and {len(listed)} sources, "
                f"got {layer_sizes[-1]}. Further outputs are free."
            )
        return cls(d, laws, listed, extras)

    def law(self, k: int) -> slice:
        """Return where q and F of law k are."""
        first = k * (1 + self.dim)
        return slice(first, first + 1 + self.dim)

    def source(self, k: int) -> slice:
        """Return where the source of law k is, one of ``sources``."""
        place = self.laws * (1 + self.dim) + self.sources.index(k)
        return slice(place, place + 1)

    def names(self, stated: Sequence[str] | None) -> tuple[str, ...]:
        """Return the names of all columns, those of the user's script if it has any.

        Raises:
            ValueError: There are not as many different names as columns.
        """
        axes = range(1, self.dim + 1)
        needed = [
            name
            for k in range(self.laws)
            for name in (f"q_{k}", *(f"F_{k}{i}" for i in axes))
        ]
        needed += [f"s_{k}" for k in self.sources]
        needed += [f"extra_{k + 1}" for k in range(self.extras)]
        given = needed if stated is None else list(stated)
        if len(set(given)) != len(needed) or len(given) != len(needed):
            raise ValueError(
                f"columns: must hold {len(needed)} different names, for "
                f"({', '.join(needed)}), got {given!r}."
            )
        return tuple(given)


class VelocityOfLaws:
    """The conversion of the fluxes of all laws to velocities :math:`F_k / q_k`.

    Args:
        columns: Where the laws are.
    """

    def __init__(self, columns: LawColumns) -> None:
        self.columns = columns

    def __call__(self, levels: list[Tensor], *, axes: Sequence[int]) -> list[Tensor]:
        """See ``Conversion``."""
        found = [level.clone() for level in levels]
        for k in range(self.columns.laws):
            law = self.columns.law(k)
            converted = to_velocity(
                [level[:, law] for level in levels], self.columns.dim, axes=axes
            )
            for level, part in zip(found, converted, strict=True):
                level[:, law] = part
        return found


def conversion_of(output: str, columns: LawColumns) -> VelocityOfLaws | None:
    """Return the conversion that an output asks for, ``None`` for fluxes.

    Raises:
        ValueError: It is neither ``"flux"`` nor ``"velocity"``.
    """
    check_choice("output", output, OUTPUTS)
    return VelocityOfLaws(columns) if output == "velocity" else None
