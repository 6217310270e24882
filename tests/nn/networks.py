"""All networks of ``ncl_deepxde.nn``, small, with what each of them promises.

A new network joins by one line; the tests of the contracts then know it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import deepxde as dde
import torch

from ncl_deepxde import nn

GLOROT = ("tanh", "Glorot normal")


@dataclass(frozen=True)
class Network:
    """How a network is built, and what it is.

    Attributes:
        build: Returns it, with random weights.
        is_flow: Whether it is a flow in the plane and time; else a field.
        has_law: Whether it obeys continuity.
        output: What columns 1 and 2 of a flow hold.
        num_inputs: Number of columns of the inputs.
        is_velocity: Whether it is a velocity without a density.
    """

    build: Callable[[], torch.nn.Module]
    is_flow: bool = True
    has_law: bool = True
    output: str = "flux"
    num_inputs: int = 3
    is_velocity: bool = False


FIELD = {"is_flow": False, "has_law": False}
PLANE = {**FIELD, "num_inputs": 2}


def ncl(**options) -> nn.NCL:
    # A density far from 0, so that the quotient m / rho loses no digits.
    start = {} if "initial" in options else {"mean_density": 4.0}
    return nn.NCL([3, 8, 6, 4], *GLOROT, **start, **options)


def continued(**options) -> nn.Windows:
    """Return windows of which the second goes on from the first."""
    first = ncl(**options)
    then = nn.Continuation(first, 0.5, 0.2)
    return nn.Windows([first, ncl(initial=then, **options)], [0.5])


def windows(build: Callable[[], torch.nn.Module], **options) -> nn.Windows:
    return nn.Windows([build(), build()], [0.5], **options)


def laws(**options) -> nn.BalanceLaws:
    return nn.BalanceLaws([3, 8, 6, 8], *GLOROT, laws=2, sources=(1,), **options)


def curl(**options) -> nn.CurlNet:
    return nn.CurlNet([3, 8, 6, 4], *GLOROT, **options)


def lflow(**options) -> nn.LFlow:
    return nn.LFlow(2, blocks=2, width=8, frequency=3.0, **options)


def pulsing(t: torch.Tensor) -> torch.Tensor:
    return 2 + torch.sin(t)


def slda(**options) -> nn.SemiLagrangian:
    return nn.SemiLagrangian(2, box=(-2.0, 2.0), grid=5, hidden=(8, 8), **options)


def subharmonic(**options) -> nn.SubharmonicNCL:
    sizes = {"components": 3, "hidden": (8,), "solenoidal": (8,)}
    return nn.SubharmonicNCL(2, **sizes, **options)


def hodge() -> nn.HodgeField:
    parts = (nn.DivergenceFree, nn.GradientField)
    return nn.HodgeField(*(part([2, 6, 2], *GLOROT, periods=1.0) for part in parts))


def ring() -> nn.Wall:
    disks = [dde.geometry.Disk([0.5, 0.5], r) for r in (0.9, 0.05)]
    return nn.Wall.of(disks[0] - disks[1])


def density(x: torch.Tensor) -> torch.Tensor:
    return 4 + torch.sin(x).prod(dim=1, keepdim=True)


ALL_NETWORKS = {
    "ncl": Network(ncl),
    "ncl-vector": Network(lambda: ncl(construction="vector")),
    "ncl-velocity": Network(lambda: ncl(output="velocity"), output="velocity"),
    "ncl-hard": Network(lambda: ncl(initial=nn.InitialState(density))),
    "ncl-scales": Network(
        lambda: ncl(
            scales=nn.Scales((2.0, 0.5), time=0.3, density=1.5, origin=(1, 0, 1))
        )
    ),
    "momentum-ncl": Network(lambda: nn.MomentumNCL([3, 8, 8], *GLOROT, periods=1.0)),
    "lflow": Network(lflow),
    "lflow-velocity": Network(lambda: lflow(output="velocity"), output="velocity"),
    "subharmonic": Network(subharmonic),
    "subharmonic-transport": Network(lambda: subharmonic(construction="transport")),
    "windows": Network(continued),
    "windows-velocity": Network(
        lambda: continued(output="velocity"), output="velocity"
    ),
    "windows-lflow": Network(lambda: windows(lflow)),
    # Continuity is left to training, or holds to the tolerance of a solver.
    "curl": Network(curl, has_law=False),
    "curl-velocity": Network(
        lambda: curl(output="velocity"), has_law=False, output="velocity"
    ),
    "semi-lagrangian": Network(slda, has_law=False, output="velocity"),
    "windows-curl": Network(lambda: windows(curl), has_law=False),
    "windows-mixed": Network(lambda: nn.Windows([ncl(), curl()], [0.5]), has_law=False),
    "lflow-sourced": Network(lambda: lflow(total_mass=pulsing), has_law=False),
    "sourced-ncl": Network(
        lambda: nn.NCL([3, 8, 6, 5], *GLOROT, source="trained", mean_density=4.0),
        has_law=False,
    ),
    # A velocity without a density.
    "incompressible": Network(
        lambda: nn.Incompressible([3, 8, 6, 3], *GLOROT), is_velocity=True, **FIELD
    ),
    "incompressible-steady": Network(
        lambda: nn.Incompressible([2, 8, 6, 3], *GLOROT, time=False),
        is_velocity=True,
        **PLANE,
    ),
    "incompressible-ring": Network(
        lambda: nn.Incompressible([3, 8, 6, 3], *GLOROT, wall=ring()),
        is_velocity=True,
        **FIELD,
    ),
    # Several laws, each with its own density.
    "balance-laws": Network(laws, **FIELD),
    "windows-laws": Network(lambda: windows(laws), **FIELD),
    # A line and time.
    "monotone-balance-law": Network(
        lambda: nn.MonotoneBalanceLaw(
            [2, 8, 2], *GLOROT, interval=(-5.0, 5.0), total=1.0
        ),
        **PLANE,
    ),
    # Fields in space, without time.
    "divergence-free": Network(lambda: nn.DivergenceFree([2, 8, 3], *GLOROT), **PLANE),
    "gradient-field": Network(lambda: nn.GradientField([2, 8, 2], *GLOROT), **PLANE),
    "hodge-field": Network(hodge, **PLANE),
}


def names(*, is_flow: bool | None = None, has_law: bool | None = None) -> Sequence[str]:
    """Return the networks that are flows, or not, and have the law, or not."""
    return [
        name
        for name, network in ALL_NETWORKS.items()
        if is_flow in (None, network.is_flow) and has_law in (None, network.has_law)
    ]
