"""Networks of one size, all constructions, and what each of them promises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import deepxde as dde
import torch
from torch import Tensor
from torch.func import jacrev, vmap

import ncl_deepxde  # noqa: F401  (chooses the backend before deepxde is loaded)
from ncl_deepxde import nn
from ncl_deepxde.data import Collocation, uniform_box
from ncl_deepxde.evaluation import continuity_error
from ncl_deepxde.evaluation.promises import some_points
from ncl_deepxde.operators import jacobian

HIDDEN = [64] * 4
KIND = ("tanh", "Glorot normal")

Law = Callable[[torch.nn.Module, Tensor], float]


@dataclass(frozen=True)
class Case:
    """A network of one size.

    Attributes:
        build: Returns it, with random weights, four layers of 64 units where it has.
        columns: Number of its inputs.
        law: Maps it and points to what is left of its law, in units of the largest
            term; none where nothing is exact to round-off.
    """

    build: Callable[[], torch.nn.Module]
    columns: int = 3
    law: Law | None = None


def continuity(net: torch.nn.Module, x: Tensor) -> float:
    """Return what is left of rho_t + div m."""
    points = x.double().cpu().numpy()
    return continuity_error(net, points[:, :-1], points[:, -1:]).relative


def divergence(dim: int, net: torch.nn.Module, x: Tensor) -> float:
    """Return what is left of the divergence of the first columns, in space."""
    terms = _derivative(net, x)[:, :dim, :dim].diagonal(dim1=1, dim2=2)
    return float(terms.sum(dim=1).abs().max() / terms.abs().max())


def rotation(dim: int, net: torch.nn.Module, x: Tensor) -> float:
    """Return how far the derivative of a gradient is from symmetric."""
    J = _derivative(net, x)[:, :dim, :dim]
    return float((J - J.mT).abs().max() / J.abs().max())


def balance(net: nn.BalanceLaws, x: Tensor) -> float:
    """Return the most that is left of a law q_t + div F = s."""
    found = []
    for k in range(net.laws):

        def flux(y: Tensor, k: int = k) -> Tensor:
            return torch.cat([net.state(y)[:, k : k + 1], net.flux(y, k)], dim=1)

        J = _derivative(flux, x)
        last = J.shape[2] - 1
        terms = [J[:, :1, last], J[:, 1:].diagonal(dim1=1, dim2=2)]
        terms = torch.cat([*terms, -net.source(x, k).detach()], dim=1)
        found.append(float(terms.sum(dim=1).abs().max() / terms.abs().max()))
    return max(found)


def _derivative(net: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Differentiate by reverse mode, apart from jets: (N, C, k)."""
    found: Tensor = vmap(jacrev(lambda y: net(y[None])[0]))(x)
    return found.detach()


def ncl(*, columns: int = 3, **options: Any) -> nn.NCL:
    """Return (rho, m, p) for the plane, or for space."""
    sizes = [columns, *HIDDEN, columns + 1]
    return nn.NCL(sizes, *KIND, mean_density=4.0, **options)


NETWORKS: Mapping[str, Case] = {
    "plain": Case(lambda: dde.nn.FNN([3, *HIDDEN, 4], *KIND)),
    "NCL, matrix": Case(ncl, 3, continuity),
    "NCL, matrix, periodic": Case(partial(ncl, periods=1.0), 3, continuity),
    "NCL, vector": Case(partial(ncl, construction="vector"), 3, continuity),
    "NCL, matrix, space": Case(partial(ncl, columns=4), 4, continuity),
    "NCL, vector, space": Case(
        partial(ncl, columns=4, construction="vector"), 4, continuity
    ),
    "MomentumNCL": Case(
        lambda: nn.MomentumNCL([3, *HIDDEN, 8], *KIND, periods=1.0), 3, continuity
    ),
    "CurlNet": Case(
        lambda: nn.CurlNet([3, *HIDDEN, 4], *KIND, output="velocity"),
        3,
        lambda net, x: divergence(2, lambda y: net(y)[:, 1:], x),
    ),
    "Incompressible": Case(
        lambda: nn.Incompressible([3, *HIDDEN, 3], *KIND), 3, partial(divergence, 2)
    ),
    "BalanceLaws": Case(
        lambda: nn.BalanceLaws([3, *HIDDEN, 8], *KIND, laws=2, sources=(1,)),
        3,
        balance,
    ),
    "MonotoneBalanceLaw": Case(
        lambda: nn.MonotoneBalanceLaw(
            [2, *HIDDEN, 2], *KIND, interval=(-5.0, 5.0), total=1.0
        ),
        2,
    ),
    "DivergenceFree": Case(
        lambda: nn.DivergenceFree([3, *HIDDEN, 3], *KIND), 3, partial(divergence, 3)
    ),
    "DivergenceFree, n = 20": Case(
        lambda: nn.DivergenceFree([20, *HIDDEN, 20], *KIND), 20, partial(divergence, 20)
    ),
    "GradientField": Case(
        lambda: nn.GradientField([3, *HIDDEN, 3], *KIND), 3, partial(rotation, 3)
    ),
    "LFlow": Case(lambda: nn.LFlow(2, blocks=4, width=64), 3, continuity),
    "LFlow, space": Case(lambda: nn.LFlow(3, blocks=4, width=64), 4, continuity),
    "SubharmonicNCL": Case(lambda: nn.SubharmonicNCL(2), 3, continuity),
    "SemiLagrangian": Case(
        lambda: nn.SemiLagrangian(
            2, box=(-2.0, 2.0), grid=17, hidden=(64, 64), adjoint=False
        )
    ),
}


def everything(x: Tensor, y: Tensor) -> list[Tensor]:
    """Return all outputs and all their first derivatives, each (N, 1)."""
    J = jacobian(y, x).flatten(1)
    return [torch.cat([y, J], dim=1).square().sum(dim=1, keepdim=True).sqrt()]


def model_of(case: Case, points: int) -> dde.Model:
    """Return a model whose loss holds all outputs and all first derivatives."""
    box = uniform_box([0.0] * case.columns, [1.0] * case.columns)
    return dde.Model(Collocation(everything, box, points), case.build())


def exactness(case: Case, points: int = 64) -> float | None:
    """Return what is left of the law, in units of its largest term."""
    if case.law is None:
        return None
    net = case.build().eval()
    return case.law(net, some_points(torch.rand(points, case.columns)))
