r"""Optimal transport between two sets of points: your own, or half moons and a ring.

    python examples/transport_your_samples.py [SOURCE.csv TARGET.csv] [--steps 200]

This example shows how to

- fit a Lagrangian flow network to samples at two times, with any loss of your own;
- read from it the map, the cost and the way of every particle, all in closed form;
- compare the cost with the exact one between the samples, by `ot.emd2`.

Each csv file holds one point in a line, its coordinates separated by commas, in any
number of dimensions, the same in both; their numbers of points may differ. An npy file
with an array (n, d) will do, too. The folder `transport` then holds

- map.csv: every point of the source, and where it goes;
- interpolation.csv: time and place of all of them on their way;
- transport.png: particles and density at five times, for points in the plane.

Problem
-------
Among all flows of a density rho with a velocity u, from the samples x_0 at t = 0 to the
samples x_1 at t = 1, find the one of least kinetic energy. By Benamou and Brenier its
particles move straight ahead, and the energy is the squared Wasserstein distance:

    W^2 = min  int_0^1 int rho |u|^2 dx dt,    rho_t + div(rho u) = 0.

The network obeys continuity whatever its weights. The samples enter by their
likelihood, which needs no density of them:

    loss = mean -log rho(x_0, 0) + mean -log rho(x_1, 1) + weight * energy.

More steps make a better map: 200 take half a minute and are good to a few percent.
"""

import argparse
from pathlib import Path

import ncl_deepxde  # isort: skip  (first, so that DeepXDE runs on PyTorch)
import deepxde as dde
import matplotlib.pyplot as plt
import numpy as np
import ot
import torch

from ncl_deepxde.data import SampledObjective

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("files", nargs="*", type=Path, help="SOURCE.csv TARGET.csv")
parser.add_argument("--steps", type=int, default=200)
parser.add_argument("--out", type=Path, default=Path("transport"), help="folder")
options = parser.parse_args()
if len(options.files) not in (0, 2):
    parser.error("give two csv files, of source and target, or none")
dde.config.set_random_seed(0)
torch.set_num_threads(1)  # a second one does not pay for a network this small
options.out.mkdir(exist_ok=True)


# The points. Without files they are made up: two half moons, and a ring.


def read(path):
    try:
        if path.suffix == ".npy":
            points = np.load(path, allow_pickle=False).astype(float)
        else:
            points = np.loadtxt(path, delimiter=",", ndmin=2)
    except (OSError, EOFError, ValueError) as error:
        parser.error(f"{path}: {error}")
    if points.ndim != 2 or not np.isfinite(points).all():
        parser.error(f"{path}: must hold finite numbers (n, d), got {points.shape}")
    return points


def half_moons(n, random):
    angle = np.pi * random.random(n)
    upper = np.arange(n) % 2
    x = np.where(upper, np.cos(angle), 1 - np.cos(angle)) - 0.5
    y = np.where(upper, np.sin(angle), 0.5 - np.sin(angle)) - 0.25
    return np.stack([x, y], axis=1) + 0.1 * random.normal(size=(n, 2))


def ring(n, random):
    angle = 2 * np.pi * random.random(n)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return 1.2 * circle + 0.1 * random.normal(size=(n, 2))


if options.files:
    source, target = map(read, options.files)
else:
    print("No files are given: the points are half moons and a ring, made up.")
    random = np.random.default_rng(0)
    source, target = half_moons(1500, random), ring(1500, random)
dim = source.shape[1]
if target.shape[1] != dim:
    parser.error(f"both files must have as many columns, got {dim}, {target.shape[1]}")

# The network works on both sets moved to the origin, in units of their spread: the best
# map between shifted sets is the best one between centered sets, and the shift.

means = source.mean(axis=0), target.mean(axis=0)
unit = np.concatenate([source - means[0], target - means[1]]).std(axis=0).max()


def inward(x, t):
    return torch.tensor((x - (1 - t) * means[0] - t * means[1]) / unit).float()


def outward(x, t):
    return (1 - t) * means[0] + t * means[1] + unit * x.double().cpu().numpy()


x_0, x_1 = inward(source, 0), inward(target, 1)


