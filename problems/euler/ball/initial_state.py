r"""Initial state of the Euler ball: one formula for numpy and torch.

The paper starts from

.. math:: \rho_0 = \tfrac32 - |x|^2, \qquad v_0 = (-2,\; x_1 - 1,\; \tfrac12) .

This velocity crosses the wall. At the wall an incompressible fluid turns at once: a
pressure impulse :math:`\phi` projects the velocity to

.. math::
    u_0 = v_0 - \frac{\nabla\phi}{\rho_0}, \qquad
    \nabla\cdot\frac{\nabla\phi}{\rho_0} = 0, \qquad
    \frac{1}{\rho_0}\,\partial_n\phi = v_0\cdot n \quad (|x| = 1),

so that :math:`\nabla\cdot u_0 = 0` and :math:`u_0\cdot n = 0`. On the sphere
:math:`v_0\cdot n = H_1 + H_2` with the harmonic polynomials :math:`H_1 = -2 x_1 - x_2 +
x_3/2` and :math:`H_2 = x_1 x_2`. Since :math:`\rho_0` is radial, with
:math:`s = |x|^2`,

.. math::
    \phi = g_1(s) H_1 + g_2(s) H_2, \qquad
    (\tfrac32 - s)\,(4 s g_l'' + (6 + 4 l) g_l') + 4 s g_l' + 2 l g_l = 0,

whose solution that is smooth at the center is hypergeometric,

.. math::
    g_l = C_l\; {}_2F_1(l, -\tfrac12;\, l + \tfrac32;\, \tfrac23 s), \qquad
    2\,(2 g_l'(1) + l g_l(1)) = 1 .

The file imports nothing of this package, because the finite-element solver reads it by
its path (:mod:`reference_fem.starts`).

References:
    J. Richter-Powell, Y. Lipman, R. T. Q. Chen, "Neural Conservation Laws" (2022),
    section 5.2, https://arxiv.org/abs/2210.01741
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.polynomial import Chebyshev
from numpy.polynomial.chebyshev import cheb2poly
from numpy.typing import NDArray
from scipy.special import hyp2f1

__all__ = [
    "DENSITY_VARIANCE",
    "MEAN_DENSITY",
    "density",
    "impulse",
    "printed_velocity",
    "velocity",
]

Array = NDArray[np.float64]

MEAN_DENSITY = 0.9
DENSITY_VARIANCE = 12 / 175

# The branch point at s = 3/2, of the kind (3/2 - s)^2 log, lets the Chebyshev
# coefficients fall below round-off by here; more powers would only add rounding.
DEGREE = 20


def density(x: Any, xp: Any = np) -> Any:
    """Return the initial density, between 1/2 and 3/2, mean 0.9.

    Args:
        x: Coordinates (3, N), an array of ``xp``.
        xp: Array module: numpy or torch.

    Returns:
        rho_0 (N,).
    """
    return 1.5 - (x * x).sum(0)


def printed_velocity(x: Any, xp: Any = np) -> Any:
    """Return the velocity v_0 of the paper, which crosses the wall.

    Args:
        x: Coordinates (3, N), an array of ``xp``.
        xp: Array module: numpy or torch.

    Returns:
        v_0 (3, N).
    """
    one = xp.ones_like(x[0])
    return xp.stack([-2 * one, x[0] - 1, one / 2])


def velocity(x: Any, xp: Any = np) -> Any:
    """Return the initial velocity, divergence-free and along the wall.

    Args:
        x: Coordinates (3, N), an array of ``xp``.
        xp: Array module: numpy or torch.

    Returns:
        u_0 (3, N).
    """
    correction = impulse(x, xp) / density(x, xp)
    return printed_velocity(x, xp) - correction


def impulse(x: Any, xp: Any = np) -> Any:
    r"""Return the momentum :math:`\nabla\phi` that the wall takes away at once.

    .. math:: \nabla (g_l H_l) = 2 g_l' H_l\, x + g_l \nabla H_l

    Args:
        x: Coordinates (3, N), an array of ``xp``.
        xp: Array module: numpy or torch.

    Returns:
        grad phi (3, N).
    """
    g1, dg1, g2, dg2 = _radial_functions(x, xp)
    H1, H2 = -2 * x[0] - x[1] + x[2] / 2, x[0] * x[1]
    gradient = [-2 * g1 + g2 * x[1], g2 * x[0] - g1, g1 / 2]
    return 2 * (dg1 * H1 + dg2 * H2) * x + xp.stack(gradient)


def _radial_functions(x: Any, xp: Any) -> Any:
    """Return g_1, g_1', g_2, g_2' at points (3, N), shape (4, N).

    The polynomials are evaluated by blocks of powers (Paterson and Stockmeyer), since
    networks differentiate this several times and Horner's rule would be a long chain.
    """
    y = 2.0 * (x * x).sum(0) - 1.0
    y2 = y * y
    y3 = y2 * y
    y6 = y3 * y3
    powers = xp.stack([xp.ones_like(y), y, y2, y3, y2 * y2, y2 * y3, y6])
    low, middle, high = _coefficients(xp, y.dtype, y.device) @ powers
    y7 = y6 * y
    return (high * y7 + middle) * y7 + low


@cache
def _coefficients(xp: Any, dtype: Any, device: Any) -> Any:
    """Return the polynomials in 2 s - 1 of the radial functions, (3, 4, 7)."""
    rows = [c for degree in (1, 2) for c in _radial_polynomials(degree)]
    blocks = np.stack(rows).reshape(4, 3, 7).transpose(1, 0, 2)
    return xp.asarray(blocks, dtype=dtype, device=device)


def _radial_polynomials(degree: int) -> tuple[Array, Array]:
    """Return g_l and its derivative as polynomials in 2 s - 1, lowest power first."""
    a, b, c, z = degree, -1 / 2, degree + 3 / 2, 2 / 3
    slope = z * a * b / c
    ends = hyp2f1(a, b, c, z), slope * hyp2f1(a + 1, b + 1, c + 1, z)
    scale = 1 / (2 * (2 * ends[1] + degree * ends[0]))
    return (
        _polynomial(a, b, c, scale),
        _polynomial(a + 1, b + 1, c + 1, scale * slope),
    )


def _polynomial(a: float, b: float, c: float, scale: float) -> Array:
    """Return a hypergeometric function on 0 < s < 1 as a polynomial in 2 s - 1."""

    def function(s: Array) -> Array:
        value: Array = scale * hyp2f1(a, b, c, 2 * s / 3)
        return value

    series = Chebyshev.interpolate(function, DEGREE, domain=[0, 1])
    return np.asarray(cheb2poly(series.coef), dtype=np.float64)
