r"""Time levels of a field, and formulas in time on them.

Level 0 is the newest. With weights :math:`\alpha_j` of backward differentiation,
:math:`\partial_t q \approx \sum_j \alpha_j q^{n-j} / \tau` for a time step
:math:`\tau`. Of third order, also where steps differ, it is the slope of the polynomial
through the levels at times :math:`t_j`,

.. math::
    \frac{\alpha_0}{\tau} = \sum_{i \ge 1} \frac{1}{t_0 - t_i}, \qquad
    \frac{\alpha_j}{\tau} = \frac{1}{t_j - t_0} \prod_{i \ne 0, j}
    \frac{t_0 - t_i}{t_j - t_i}.

Relative L2 errors in time on the manufactured flow of tests/reference_fem, n = 8,
t = 0.3, against the same mesh with a small step, and their rates from each step to its
half:

=====  ======  ======  ======  ======  =============
order  dt      rho     u       p       rates of the three
=====  ======  ======  ======  ======  =============
2      0.02    4.4e-4  6.4e-3  1.4e-2
2      0.01    1.2e-4  1.7e-3  3.5e-3  1.9  2.0  2.0
2      0.005   2.7e-5  4.2e-4  8.2e-4  2.1  2.0  2.1
3      0.02    1.1e-4  4.6e-4  5.5e-3
3      0.01    1.3e-5  6.5e-5  7.1e-4  3.1  2.8  3.0
3      0.005   1.6e-6  8.6e-6  1.8e-5  3.1  2.9  5.3
=====  ======  ======  ======  ======  =============

With cubic elements the pressure's rates of order 3 are 1.9 and 2.6: its values ahead
are of second order.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ._arrays import Array, Integers
from ._dolfinx import fem

LEVELS = 4
BLEND = 0.48
BDF = (
    (1, -1, 0, 0),
    (3 / 2, -2, 1 / 2, 0),
    (3 / 2 + BLEND / 3, -2 - BLEND, 1 / 2 + BLEND, -BLEND / 3),
)
"""First step, second step, all others: 0.48 BDF3 + 0.52 BDF2 is A-stable, of second
order, with half the error of BDF2 (V. N. Vatsa et al., AIAA 2010-0122)."""
EXTRAPOLATION = ({0: 1}, {0: 2, 1: -1}, {0: 3, 1: -3, 2: 1})
"""Level to its weight, of order 1, 2 and 3: values one step ahead of level 0."""


class StepFormula(NamedTuple):
    """Formulas of one step.

    Attributes:
        rates: Weights alpha_j / tau of the time derivative at its end (LEVELS,).
        ahead: Level before the step to its weight in values at its end.
        ahead_pressure: The same for the pressure, of second order at most.
    """

    rates: Array
    ahead: Mapping[int, float]
    ahead_pressure: Mapping[int, float]


def step_formula(order: int, sizes: Sequence[float]) -> StepFormula:
    """Return the formulas of a step.

    Args:
        order: Order in time: 2, with steps of one size, or 3.
        sizes: Sizes of the steps so far (n,), this one the last.
    """
    stage = min(len(sizes), 3) - 1
    if order == 2:
        rates = np.array(BDF[stage]) / sizes[-1]
        return StepFormula(rates, EXTRAPOLATION[stage], EXTRAPOLATION[min(stage, 1)])
    # two pressures of a start, each with errors of its own, are no line into the future
    is_steady = len(sizes) > 1 and sizes[-1] == sizes[-2]
    ages = np.cumsum(sizes[::-1][: stage + 1])
    rates = np.zeros(LEVELS)
    rates[0] = (1 / ages).sum()
    for j, (age, weight) in enumerate(zip(ages, _at_zero(ages), strict=True), start=1):
        rates[j] = -weight / age
    return StepFormula(
        rates,
        dict(enumerate(_at_zero(ages))),
        dict(enumerate(_at_zero(ages[: 1 + is_steady]))),
    )


def _at_zero(x: Array) -> list[float]:
    """Return the weights (K,) that extrapolate values at x (K,) to 0."""
    return [float(np.prod([b / (b - a) for b in x if b != a])) for a in x]


class TimeLevels:
    """A field at the last four time levels, all zero at first.

    Args:
        space: Finite-element space of the field.
    """

    def __init__(self, space: fem.FunctionSpace) -> None:
        self.space = space
        self.functions = [fem.Function(space) for _ in range(LEVELS)]

    def __getitem__(self, level: int) -> fem.Function:
        """Return the field at a level, 0 for the newest."""
        return self.functions[level]

    def shift(self) -> None:
        """Move every level one step back; level 0 keeps its values."""
        for j in range(LEVELS - 1, 0, -1):
            self.functions[j].x.array[:] = self.functions[j - 1].x.array

    def combine(self, weights: Mapping[int, float]) -> Array:
        """Return the degrees of freedom (N,) of a weighted sum of levels.

        Args:
            weights: Level to its weight.
        """
        return np.asarray(
            sum(w * self.functions[j].x.array for j, w in weights.items())
        )

    def gather(self, weights: Mapping[int, float], numbers: Integers) -> Array:
        """Return the nodal values (components, P) of a weighted sum, on every process.

        Args:
            weights: Level to its weight.
            numbers: Columns of the owned nodes (N,).
        """
        return nodal_values(self.space, self.combine(weights), numbers)


def named(fields: Mapping[str, TimeLevels]) -> dict[str, fem.Function]:
    """Return the functions of all levels, such as ``rho0`` to ``rho3``.

    Args:
        fields: Fields by name.
    """
    return {
        f"{name}{level}": function
        for name, field in fields.items()
        for level, function in enumerate(field.functions)
    }


def nodal_values(space: fem.FunctionSpace, dofs: Array, numbers: Integers) -> Array:
    """Return degrees of freedom as nodal values (components, P), on every process.

    Args:
        space: Lagrange space.
        dofs: Degrees of freedom of this process.
        numbers: Columns of the owned nodes (N,).
    """
    index_map, size = space.dofmap.index_map, space.dofmap.index_map_bs
    owned = dofs[: index_map.size_local * size]
    values = np.zeros((size, index_map.size_global))
    values[:, numbers] = owned.reshape(-1, size).T
    return np.asarray(space.mesh.comm.allreduce(values))
