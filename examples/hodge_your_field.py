r"""Gradient, divergence-free and constant part of a periodic vector field: your own.

    python examples/hodge_your_field.py [FIELD.csv | FIELD.npy] [--period 1.0]

This example shows how to

- write a field as `nn.HodgeField`, the sum of a gradient, of a divergence-free field
  and of a constant, each of them exact whatever the weights;
- fit it to samples by `dde.Model`, wherever they are: no grid is needed;
- read off the parts, and their shares of the mean square.

A csv file holds one sample in a line, x_1..x_n and v_1..v_n separated by commas, in any
number n of dimensions. An npy file holds a field on a grid of the plane, (N_1, N_2, 2),
whose node (i, j) is at (i / N_1, j / N_2) periods. Without a file, `field` below is
sampled on a grid: put in your own. The folder `hodge` then holds

- parts.csv: the samples, then every part at the same points;
- parts.png: arrows of all parts, for fields in the plane.

Problem
-------
On a torus, a box with opposite faces identified, every smooth field has one
decomposition

    v = grad phi + eta + c,   div eta = 0,   mean of grad phi and of eta = 0,

whose parts are orthogonal. Networks of this form reach it by least squares alone: where
the mean of |v - grad phi - eta - c|^2 vanishes, so does the error of each part.

Reference: J. Richter-Powell et al., Neural Conservation Laws (NeurIPS 2022), section 6,
https://arxiv.org/abs/2210.01741.
"""

import argparse
from pathlib import Path

import ncl_deepxde  # isort: skip  (first, so that DeepXDE runs on PyTorch)
import deepxde as dde
import matplotlib.pyplot as plt
import numpy as np
import torch

from ncl_deepxde.data import SampledObjective

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("file", nargs="?", type=Path, help="FIELD.csv or FIELD.npy")
parser.add_argument("--period", type=float, default=1.0, help="period of every axis")
parser.add_argument("--steps", type=int, default=800)
parser.add_argument("--out", type=Path, default=Path("hodge"), help="folder")
options = parser.parse_args()
if not options.period > 0 or options.steps < 1:
    parser.error("--period and --steps must be positive")
dde.config.set_random_seed(0)
torch.set_num_threads(1)  # a second one does not pay for networks this small


# The field. This one has a source and a sink, a few eddies, and a wind from the west.


def field(x):
    a, b = 2 * np.pi * x.T / options.period
    source = np.stack([-np.sin(a) * np.exp(np.cos(a)), -np.sin(b) * np.cos(a + 0.5)])
    eddies = np.stack([np.cos(b) * np.sin(a - b), -np.cos(a) * np.sin(b)])
    return (source + 2 * eddies).T + np.array([0.5, 0.0])


def grid(*numbers):
    axes = [options.period * np.arange(n) / n for n in numbers]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)


def read(path):
    if path.suffix == ".npy":
        v = np.load(path, allow_pickle=False)
        if v.ndim != 3 or v.shape[2] != 2:
            parser.error(f"{path}: must hold an array (N_1, N_2, 2), got {v.shape}")
        return grid(*v.shape[:2]), v.reshape(-1, 2), v.shape[:2]
    rows = np.loadtxt(path, delimiter=",", ndmin=2)
    if rows.shape[1] % 2 or rows.shape[1] < 4:
        parser.error(f"{path}: needs columns x_1..x_n, v_1..v_n, got {rows.shape[1]}")
    return *np.hsplit(rows, 2), None


if options.file is None:
    print("No file is given: the field is made up, in the plane.")
    shape = (24, 24)
    x, v = grid(*shape), field(grid(*shape))
else:
    try:
        x, v, shape = read(options.file)
    except (OSError, EOFError, ValueError) as error:
        parser.error(f"{options.file}: {error}")
if not np.isfinite(np.hstack([x, v])).all():
    parser.error(f"{options.file}: all numbers must be finite; leave out other rows")
n = x.shape[1]

# The network, for the field in units of its size. Both parts have two hidden layers and
# two harmonics of every axis. More harmonics follow finer details.

unit = np.sqrt(np.mean(v**2))
sizes, style = [n, 64, 64, n], {"periods": options.period, "harmonics": 2}
net = ncl_deepxde.nn.HodgeField(
    ncl_deepxde.nn.DivergenceFree(sizes, "tanh", "Glorot normal", **style),
    ncl_deepxde.nn.GradientField(sizes, "tanh", "Glorot normal", **style),
)

# The loss: the mean square of what is left, over random samples.

points, values = (torch.tensor(a).float() for a in (x, v / unit))


def remainder(net, generator):
    rows = torch.randint(len(points), (400,), generator=generator)
    return (values[rows] - net(points[rows])).square().mean()


model = dde.Model(SampledObjective({"remainder": remainder}, num_inputs=n), net)
decay = ("cosine", options.steps, 1e-5)
model.compile("adam", lr=1e-2, decay=decay)
model.train(iterations=options.steps, display_every=max(1, options.steps // 4))

# The parts at the samples, and what they have of the mean square.

with torch.no_grad():
    gradient, eta, constant = (
        np.broadcast_to(unit * part.detach().cpu().numpy(), v.shape)
        for part in (net.gradient(points), net.solenoidal(points), net.harmonic)
    )
rest = v - gradient - eta - constant
parts = {
    "field": v,
    "gradient": gradient,
    "divergence-free": eta,
    "constant": constant,
    "remainder": rest,
}
for name, part in parts.items():
    print(f"{name:>16}: {100 * np.mean(part**2) / unit**2:7.3f} % of the mean square")

options.out.mkdir(parents=True, exist_ok=True)
columns = [f"{name}_{i + 1}" for name in ("x", *parts) for i in range(n)]
np.savetxt(
    options.out / "parts.csv",
    np.hstack([x, *parts.values()]),
    delimiter=",",
    header=",".join(columns),
    comments="",
)


# On a grid the parts are known from its Fourier coefficients: of each one, the
# component along the wave vector belongs to the gradient.


def fourier_gradient(v):
    waves = [np.fft.fftfreq(m, 1 / m) for m in v.shape[:2]]
    k = np.stack(np.meshgrid(*waves, indexing="ij"), axis=-1)
    square = np.maximum((k**2).sum(axis=-1, keepdims=True), 1)  # 1 for the constant
    along = (k * np.fft.fft2(v, axes=(0, 1))).sum(axis=-1, keepdims=True)
    return np.fft.ifft2(k * along / square, axes=(0, 1)).real


if shape is not None:
    exact = v - fourier_gradient(v.reshape(*shape, 2)).reshape(-1, 2) - v.mean(axis=0)
    error = np.linalg.norm(eta - exact) / np.linalg.norm(exact)
    print(f"relative error of the divergence-free part, against Fourier: {error:.1e}")
    if options.file is None and options.steps >= 800:
        assert error < 0.03, "the decomposition is off"

if n == 2:
    figure, panels = plt.subplots(1, 4, figsize=(15, 4), sharey=True)
    for axes, (name, part) in zip(panels, list(parts.items())[:4], strict=True):
        arrows = axes.quiver(*x.T, *part.T, np.hypot(*part.T), scale=30 * unit)
        arrows.set(clim=(0, np.hypot(*v.T).max()), linewidth=0.2)
        axes.set(title=name, xlabel="$x_1$", aspect="equal")
    panels[0].set_ylabel("$x_2$")
    figure.colorbar(arrows, ax=panels, shrink=0.7, label="length of the arrows")
    figure.savefig(options.out / "parts.png", dpi=120, bbox_inches="tight")
print(f"The parts are in the folder {options.out}.")
