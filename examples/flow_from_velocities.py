r"""A flow and its pressure from a few measured velocities, with `div u = 0` exact.

    python examples/flow_from_velocities.py [--rows 60] [--steps 60] [--out DIRECTORY]

Vortices of Taylor and Green decay while a mean flow carries them through a periodic
square of side 1,

    u = U + (cos X sin Y, -sin X cos Y) e^(-8 pi^2 nu t),  (X, Y) = 2 pi (x - U t),
    p = -(cos 2X + cos 2Y) e^(-16 pi^2 nu t) / 4 .

A few rows of (x, y, t, u, v) with noise are given, and the balance of momentum, whose
pressure nobody measured. `nn.Incompressible` obeys div u = 0 whatever its weights; a
plain network of the same periods, width, optimizer, points and steps has it as one more
residual. Both are judged at points they never saw.
"""

import argparse
import math
from pathlib import Path

import ncl_deepxde  # isort: skip  (first, so that DeepXDE runs on PyTorch)
import deepxde as dde
import numpy as np
import torch

from ncl_deepxde.data import Condition, Observations, Table, kronecker_box
from ncl_deepxde.evaluation import r2
from ncl_deepxde.optimizers import GaussNewton

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--rows", type=int, default=60)
parser.add_argument("--steps", type=int, default=60)
parser.add_argument("--out", type=Path, help="folder for the picture")
options = parser.parse_args()
dde.config.set_random_seed(0)
torch.set_num_threads(1)  # a second one does not pay for a network this small
drift, nu = np.array([0.3, -0.2]), 0.01


# The flow, and what is measured of it.


def exact(points):
    X, Y = (2 * math.pi * (points[:, :2] - drift * points[:, 2:])).T
    decay = np.exp(-8 * math.pi**2 * nu * points[:, 2])
    u, v = np.cos(X) * np.sin(Y) * decay, -np.sin(X) * np.cos(Y) * decay
    p = -(np.cos(2 * X) + np.cos(2 * Y)) * decay**2 / 4
    return np.stack([drift[0] + u, drift[1] + v, p], axis=1)


rng = np.random.default_rng(0)
rows = rng.random((options.rows, 3))
noise = 0.05 * rng.normal(size=(options.rows, 2))
table = Table(rows, velocity=exact(rows)[:, :2] + noise)


# The balance of momentum, u_t + (u . grad) u + grad p = nu Lap u, of outputs (u, v, p).


def momentum(x, y):
    found = []
    for c in range(2):
        w_x, w_y, w_t = (dde.grad.jacobian(y, x, i=c, j=j) for j in range(3))
        p_c = dde.grad.jacobian(y, x, i=2, j=c)
        viscous = sum(dde.grad.hessian(y, x, component=c, i=j, j=j) for j in range(2))
        found.append(w_t + y[:, :1] * w_x + y[:, 1:2] * w_y + p_c - nu * viscous)
    return found


def momentum_and_divergence(x, y):
    y = y[:, 1:]
    u_x, v_y = (dde.grad.jacobian(y, x, i=i, j=i) for i in range(2))
    return [*momentum(x, y), u_x + v_y]


# The networks. Of a plain one nobody knows what its columns mean: to Observations it is
# one of (density, velocity, extras), whose density is not used.

incompressible = ncl_deepxde.nn.Incompressible(
    [3, 16, 16, 3], "tanh", "Glorot normal", periods=1.0, columns=("u", "v", "p")
)
plain = dde.nn.FNN([5, 16, 16, 4], "tanh", "Glorot normal")
plain.apply_feature_transform(
    lambda x: torch.cat(
        [(2 * math.pi * x[:, :2]).cos(), (2 * math.pi * x[:, :2]).sin(), x[:, 2:]],
        dim=1,
    )
)


# Training.


def fit(net, pde, output=None):
    balance = Condition("balance", kronecker_box([0, 0, 0], [1, 1, 1]), 150, pde)
    data = Observations(
        table, options.rows, density=None, output=output, conditions=[balance]
    )
    model = dde.Model(data, net)
    model.compile(GaussNewton(model))
    model.train(iterations=options.steps, display_every=20)
    return lambda points: model.predict(points.astype(np.float32))[:, -3:]


found = {
    "Incompressible": fit(incompressible, momentum),
    "FNN": fit(plain, momentum_and_divergence, "velocity"),
}


# The test: velocities anywhere, the pressure, known but for a function of time, at one.

held_out = rng.random((2000, 3))
axis = np.linspace(0, 1, 40, endpoint=False)
x, y = np.meshgrid(axis, axis)
grid = np.stack([x.ravel(), y.ravel(), np.full(x.size, 0.5)], axis=1)


def pressure(function):
    p = function(grid)[:, 2:]
    return p - p.mean()


score = {
    name: r2(f(held_out)[:, :2], exact(held_out)[:, :2]) for name, f in found.items()
}
print(f"{options.rows} rows; R2 at {len(held_out)} held-out points:")
for name, function in found.items():
    of_pressure = r2(pressure(function), pressure(exact))
    print(f"  {name:15s} velocity {score[name]:.4f}, pressure {of_pressure:.4f}")
mean = incompressible.bias[:2].tolist()
print(f"mean flow: ({mean[0]:.3f}, {mean[1]:.3f}), exact: {tuple(drift.tolist())}")
assert score["Incompressible"] > 0.95


# The pressure in colors, the velocity as arrows, at t = 0.5.


def draw(path):
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, 3, figsize=(11, 3.6), layout="constrained")
    few = (slice(2, None, 4),) * 2
    functions = {"exact": exact, **found}
    for panel, (name, function) in zip(panels, functions.items(), strict=True):
        p = pressure(function).reshape(x.shape)
        u, v = function(grid)[:, :2].T.reshape(2, *x.shape)
        image = panel.pcolormesh(x, y, p, vmin=-0.5, vmax=0.5, cmap="RdBu_r")
        panel.quiver(x[few], y[few], u[few], v[few])
        panel.set(title=name, aspect="equal", xlim=(0, 1), ylim=(0, 1), xlabel="x")
    panels[0].plot(*rows[:, :2].T, "k.", markersize=3, label="measured")
    panels[0].set(ylabel="y")
    figure.colorbar(image, ax=panels, label="pressure")
    figure.savefig(path, dpi=150)
    print(path)


if options.out:
    options.out.mkdir(parents=True, exist_ok=True)
    draw(options.out / "flow_from_velocities.png")
