r"""Differential operators and residuals of flows, from a network's outputs.

Outputs have the columns :math:`(\rho, m_1..m_d, p)` with :math:`m = \rho u`, inputs
:math:`(x_1..x_d, t)`. Derivatives come from ``dde.grad``, so the same code works for
every network, whether its derivatives are served or computed by autograd.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import deepxde as dde
import torch
from torch import Tensor

from .jets.served import served_laplacian

__all__ = [
    "Flow",
    "closure",
    "continuity",
    "curl",
    "divergence",
    "incompressibility",
    "jacobian",
    "laplacian",
    "momentum",
    "pressure",
    "row_divergence",
]


def jacobian(outputs: Tensor, inputs: Tensor) -> Tensor:
    r"""Return :math:`J_{ci} = \partial_i y_c`, shape (N, C, dim).

    Args:
        outputs: Shape (N, C).
        inputs: Shape (N, dim), the very tensor the outputs were computed from.
    """
    rows = [dde.grad.jacobian(outputs, inputs, i=c) for c in range(outputs.shape[1])]
    return torch.stack(rows, dim=1)


def laplacian(
    outputs: Tensor, inputs: Tensor, component: int, axes: Iterable[int]
) -> Tensor:
    r"""Return :math:`\sum_{i \in \text{axes}} \partial_i^2 y_c`, shape (N, 1).

    The networks of this library find out at the first call that a Laplacian is wanted,
    and carry it forward with their outputs from then on, at about half of the cost of
    all second derivatives. Of any other network it is the sum of ``dde.grad.hessian``.

    Args:
        outputs: Shape (N, C), as the network returned them.
        inputs: Shape (N, dim), the very tensor the outputs were computed from.
        component: The column c.
        axes: Columns of the inputs to differentiate by, for example ``range(2)`` where
            these are (x, y, t).

    Raises:
        ValueError: A number is none of a column, or axes repeat or are missing.
    """
    columns = sorted(axes)
    C, dim = outputs.shape[1], inputs.shape[1]
    if component not in range(C):
        raise ValueError(
            f"component: must be a column of the outputs, 0 to {C - 1}, got "
            f"{component!r}."
        )
    if not columns or len({*columns} & {*range(dim)}) < len(columns):
        raise ValueError(
            f"axes: must be different columns of the inputs, 0 to {dim - 1}, got "
            f"{columns}. Pass for example range(2) for inputs (x, y, t)."
        )
    served = served_laplacian(outputs, inputs, tuple(columns))
    if served is not None:
        return served[:, component : component + 1]
    found: Tensor = sum(
        dde.grad.hessian(outputs, inputs, component=component, i=i, j=i)
        for i in columns
    )
    return found


def divergence(J: Tensor) -> Tensor:
    r"""Return :math:`\sum_i \partial_i v_i`, shape (N, 1).

    Args:
        J: Jacobian :math:`\partial_j v_i` at ``[:, i, j]``, shape (N, n, n).

    Raises:
        ValueError: The Jacobian is not square.
    """
    if J.shape[1] != J.shape[2]:
        raise ValueError(
            "J: must hold as many components as coordinates, (N, n, n), got "
            f"{tuple(J.shape)}. Cut the time column or the other outputs first."
        )
    return J.diagonal(dim1=1, dim2=2).sum(dim=1, keepdim=True)


def row_divergence(DA: Tensor) -> Tensor:
    r"""Return :math:`v_i = \sum_j \partial_j A_{ij}`, shape (N, n).

    Args:
        DA: :math:`\partial_k A_{ij}` at ``[:, i, j, k]``, shape (N, n, n, n).
    """
    return DA.diagonal(dim1=2, dim2=3).sum(dim=2)


def curl(J: Tensor) -> Tensor:
    r"""Return the antisymmetric matrix :math:`J - J^T`, shape (N, n, n).

    Args:
        J: Jacobian :math:`\partial_j v_i` at ``[:, i, j]``, shape (N, n, n).
    """
    return J - J.transpose(1, 2)


@dataclass(frozen=True)
class Flow:
    r"""Density, momentum, pressure and their first derivatives at N points.

    Attributes:
        rho: Density (N, 1), with ``rho_t`` (N, 1) and ``grad_rho`` (N, d).
        m: Momentum :math:`\rho u` (N, d), with ``m_t`` (N, d) and ``Dm`` (N, d, d),
            :math:`\partial_j m_i` at ``[:, i, j]``.
        grad_p: Pressure gradient (N, d).
    """

    rho: Tensor
    rho_t: Tensor
    grad_rho: Tensor
    m: Tensor
    m_t: Tensor
    Dm: Tensor
    grad_p: Tensor

    @classmethod
    def of(cls, inputs: Tensor, outputs: Tensor) -> Flow:
        """Differentiate outputs (N, d + 2), columns (rho, m, p), by inputs (N, d + 1).

        Raises:
            ValueError: The outputs do not have d + 2 columns.
        """
        d = inputs.shape[1] - 1
        if outputs.shape[1] != d + 2:
            raise ValueError(
                f"outputs: must have the {d + 2} columns (rho, m_1..m_{d}, p), got "
                f"{outputs.shape[1]}. Set the last entry of layer_sizes to {d + 2}."
            )
        J = jacobian(outputs, inputs)
        return cls(
            rho=outputs[:, :1],
            rho_t=J[:, 0, d:],
            grad_rho=J[:, 0, :d],
            m=outputs[:, 1 : d + 1],
            m_t=J[:, 1 : d + 1, d],
            Dm=J[:, 1 : d + 1, :d],
            grad_p=J[:, d + 1, :d],
        )


def continuity(flow: Flow) -> Tensor:
    r"""Return :math:`\partial_t\rho + \nabla\cdot m`, shape (N, 1)."""
    return flow.rho_t + divergence(flow.Dm)


def momentum(flow: Flow) -> Tensor:
    r"""Return :math:`\rho^2 [\rho (u_t + u\cdot\nabla u) + \nabla p]`, shape (N, d).

    Written without a division by the density (an identity, whatever the flow),

    .. math:: \rho^2 m_t - \rho\rho_t m + \rho (Dm) m - (\nabla\rho\cdot m) m
        + \rho^2 \nabla p .

    Source: Richter-Powell et al. (NeurIPS 2022), section 5.
    """
    rho, m = flow.rho, flow.m
    advection = torch.einsum("nij,nj->ni", flow.Dm, m)
    transport = rho * flow.rho_t + _dot(flow.grad_rho, m)
    return rho**2 * (flow.m_t + flow.grad_p) + rho * advection - transport * m


def incompressibility(flow: Flow) -> Tensor:
    r"""Return :math:`\rho\rho_t + m\cdot\nabla\rho`, shape (N, 1).

    Given continuity this is :math:`-\rho^2 \nabla\cdot u`.
    """
    return flow.rho * flow.rho_t + _dot(flow.grad_rho, flow.m)


def closure(outputs: Tensor) -> Tensor:
    r"""Return the residuals of Euler's equations that remain algebra, shape (N, 4).

    .. math:: m - \rho v, \qquad
        (\Pi_{11} - \Pi_{22}) - (m_1 v_1 - m_2 v_2), \qquad
        \Pi_{12} - (m_1 v_2 + m_2 v_1)/2

    Where they vanish, :math:`m = \rho v` and :math:`\Pi = \rho v v^T + p I` with the
    ``pressure`` p. The exact laws of ``nn.MomentumNCL`` then are continuity,
    :math:`\nabla\cdot v = 0` and :math:`(\rho v)_t + \nabla\cdot(\rho v v^T) +
    \nabla p = 0`; less v times continuity, :math:`\rho(v_t + v\cdot\nabla v) +
    \nabla p = 0`.

    Args:
        outputs: Columns :math:`(\rho, m_1, m_2, \Pi_{11}, \Pi_{12}, \Pi_{22}, v_1,
            v_2)`, shape (N, 8).

    Raises:
        ValueError: The outputs have other columns.
    """
    rho, m1, m2, Pi11, Pi12, Pi22, v1, v2 = _tensor_columns(outputs)
    residuals = [
        m1 - rho * v1,
        m2 - rho * v2,
        (Pi11 - Pi22) - (m1 * v1 - m2 * v2),
        Pi12 - (m1 * v2 + m2 * v1) / 2,
    ]
    return torch.stack(residuals, dim=1)


def pressure(outputs: Tensor) -> Tensor:
    r"""Return :math:`p = (\Pi_{11} + \Pi_{22} - m\cdot v)/2`, shape (N, 1).

    Args:
        outputs: As for ``closure``, shape (N, 8).

    Raises:
        ValueError: The outputs have other columns.
    """
    _, m1, m2, Pi11, _, Pi22, v1, v2 = _tensor_columns(outputs)
    return ((Pi11 + Pi22 - m1 * v1 - m2 * v2) / 2)[:, None]


def _tensor_columns(outputs: Tensor) -> tuple[Tensor, ...]:
    if outputs.ndim != 2 or outputs.shape[1] != 8:
        raise ValueError(
            "outputs: must have the 8 columns (rho, m_1, m_2, Pi_11, Pi_12, Pi_22, "
            f"v_1, v_2), got shape {tuple(outputs.shape)}. Use nn.MomentumNCL."
        )
    return outputs.unbind(dim=1)


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum(dim=1, keepdim=True)
