r"""Weights by which every loss term answers the parameters as strongly as the others.

With the Jacobian :math:`J_k` of the residuals of term :math:`k`, scaled so that their
squares sum to that term's loss, the weights are

.. math:: \lambda_k = \frac{\operatorname{tr} J J^T}{K \operatorname{tr} J_k J_k^T},

K the number of terms that move at all: then every term has the same share of the trace,
and the weights are one where they had it before.

References:
    S. Wang, X. Yu, P. Perdikaris, When and why PINNs fail to train: A neural tangent
    kernel perspective (J. Comput. Phys. 2022), https://arxiv.org/abs/2007.14527.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from .jacobian import Jacobian

__all__ = ["balance_of"]

# What a network fulfills by construction moves by rounding alone: by some hundreds of
# times that of the largest term.
ROUNDED = 1e3


def balance_of(
    jacobian: Jacobian, names: Sequence[str], terms: Sequence[str]
) -> list[float]:
    """Return the weight of each loss term; one where a term moves by rounding alone.

    Args:
        jacobian: At the points of a step.
        names: Name of the loss term of each residual function.
        terms: Names of all loss terms in order.
    """
    squares = [panel.square().sum(dim=1) for panel in jacobian.rows()]
    lengths = jacobian.gather(torch.cat(squares))
    traces = dict.fromkeys(terms, 0.0)
    parts = torch.split(lengths, list(jacobian.sizes))
    for name, part in zip(names, parts, strict=True):
        traces[name] += part.sum().item()
    least = (ROUNDED * torch.finfo(jacobian.residuals.dtype).eps) ** 2
    least *= max(traces.values())
    moving = [trace for trace in traces.values() if trace > least]
    mean = sum(moving) / max(len(moving), 1)
    return [mean / traces[name] if traces[name] > least else 1.0 for name in terms]
