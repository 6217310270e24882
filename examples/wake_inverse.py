r"""The viscosity of a wake from a few measured velocities; no pressure is measured.

    python examples/wake_inverse.py [--rows 400] [--steps 45] [--out DIRECTORY]

Kovasznay's wake behind a row of cylinders, carried along by a current (U, 0), solves

    u_t + (u . grad) u + grad p = nu Lap u,  div u = 0,  nu = 0.05 ,

exactly. Rows (x, y, t, u, v) with noise of 1 % are given, and nu, which starts from 0,
is asked for. `nn.Incompressible` obeys div u = 0 whatever its weights, and unknowns are
`dde.Variable`s as in any script: `GaussNewton(model)` trains what
`external_trainable_variables` lists.
"""

import argparse
import math
from pathlib import Path

import ncl_deepxde  # isort: skip  (first, so that DeepXDE runs on PyTorch)
import deepxde as dde
import numpy as np
import torch

from ncl_deepxde.data import Condition, Observations, Table, kronecker_box
from ncl_deepxde.operators import laplacian
from ncl_deepxde.optimizers import GaussNewton

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--rows", type=int, default=400)
parser.add_argument("--steps", type=int, default=45)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--out", type=Path, help="folder for the picture")
options = parser.parse_args()
dde.config.set_random_seed(options.seed)
torch.set_num_threads(1)  # a second one does not pay for a network this small
current, viscosity = 0.3, 0.05
k = (1 - math.sqrt(1 + (4 * math.pi * viscosity) ** 2)) / (2 * viscosity)
low, high = [-0.5, -0.5, 0.0], [1.0, 1.5, 1.0]


def exact(points):
    x, y = points[:, 0] - current * points[:, 2], 2 * math.pi * points[:, 1]
    u = current + 1 - np.exp(k * x) * np.cos(y)
    v = k / (2 * math.pi) * np.exp(k * x) * np.sin(y)
    return np.stack([u, v, (1 - np.exp(2 * k * x)) / 2], axis=1)


# The measured rows.

rng = np.random.default_rng(options.seed)
rows = rng.uniform(low, high, (options.rows, 3))
measured = exact(rows)[:, :2]
measured += 0.01 * measured.std() * rng.normal(size=measured.shape)


# The balance of momentum, with its unknown, of outputs (u, v, p).

nu = dde.Variable(0.0)


def momentum(x, y):
    residuals = []
    for c in range(2):
        w_x, w_y, w_t = (dde.grad.jacobian(y, x, i=c, j=j) for j in range(3))
        p_c = dde.grad.jacobian(y, x, i=2, j=c)
        carried = y[:, :1] * w_x + y[:, 1:2] * w_y
        residuals.append(w_t + carried + p_c - nu * laplacian(y, x, c, range(2)))
    return residuals


net = ncl_deepxde.nn.Incompressible(
    [3] + [32] * 3 + [3], "tanh", "Glorot normal", columns=("u", "v", "p")
)
balance = Condition("balance", kronecker_box(low, high), 300, momentum)
data = Observations(
    Table(rows, velocity=measured), options.rows, density=None, conditions=[balance]
)
model = dde.Model(data, net)
model.compile(
    GaussNewton(model, acceleration=True, decay=0.6),
    external_trainable_variables=[nu],
)


class Remember(dde.callbacks.Callback):
    """The unknown after every step."""

    def __init__(self):
        super().__init__()
        self.values = [0.0]

    def on_epoch_end(self):
        self.values.append(float(nu))


remember = Remember()
model.train(iterations=options.steps, display_every=20, callbacks=[remember])


# Against the right answers.

axes = [np.linspace(low[i], high[i], n) for i, n in [(0, 76), (1, 101)]]
x, y = np.meshgrid(*axes)
grid = np.stack([x.ravel(), y.ravel(), np.full(x.size, 0.5)], axis=1)
found, right = model.predict(grid.astype(np.float32)), exact(grid)


def error(columns, shift=0.0):
    off = found[:, columns] - right[:, columns]
    spread = right[:, columns] - right[:, columns].mean(axis=0)
    return np.linalg.norm(off - shift * off.mean(axis=0)) / np.linalg.norm(spread)


print(f"viscosity {float(nu):.5f}, right: {viscosity}")
print(f"error of the velocity {error([0, 1]):.1e}")
print(f"error of the pressure, never measured, {error([2], shift=1.0):.1e}")
assert abs(float(nu) / viscosity - 1) < 0.04


def draw(path):
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, 3, figsize=(11, 3.8), layout="constrained")
    fields = {"exact pressure": right[:, 2], "pressure found": found[:, 2]}
    top = np.abs(right[:, 2] - right[:, 2].mean()).max()
    for panel, (name, p) in zip(panels, fields.items(), strict=False):
        shown = (p - p.mean()).reshape(x.shape)
        image = panel.pcolormesh(x, y, shown, vmin=-top, vmax=top, cmap="RdBu_r")
        panel.set(title=f"{name}, t = 0.5", xlabel="x", aspect="equal")
        panel.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    panels[0].plot(*rows[:, :2].T, "k.", markersize=2, label="measured velocities")
    panels[0].legend(loc="upper right", fontsize="small")
    panels[0].set(ylabel="y")
    figure.colorbar(image, ax=panels[:2])
    panels[2].plot(remember.values, label="found")
    panels[2].axhline(viscosity, color="gray", linestyle="--", label="right")
    panels[2].set(title="viscosity", xlabel="step")
    panels[2].legend()
    figure.savefig(path, dpi=150)
    print(path)


if options.out:
    options.out.mkdir(parents=True, exist_ok=True)
    draw(options.out / "wake_inverse.png")
