r"""Initial state of the Euler torus: one formula for numpy and torch.

On the periodic unit square,

.. math::
    \rho_0 = 1 + (\sin 2\pi x + \sin 2\pi y)^2, \qquad
    u_0 = (e^{\sin 2\pi y}, \tfrac12 e^{\sin 2\pi x}).

The paper writes :math:`\rho_0 = 1 + (z_1 + z_3)^2`, :math:`u_0 = (e^{z_3},
\tfrac12 e^{z_1})` with :math:`z_1 = \cos 2\pi x`, :math:`z_3 = \cos 2\pi y`. That is
the same flow shifted by a quarter period in x and in y: since
:math:`\sin 2\pi (x + \tfrac14) = \cos 2\pi x`, the paper's fields at (x, y) are
these fields at (x + 1/4, y + 1/4), at all times.

The file imports nothing of this package, because the finite-element solver reads it by
its path (:mod:`reference_fem.starts`).

References:
    J. Richter-Powell, Y. Lipman, R. T. Q. Chen, "Neural Conservation Laws" (2022),
    section 5.3, https://arxiv.org/abs/2210.01741
"""

from typing import Any

import numpy

__all__ = ["DENSITY_VARIANCE", "MEAN_DENSITY", "density", "velocity"]

MEAN_DENSITY = 2.0
DENSITY_VARIANCE = 1.25


def density(x: Any, xp: Any = numpy) -> Any:
    """Return the initial density, between 1 and 5, mean 2, variance 1.25.

    Args:
        x: Coordinates (2, N), an array of ``xp``.
        xp: Array module: numpy or torch.

    Returns:
        rho_0 (N,).
    """
    s = xp.sin(2 * numpy.pi * x)
    return 1 + (s[0] + s[1]) ** 2


def velocity(x: Any, xp: Any = numpy) -> Any:
    """Return the initial velocity, divergence-free.

    Args:
        x: Coordinates (2, N), an array of ``xp``.
        xp: Array module: numpy or torch.

    Returns:
        u_0 (2, N).
    """
    s = xp.sin(2 * numpy.pi * x)
    return xp.stack([xp.exp(s[1]), xp.exp(s[0]) / 2])