# The loss: three terms, each with fresh random numbers at every step. Points of the
# energy are particles of the flow itself. Where they are depends on the weights too;
# the ratio of the density to its own value, 1, has the derivative that accounts for it.


def at(x, time):
    return torch.nn.functional.pad(x, (0, 1), value=time)


def likelihood(x, time):
    def term(net, generator):
        rows = torch.randint(len(x), (256,), generator=generator)
        return -net.log_density(at(x[rows], time)).mean()

    return term


def energy(net, generator):
    t = torch.rand(256, 1, generator=generator)
    x = net.sample(256, t, generator)
    rho, u = net(torch.cat([x, t], dim=1)).split([1, dim], dim=1)
    return (rho / rho.detach() * u.square().sum(dim=1, keepdim=True)).mean()


net = ncl_deepxde.nn.LFlow(dim, blocks=6, output="velocity")
net(torch.cat([at(x_0, 0.0), at(x_1, 1.0)]))  # starts its normalizations

terms = {"start": likelihood(x_0, 0.0), "end": likelihood(x_1, 1.0), "energy": energy}
model = dde.Model(SampledObjective(terms, num_inputs=dim + 1), net)
for weight, lr in ((0.1, 5e-3), (0.02, 2e-3)):
    # Much energy straightens the way, little of it lets the ends be where they are.
    steps = -(-options.steps // 2)
    decay = ("cosine", steps, lr / 10)
    model.compile("adam", lr=lr, decay=decay, loss_weights=[1, 1, weight])
    model.train(iterations=steps, display_every=50)


# The map, and the cost of it. The flow takes every particle straight to any time.

times = [0.0, 0.25, 0.5, 0.75, 1.0]
with torch.no_grad():
    paths = [outward(net.transport(x_0, 0.0, t), t) for t in times]
cost = np.square(paths[-1] - source).sum(axis=1).mean()
print(f"cost of the map, squared distance in the mean: {cost:.4f}")

names = [f"{letter}_{i + 1}" for letter in "xy" for i in range(dim)]
np.savetxt(
    options.out / "map.csv",
    np.hstack([source, paths[-1]]),
    delimiter=",",
    header=",".join(names),
    comments="",
)
column = np.repeat(times, len(source))[:, None]
np.savetxt(
    options.out / "interpolation.csv",
    np.hstack([column, np.concatenate(paths)]),
    delimiter=",",
    header=",".join(["t", *names[:dim]]),
    comments="",
)

# The exact cost between samples: the best of all plans, for at most 2000 points.
# Between few points it is larger than between the densities they come from.

a, b = source[:2000], target[:2000]
exact = float(ot.emd2([], [], ot.dist(a, b)))
arrived = float(ot.emd2([], [], ot.dist(paths[-1][:2000], b)))
print(f"exact cost between the samples: {exact:.4f}")
print(f"cost from where the map leads to the target, 0 at best: {arrived:.4f}")
if not options.files and options.steps >= 200:
    assert abs(cost / exact - 1) < 0.1, "the flow is not optimal"

# The picture, in the plane: density of the flow, and its particles.

if dim == 2:
    low, high = (f(paths, axis=(0, 1)) for f in (np.min, np.max))
    margin = 0.05 * (high - low).max()
    axes_of_grid = np.linspace(low - margin, high + margin, 150).T
    grid = np.stack(np.meshgrid(*axes_of_grid), axis=2).reshape(-1, 2)
    figure, panels = plt.subplots(1, 5, figsize=(15, 3.4), sharey=True)
    for axes, t, x in zip(panels, times, paths, strict=True):
        with torch.no_grad():
            rho = net.density(at(inward(grid, t), t)).reshape(150, 150) / unit**2
        axes.pcolormesh(*axes_of_grid, rho, cmap="Blues")
        axes.scatter(*x[:300].T, s=2, color="black")
        axes.set(title=f"t = {t:g}", aspect="equal", xlabel="x")
    figure.savefig(options.out / "transport.png", dpi=120, bbox_inches="tight")
print(f"Map, interpolation and picture are in the folder {options.out}.")
