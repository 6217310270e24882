r"""Approximations of :math:`E_1` near and far from 0, as the released codes use them.

References:
    M. Abramowitz, I. A. Stegun, Handbook of Mathematical Functions (1964), 5.1.53 and
    5.1.56.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

NEAR = (0.00107857, -0.00976004, 0.05519968, -0.24991055, 0.99999193, -0.57721566)
ABOVE = (1.0, 8.5733287401, 18.0590169730, 8.6347608925, 0.2677737343)
BELOW = (1.0, 9.5733223454, 25.6329561486, 21.0996530827, 3.9584969228)


def near(s: Tensor) -> Tensor:
    r"""Return :math:`E_1(s) + \ln s` for s in (0, 1]."""
    return _polynomial(s, NEAR)


def far(s: Tensor) -> Tensor:
    r"""Return :math:`s\,E_1(s)` for s of at least 1."""
    return torch.exp(-s) * _polynomial(s, ABOVE) / _polynomial(s, BELOW)


def _polynomial(x: Tensor, coefficients: Sequence[float]) -> Tensor:
    value = torch.zeros_like(x)
    for c in coefficients:
        value = value * x + c
    return value
