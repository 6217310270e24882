"""A hard initial state and a hard wall: a blob of mass turns with the water in a disk.

    python examples/hard_start_in_a_disk.py [--steps 40]

The velocity is known, a rigid rotation; the density is asked for. Whatever its weights,
the network starts from the given state, lets nothing through the wall and obeys
continuity. All that is left to train is m = rho u, without a derivative. The exact
solution is the turned initial density.
"""

import argparse
import math

import ncl_deepxde  # isort: skip  (first, so that DeepXDE runs on PyTorch)
import deepxde as dde
import torch

from ncl_deepxde.data import Collocation, kronecker_box
from ncl_deepxde.optimizers import GaussNewton

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--steps", type=int, default=40)
options = parser.parse_args()
dde.config.set_random_seed(0)
t_end = 1.0


# The initial state: functions of points (N, 2), in torch.


def density(x):
    return 1 + torch.exp(-8 * ((x[:, :1] - 0.4) ** 2 + x[:, 1:] ** 2))


def rotation(x):
    return torch.cat([-x[:, 1:], x[:, :1]], dim=1)


# The wall: a function that vanishes on it, and points on it for the checks.


def inside(x):
    return 1 - x.square().sum(dim=1, keepdim=True)


angle = 2 * math.pi * torch.rand(100, 1)
circle = torch.cat([angle.cos(), angle.sin()], dim=1)

net = ncl_deepxde.nn.NCL(
    [3] + [24] * 3 + [3],
    "tanh",
    "Glorot normal",
    initial=ncl_deepxde.nn.InitialState(density, velocity=rotation, ramp=0.5),
    wall=ncl_deepxde.nn.Wall(inside, circle),
)


# Points in the disk: radius and angle from a box, uniform in area.

box = kronecker_box([0, 0, 0], [1, 2 * math.pi, t_end])


def disk(n, generator):
    s, phi, t = box(n, generator).split(1, dim=1)
    return torch.cat([s.sqrt() * phi.cos(), s.sqrt() * phi.sin(), t], dim=1)


def pde(x, y):
    m = y[:, 1:] - y[:, :1] * rotation(x[:, :2])
    return [m[:, :1], m[:, 1:]]


model = dde.Model(Collocation(pde, disk, num_domain=300), net)
model.compile(GaussNewton(model))
model.train(iterations=options.steps, display_every=10)


# What came out, against the exact solution and the laws.

x = disk(5000, torch.Generator(torch.get_default_device()).manual_seed(1))
c, s = torch.cos(x[:, 2:]), torch.sin(x[:, 2:])
back = torch.cat([c * x[:, :1] + s * x[:, 1:2], c * x[:, 1:2] - s * x[:, :1]], dim=1)
with torch.no_grad():
    exact = density(back)
    error = float((net.density(x) - exact).norm() / exact.norm())
    at_start = torch.cat([x[:, :2], 0 * x[:, 2:]], dim=1)
    start = float((net.density(at_start) - density(x[:, :2])).abs().max())
    on_wall = torch.cat([circle, t_end * torch.rand(100, 1)], dim=1)
    leak = float((net.flux(on_wall)[:, 1:] * circle).sum(dim=1).abs().max())
print(f"error of the density, relative L2: {error:.2e}")
print(f"largest error at t = 0: {start:.1e}, largest |m.n| on the wall: {leak:.1e}")
