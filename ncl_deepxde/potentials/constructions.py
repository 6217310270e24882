r"""Constructions of divergence-free fields, and the register of their names.

Both built-in constructions write a field :math:`v` on :math:`\mathbb{R}^n` as the row
divergence of an antisymmetric matrix field, :math:`v_i = \sum_j \partial_j A_{ij}`, so
that :math:`\operatorname{div} v = \sum_{ij} \partial_i \partial_j A_{ij} = 0` because
mixed derivatives commute.

References:
    J. Richter-Powell, Y. Lipman, R. T. Q. Chen, Neural Conservation Laws: A
    Divergence-Free Perspective (NeurIPS 2022), section 3,
    https://arxiv.org/abs/2210.01741.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

from .contractions import Contraction, matrix_field, vector_field
from .differential_operator import Components, DifferentialOperator, Summand

__all__ = ["CONSTRUCTIONS", "MATRIX", "VECTOR", "Construction", "get", "register"]


@dataclass(frozen=True)
class Construction:
    r"""A way to make a divergence-free field of potentials, in any dimension.

    The table of summands is all that it takes. Networks find from it how many
    potentials there are, which derivatives they need, and how fast each potential must
    vanish at a hard initial state and at a wall.

    Attributes:
        name: Name that ``register`` adds to those which networks know.
        components: Maps the columns of the coordinates to the summands of each
            component of the field. Entry i of ``columns`` is the column of the inputs
            by which :math:`\partial_i` differentiates. ``NCL`` puts the time first:
            component 0 is the density, the others are the momentum.
        contraction: Way to the field in many dimensions without jets, for
            ``DivergenceFree``; ``None`` for jets in all dimensions.
    """

    name: str
    components: Callable[[Sequence[int]], Components]
    contraction: Contraction | None = None

    def operator(self, columns: Sequence[int]) -> DifferentialOperator:
        """Return the map from the potentials to the field.

        Args:
            columns: Column of the inputs of each component's coordinate.

        Raises:
            ValueError: The table has the wrong shape, or its divergence does not
                cancel.
        """
        operator = DifferentialOperator(self.components(columns))
        if len(operator.components) != len(columns):
            raise ValueError(
                f"construction: {self.name!r} must have one component for each of "
                f"{len(columns)} coordinates, got {len(operator.components)}."
            )
        known = set(columns)
        for s in (s for row in operator.components for s in row):
            if s.channel < 0 or not known.issuperset(s.axes):
                raise ValueError(
                    f"construction: {self.name!r} must differentiate potentials from 0 "
                    f"on by the columns {sorted(known)}, got {s}."
                )
        left = operator.divergence(columns)
        if left:
            raise ValueError(
                f"construction: {self.name!r} must be free of divergence, got "
                f"{left[0].factor:g} times the derivative of potential "
                f"{left[0].channel} by the columns {left[0].axes}. Check the signs and "
                "factors of its summands."
            )
        return operator


def matrix_components(columns: Sequence[int]) -> Components:
    r"""Return the table of the upper triangle of ``A`` as potentials.

    .. math:: v_i = \sum_{j > i} \partial_j A_{ij} - \sum_{j < i} \partial_j A_{ji}

    Args:
        columns: Column of the inputs of each component's coordinate.
    """
    n = len(columns)
    channel = {pair: c for c, pair in enumerate(combinations(range(n), 2))}
    return [
        [
            Summand((columns[j],), channel[min(i, j), max(i, j)], 1 if j > i else -1)
            for j in range(n)
            if j != i
        ]
        for i in range(n)
    ]


def vector_components(columns: Sequence[int]) -> Components:
    r"""Return the table of potentials whose Jacobian has ``A`` as antisymmetric part.

    With :math:`A_{ij} = \partial_j b_i - \partial_i b_j`,

    .. math:: v_i = \sum_{j \ne i} (\partial_j^2 b_i - \partial_i \partial_j b_j) .

    Args:
        columns: Column of the inputs of each component's coordinate.
    """
    n = len(columns)
    return [
        [
            summand
            for j in range(n)
            if j != i
            for summand in (
                Summand((columns[j], columns[j]), i),
                Summand((columns[i], columns[j]), j, -1),
            )
        ]
        for i in range(n)
    ]


MATRIX = Construction("matrix", matrix_components, matrix_field)
VECTOR = Construction("vector", vector_components, vector_field)

CONSTRUCTIONS: dict[str, Construction] = {}
"""The constructions that networks know by name."""


def register(construction: Construction) -> None:
    """Let networks know a construction by its name.

    Raises:
        ValueError: The name is taken by another one, or this is no construction.
    """
    if not isinstance(construction, Construction):
        raise ValueError(
            f"construction: must be a Construction, got {construction!r}. Make one of "
            "a name and a function: Construction('ring', ring)."
        )
    if CONSTRUCTIONS.get(construction.name, construction) is not construction:
        raise ValueError(
            f"construction: {construction.name!r} must be a new name, got one that is "
            f"registered. Taken are {_names()}."
        )
    CONSTRUCTIONS[construction.name] = construction


def get(identifier: str | Construction) -> Construction:
    """Return the construction of a name, or the construction itself.

    Raises:
        ValueError: No construction has this name.
    """
    if isinstance(identifier, Construction):
        return identifier
    if isinstance(identifier, str) and identifier in CONSTRUCTIONS:
        return CONSTRUCTIONS[identifier]
    raise ValueError(
        f"construction: must be one of {_names()} or a Construction, got "
        f"{identifier!r}. ncl_deepxde.potentials.register adds a name."
    )


def _names() -> str:
    return ", ".join(map(repr, CONSTRUCTIONS))


register(MATRIX)
register(VECTOR)
