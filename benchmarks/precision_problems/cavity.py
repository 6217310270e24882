r"""The flow in a cavity under a moving lid.

.. math:: u\cdot\nabla u + \nabla p = \nu \Delta u, \qquad \nabla\cdot u = 0,
    \qquad u = (4 x (1 - x), 0) \text{ on } y = 1, \quad 0 \text{ on other walls},
    \qquad (x, y) \in (0, 1)^2, \quad \nu = 0.01 .

Compared is the velocity. Published: DSGNAR (arXiv 2607.02194, table 1), this lid, sine
networks, relative l2 of all fields 1.13e-4 in 403 s and 6.34e-4 in 80 s on a GPU.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from ncl_deepxde.arrays import Array
from ncl_deepxde.data import kronecker_box
from ncl_deepxde.problems.cavity import models
from ncl_deepxde.problems.cavity.equations import VISCOSITY, lid

from .base import Candidate, Case, grid
from .stream_function import velocity

HIDDEN = (30,) * 3


def exact() -> Candidate:
    """Return the divergence-free network of the problem ``cavity``."""
    return models.exact(HIDDEN)


def plain() -> Candidate:
    """Return its plain network with hard walls."""
    return models.plain(HIDDEN)


@cache
def reference() -> tuple[Array, Array]:
    """Return a grid and the velocity on it, to some 1e-6."""
    points = grid(np.linspace(0, 1, 101), np.linspace(0, 1, 101))
    return points, velocity(lid, VISCOSITY, 28, points)


CASE = Case(
    networks={"exact": exact, "plain": plain},
    sampler=kronecker_box([0.0, 0.0], [1.0, 1.0]),
    points=1000,
    reference=reference,
    columns=(0, 1),
)
