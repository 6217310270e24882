"""The algebra that is left of Euler's equations, at solutions and in general."""

import math

import pytest
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.operators import (
    Flow,
    closure,
    continuity,
    incompressibility,
    momentum,
    pressure,
)

CLOSE = {"rtol": 1e-11, "atol": 1e-12}
WIND = torch.tensor([0.6, -0.3], dtype=torch.float64)


def vortices(x, wind):
    r"""Taylor-Green vortices of stratified density, carried by a wind; one point.

    Yih's transformation: with the homogeneous flow :math:`w = \nabla^\perp\psi` and any
    :math:`\rho(\psi)`, the velocity :math:`w/\sqrt{\rho}` and the same pressure solve
    Euler's equations. Returns rho, v, p.
    """
    k = 2 * math.pi
    a, b = (k * (x[:2] - wind * x[2])).unbind()
    w = torch.stack([torch.sin(a) * torch.cos(b), -torch.cos(a) * torch.sin(b)])
    rho = 2 + torch.sin(a) * torch.sin(b)
    p = (torch.cos(2 * a) + torch.cos(2 * b)) / 4
    return rho, w / rho.sqrt() + wind, p


def columns(rho, v, p):
    """Return the eight columns of a flow at one point."""
    Pi = rho * torch.outer(v, v) + p * torch.eye(2)
    upper = torch.stack([Pi[0, 0], Pi[0, 1], Pi[1, 1]])
    return torch.cat([rho[None], rho * v, upper, v])


@pytest.mark.parametrize("wind", [0 * WIND, WIND], ids=["steady", "carried"])
def test_closure_vanishes_at_solutions_of_euler(wind) -> None:
    inputs = torch.rand(7, 3).requires_grad_()
    rho, v, p = vmap(lambda x: vortices(x, wind))(inputs)
    flow = Flow.of(inputs, torch.cat([rho[:, None], rho[:, None] * v, p[:, None]], 1))
    for residual in continuity(flow), momentum(flow), incompressibility(flow):
        # Terms of size 1e2, by two differentiations of sines of 2 pi x.
        assert float(residual.detach().abs().max()) < 1e-12
    y = vmap(lambda x: columns(*vortices(x, wind)))(inputs)
    assert (closure(y).shape, pressure(y).shape) == ((7, 4), (7, 1))
    torch.testing.assert_close(closure(y), torch.zeros(7, 4), rtol=0, atol=1e-14)
    torch.testing.assert_close(pressure(y), p[:, None], rtol=0, atol=1e-14)
    # The exact laws of the network are laws of this flow: the columns mean the same.
    J = vmap(jacrev(lambda x: columns(*vortices(x, wind))))(inputs.detach())
    for law in [0, 1, 2], [1, 3, 4], [2, 4, 5]:
        rows = J[:, law].roll(-1, 1).diagonal(dim1=1, dim2=2)
        assert float(rows.sum(dim=1).abs().max()) < 1e-12
    assert float((J[:, 6, 0] + J[:, 7, 1]).abs().max()) < 1e-12


@pytest.mark.parametrize("n", [1, 7])
def test_closure_is_all_that_is_missing(n) -> None:
    """What T lacks to [[rho, rho v], [rho v, m v + p I]], symmetric and trace-free."""
    y = torch.randn(n, 8)
    found = closure(y)
    assert found.shape == (n, 4)
    m, v = y[:, 1:3], y[:, 6:]
    torch.testing.assert_close(found[:, :2], m - y[:, :1] * v, **CLOSE)
    Pi = y[:, [3, 4, 4, 5]].reshape(n, 2, 2)
    mv = m[:, :, None] * v[:, None, :]
    rest = Pi - (mv + mv.mT) / 2 - pressure(y)[:, :, None] * torch.eye(2)
    right = torch.stack([found[:, 2] / 2, found[:, 3], found[:, 3], -found[:, 2] / 2])
    torch.testing.assert_close(rest, right.T.reshape(n, 2, 2), **CLOSE)


@pytest.mark.parametrize("operator", [closure, pressure])
@pytest.mark.parametrize("shape", [(5, 7), (5, 4), (8,)])
def test_operators_refuse_other_columns(operator, shape) -> None:
    with pytest.raises(
        ValueError, match=r"^outputs: must have the 8.*nn.Momentum"
    ) as e:
        operator(torch.zeros(shape))
    assert str(shape) in str(e.value)
