"""Slow flow past a cylinder in a channel: how much passes above, how much below?

    python examples/channel_with_obstacle.py [--steps 40] [--out DIRECTORY]

Whatever its weights, the network sticks to the walls, has the parabolic velocity at
both ends and loses nothing between them. The share that passes below the cylinder is a
trained number: it follows from the equations of Stokes, grad p = Lap u. The right
answer is a series of solutions of these equations, fitted to the boundary.
"""

import argparse
from pathlib import Path

import ncl_deepxde  # noqa: F401  # isort: skip  (first: DeepXDE runs on PyTorch)
import deepxde as dde
import numpy as np
import torch

from ncl_deepxde.nn import Incompressible, Lifting, Wall
from ncl_deepxde.operators import laplacian
from ncl_deepxde.optimizers import GaussNewton

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--steps", type=int, default=40)
parser.add_argument("--out", type=Path, help="folder for the picture")
options = parser.parse_args()
dde.config.set_random_seed(0)
dde.config.set_default_float("float64")
L, X, Y, R = 2.0, 0.8, 0.6, 0.2  # length of the channel; center and radius
channel = dde.geometry.Rectangle([0, 0], [L, 1]) - dde.geometry.Disk([X, Y], R)


def parabola(x):  # the stream function of u = 6 y (1 - y), 1 in all
    return x[:, 1:] ** 2 * (3 - 2 * x[:, 1:])


# The wall has two parts: the outer boundary, with the flow through its ends as profile,
# and the cylinder, whose stream function is the share that passes below: trained.
lifting = Lifting(flows=[0.0, "trained"], profiles=[parabola, None])
net = Incompressible(
    [2] + [32] * 3 + [3],
    "tanh",
    "Glorot normal",
    time=False,
    wall=Wall.of(channel),
    slip=False,
    lifting=lifting,
    columns=("u", "v", "p"),
)


def stokes(x, y):
    return [
        dde.grad.jacobian(y, x, i=2, j=c) - laplacian(y, x, c, range(2)) for c in (0, 1)
    ]


data = dde.data.PDE(
    channel, stokes, [], num_domain=600, train_distribution="Hammersley"
)
model = dde.Model(data, net)
model.compile(GaussNewton(model))
model.train(iterations=options.steps, display_every=10)


def basis(z):
    """Solutions u + iv: psi = Im(conj(z) f + g), z from the center, f, g analytic."""
    s, q = (z - complex(L / 2 - X, 0.5 - Y)) / 1.2, R / z
    powers = [(s**k, k * s ** max(k - 1, 0) / 1.2) for k in range(40)]
    powers += [(q**k, -k * q ** (k + 1) / R) for k in range(1, 20)]
    pairs = [(0 * z, 1j / z)]  # f and conj(z) f' + g'
    for a in (1, 1j):
        pairs += [(a * f, a * df * np.conj(z)) for f, df in powers]
        pairs += [(0 * z, a * df) for _, df in powers]
        pairs += [(a * np.log(z), a * np.conj(z) / z - np.conj(a) * np.log(z))]
    return np.stack([(w - f).real - 1j * (w + f).imag for f, w in pairs], axis=1)


t = (1 - np.cos(np.pi * (np.arange(300) + 0.5) / 300)) / 2
sides = np.concatenate([L * t, L * t + 1j, 1j * t, L + 1j * t]) - complex(X, Y)
edge = np.concatenate([sides, R * np.exp(2j * np.pi * t)])
inflow = np.append(6 * (sides.imag + Y) * (1 - Y - sides.imag), 0 * t)
matrix, given = basis(edge), np.concatenate([inflow, 0 * inflow])
A = np.vstack([matrix.real, matrix.imag])
size = np.linalg.norm(A, axis=0).clip(1e-9)
weights = np.linalg.lstsq(A / size, given, rcond=1e-14)[0] / size


def exact(x):
    return basis(x[:, 0] - X + 1j * (x[:, 1] - Y)) @ weights


def trained(x):
    with torch.no_grad():
        return net.velocity(torch.as_tensor(x)).cpu().numpy() @ [1, 1j]


def through(velocity, x, low, high):
    """The flow through a vertical segment, by the rule of Gauss."""
    node, weight = np.polynomial.legendre.leggauss(80)
    y = low + (high - low) * (node + 1) / 2
    points = np.stack([np.full_like(y, x), y], axis=1)
    return float(velocity(points).real @ weight) * (high - low) / 2


below, above = through(trained, X, 0, Y - R), through(trained, X, Y + R, 1)
right = through(exact, X, 0, Y - R)
whole = [below + above, *(through(trained, x, 0, 1) for x in (0, 0.3, 1.1, 1.7, L))]
lost = max(abs(flow - 1) for flow in whole)
points = channel.random_points(2000)
truth = exact(points)
error = np.linalg.norm(trained(points) - truth) / np.linalg.norm(truth)
print(f"below the cylinder: {below:.4f}, right: {right:.4f}")
print(f"error of the velocity, relative L2: {error:.1e}; lost on the way: {lost:.1e}")
assert lost < 1e-12
assert abs(below - right) < 5e-3


def draw(path):
    import matplotlib.pyplot as plt

    x, y = np.meshgrid(np.linspace(0, L, 121), np.linspace(0, 1, 61))
    grid = np.stack([x.ravel(), y.ravel()], axis=1)
    u = np.where(channel.inside(grid), trained(grid), np.nan).reshape(x.shape)
    figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
    image = axes.pcolormesh(x, y, abs(u), cmap="viridis", rasterized=True)
    axes.streamplot(x, y, u.real, u.imag, color="white", linewidth=0.6, arrowsize=0.7)
    axes.add_patch(plt.Circle((X, Y), R, color="0.8"))
    axes.set(aspect="equal", title=f"{below:.1%} of the flow passes below the cylinder")
    figure.colorbar(image, label="speed", shrink=0.7)
    figure.savefig(path, dpi=120)
    print(path)


if options.out:
    options.out.mkdir(parents=True, exist_ok=True)
    draw(options.out / "channel_with_obstacle.png")
