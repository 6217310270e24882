"""Networks in the units of a user, each beside the same one in units of order one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import deepxde as dde
import numpy as np
import torch

from ncl_deepxde import flows, nn

GLOROT = ("tanh", "Glorot normal")
LENGTH, TIME, DENSITY, ORIGIN = (1e4, 1e2), 1e-3, 5e-2, (3e3, -40.0, 2e-3)
SPEED = [L / TIME for L in LENGTH]
EXTRA = 1e5
SCALES = nn.Scales(
    length=LENGTH, time=TIME, density=DENSITY, extras=EXTRA, origin=ORIGIN
)
STEADY = nn.Scales(length=LENGTH, time=TIME, extras=EXTRA, origin=ORIGIN[:2])

FLUX = [DENSITY, *(DENSITY * u for u in SPEED), EXTRA]
VELOCITY = [DENSITY, *SPEED, EXTRA]
TENSOR = [DENSITY * u * v for u, v in ((SPEED[0],) * 2, SPEED, (SPEED[1],) * 2)]


class Carried:
    """A function of scaled points as one of points, with values of some sizes."""

    def __init__(self, function, sizes):
        self.function, self.sizes = function, sizes

    def __call__(self, x):
        n = x.shape[1]
        origin, steps = x.new_tensor(ORIGIN[:n]), x.new_tensor((*LENGTH, TIME)[:n])
        return self.function((x - origin) / steps) * x.new_tensor(self.sizes)


def rho0(x):
    return 3 + torch.sin(torch.pi * x[:, :1]) * torch.cos(x[:, 1:2])


def m0(x):
    # No momentum crosses y = -1 and y = 1.
    y = x[:, 1:2]
    return torch.cat([torch.cos(y), (1 - y * y) * torch.sin(torch.pi * x[:, :1])], 1)


def a0(x):
    return torch.sin(torch.pi * x) * (1 - x[:, 1:2] ** 2)


def psi0(x):
    y = x[:, 1:2]
    return (1 - y * y) ** 2 * (1 + torch.sin(torch.pi * x[:, :1]))


def lifted(x):
    return x[:, 1:2] ** 3 / 3 * (1 + 0 * x[:, :1])


def lifted_in_time(x):
    return torch.sin(x[:, 2:]) * lifted(x)


def identity(function, sizes):
    return function


def state(carry, **options):
    kinds = {"momentum": (m0, FLUX[1:3]), "potential": (a0, FLUX_POTENTIAL)}
    functions = {name: carry(*kinds[name]) for name in options.pop("of", ())}
    return nn.InitialState(carry(rho0, FLUX[:1]), **functions, **options)


FLUX_POTENTIAL = [DENSITY * L for L in LENGTH]
STREAM = [LENGTH[0] * LENGTH[1] / TIME]


def channel(is_scaled):
    """Return the walls y = -1 and y = 1 of a channel."""
    o, L = (0, 0), (1, 1)
    if is_scaled:
        o, L = ORIGIN, LENGTH
    low, high = ([o[i] + s * L[i] for i in (0, 1)] for s in (-1, 1))
    box = dde.geometry.Rectangle(low, high)
    return nn.Wall.of(box, lambda x: np.isclose(abs(x[:, 1] - o[1]), L[1], 1e-4))


CONTINUITY = ((0, 2), (1, 0), (2, 1))
MOMENTUM = ((1, 2), (3, 0), (4, 1)), ((2, 2), (4, 0), (5, 1))


@dataclass(frozen=True)
class Pair:
    """A network as users build it, and the same one in units of order one.

    Attributes:
        build: Builds one: ``build(is_scaled)``.
        sizes: Sizes of its outputs.
        laws: Vanishing divergences: columns of the outputs and of the inputs of each.
    """

    build: Callable[[bool], torch.nn.Module]
    sizes: list[float]
    laws: tuple[tuple[tuple[int, int], ...], ...] = (CONTINUITY,)
    num_inputs: int = 3

    def both(self):
        nets = []
        for is_scaled in False, True:
            torch.manual_seed(3)
            net = self.build(is_scaled)
            with torch.no_grad():
                for p in net.parameters():
                    p.add_(0.1 * torch.randn_like(p))
            nets.append(net)
        return nets

    def points(self, n=7):
        """Return scaled points (n, num_inputs), and the same as users write them."""
        z = 2 * torch.rand(n, self.num_inputs) - 1
        steps = torch.tensor((*LENGTH, TIME)[: self.num_inputs])
        return z, torch.tensor(ORIGIN[: self.num_inputs]) + steps * z

    @property
    def steps(self):
        return torch.tensor((*LENGTH, TIME)[: self.num_inputs])


def ncl(options=lambda carry: {}, *, output="flux", periods=None, wall=False, **more):
    """Return a pair of networks; options are given what carries functions."""

    def build(is_scaled):
        found = dict(more, output=output, **options(Carried if is_scaled else identity))
        if periods is not None:
            L = LENGTH if is_scaled else (1, 1)
            found["periods"] = [p and p * s for p, s in zip(periods, L, strict=True)]
        if is_scaled:
            found["scales"] = SCALES
        if wall:
            found["wall"] = channel(is_scaled)
        return nn.NCL([3, 8, 6, 4], *GLOROT, **found)

    return Pair(build, FLUX if output == "flux" else VELOCITY)


def mean(carry):
    r, m = (FLUX[0], FLUX[1:3]) if carry is Carried else (1.0, [1.0, 1.0])
    return {"mean_density": 4.0 * r, "mean_momentum": [0.3 * m[0], -0.2 * m[1]]}


def start(**more):
    def options(carry):
        found = dict(more)
        if carry is Carried:
            found["time"] = ORIGIN[2]
            if "ramp" in found:
                found["ramp"] *= TIME
        return {"initial": state(carry, **found)}

    return options


def incompressible(*, time=True, initial=False, lifting=False, slip=None, **more):
    def build(is_scaled):
        carry = Carried if is_scaled else identity
        found = dict(more, time=time)
        if is_scaled:
            found["scales"] = SCALES if time else STEADY
        if initial:
            t0 = ORIGIN[2] if is_scaled else 0.0
            found["initial"] = nn.InitialVelocity(carry(psi0, STREAM), time=t0)
        if lifting:
            found["lifting"] = carry(lifted_in_time if time else lifted, STREAM)
        if slip is not None:
            found |= {"wall": channel(is_scaled), "slip": slip}
        return nn.Incompressible([2 + time, 8, 6, 3], *GLOROT, **found)

    return Pair(build, VELOCITY[1:], PLANE, 2 + time)


PLANE = (((0, 0), (1, 1)),)


def field(cls, outputs, sizes, laws=PLANE, n=2, **more):
    def build(is_scaled):
        scales = SCALES if n == 3 else STEADY
        found = {"scales": scales} if is_scaled else {}
        return cls([n, 8, 6, outputs], *GLOROT, **found, **more)

    return Pair(build, sizes, laws, n)


def momentum(*, initial=False, **more):
    def build(is_scaled):
        carry = Carried if is_scaled else identity
        found = dict(more, **({"scales": SCALES_OF_TENSOR} if is_scaled else {}))
        if initial:
            found |= start(of=["momentum"])(carry)
        return nn.MomentumNCL([3, 8, 6, 8], *GLOROT, **found)

    laws = (CONTINUITY, *MOMENTUM, ((6, 0), (7, 1)))
    return Pair(build, [*FLUX[:3], *TENSOR, *SPEED], laws)


SCALES_OF_TENSOR = nn.Scales(LENGTH, TIME, DENSITY, origin=ORIGIN)


def hodge(is_scaled):
    # One length, so that both parts have the same sizes.
    scales = nn.Scales(3e3, velocity=20.0, origin=[1e3, 5e3]) if is_scaled else None
    parts = (nn.DivergenceFree, nn.GradientField)
    return nn.HodgeField(*(part([2, 6, 2], *GLOROT, scales=scales) for part in parts))


def lflow(is_scaled, *, domain=False, **more):
    """Return a flow of one free output, in a box if wanted."""
    found = dict(more, extras=1)
    if is_scaled:
        found["scales"] = SCALES
    else:
        found["times"] = (-1.0, 1.0)
    if domain:
        sides = ORIGIN[:2] if is_scaled else (0.0, 0.0)
        half = LENGTH if is_scaled else (1.0, 1.0)
        corners = [
            [o + s * 1.5 * L for o, L in zip(sides, half, strict=True)] for s in (-1, 1)
        ]
        found["domain"] = flows.Box(*corners)
    return nn.LFlow(2, blocks=2, width=6, frequency=3.0, **found)


def semi_lagrangian(is_scaled, velocity=None):
    more, box, start = {}, ([-1.5, -1.5], [1.5, 1.5]), 0.0
    if is_scaled:
        box = [
            [o + s * L for o, s, L in zip(ORIGIN[:2], corner, LENGTH, strict=True)]
            for corner in box
        ]
        more["scales"] = nn.Scales(LENGTH, TIME, DENSITY, velocity, origin=ORIGIN)
        start = ORIGIN[2]
    # Steps that are short: those of both solves are the same to round-off only.
    sizes = {"grid": 5, "hidden": (8, 8), "tolerance": 1e-8, "noise": 0.3}
    return nn.SemiLagrangian(2, box=box, start=start, **sizes, **more)


GRADIENT = [max(SPEED) * min(LENGTH) / L for L in LENGTH]

PAIRS = {
    "ncl": ncl(),
    "ncl-vector": ncl(construction="vector"),
    "ncl-velocity": ncl(mean, output="velocity"),
    "ncl-scale": ncl(scale=0.3),
    "ncl-torus": ncl(periods=[2.0, 1.5], harmonics=2),
    "ncl-road": ncl(mean, periods=[None, 2.0], construction="vector"),
    "ncl-start": ncl(start(of=["momentum"])),
    "ncl-fades": ncl(start(of=["momentum", "potential"], ramp=0.4), periods=[2, None]),
    "ncl-wall": ncl(wall=True),
    "ncl-vector-wall": ncl(start(of=["momentum"]), wall=True, construction="vector"),
    "incompressible": incompressible(),
    "incompressible-vector": incompressible(construction="vector"),
    "incompressible-steady": incompressible(time=False, lifting=True),
    "incompressible-start": incompressible(initial=True),
    "incompressible-wall": incompressible(initial=True, lifting=False, slip=False),
    "incompressible-slip": incompressible(lifting=True, slip=True),
    "curl": field(nn.CurlNet, 4, FLUX, (), n=3),
    "curl-velocity": field(
        nn.CurlNet, 4, VELOCITY, (((1, 0), (2, 1)),), n=3, output="velocity"
    ),
    "free": field(nn.DivergenceFree, 3, VELOCITY[1:]),
    "free-vector": field(nn.DivergenceFree, 3, VELOCITY[1:], construction="vector"),
    "free-contracted": field(nn.DivergenceFree, 3, VELOCITY[1:], served=0),
    "free-vector-contracted": field(
        nn.DivergenceFree, 3, VELOCITY[1:], construction="vector", served=0
    ),
    "momentum": momentum(served=1),
    "momentum-start": momentum(served=2, initial=True),
    "gradient": field(nn.GradientField, 2, GRADIENT, ()),
}
