r"""Kovasznay's flow: DeepXDE's own script, and `div u = 0` exact by one changed word.

    python examples/kovasznay.py [--steps 30] [--out DIRECTORY]

The steady flow behind a row of cylinders solves the equations of Navier and Stokes at
Reynolds number 20,

    (u . grad) u + grad p = Lap u / 20,  div u = 0,
    u = 1 - e^(k x) cos(2 pi y),  v = k e^(k x) sin(2 pi y) / (2 pi),
    p = (1 - e^(2 k x)) / 2,  k = 10 - sqrt(100 + 4 pi^2) .

`nn.Incompressible` takes the place of `nn.FNN`, and one residual is gone. Both networks
get the same optimizer, steps, fresh points and boundary values.
"""

import argparse
import math
from pathlib import Path

import ncl_deepxde  # isort: skip  (first, so that DeepXDE runs on PyTorch)
import deepxde as dde
import numpy as np
import torch

from ncl_deepxde.data import Collocation
from ncl_deepxde.optimizers import GaussNewton

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--steps", type=int, default=30)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--out", type=Path, help="folder for the picture")
options = parser.parse_args()
torch.set_num_threads(1)  # a second one does not pay for a network this small
reynolds = 20
k = reynolds / 2 - math.sqrt(reynolds**2 / 4 + 4 * math.pi**2)


def exact(points):
    x, y = points[:, :1], points[:, 1:]
    u = 1 - np.exp(k * x) * np.cos(2 * math.pi * y)
    v = k / (2 * math.pi) * np.exp(k * x) * np.sin(2 * math.pi * y)
    return np.hstack([u, v, (1 - np.exp(2 * k * x)) / 2])


def momentum(x, y):  # of outputs (u, v, p)
    residuals = []
    for c in range(2):
        w_x, w_y = (dde.grad.jacobian(y, x, i=c, j=j) for j in range(2))
        p_c = dde.grad.jacobian(y, x, i=2, j=c)
        viscous = sum(dde.grad.hessian(y, x, component=c, i=j, j=j) for j in range(2))
        residuals.append(y[:, :1] * w_x + y[:, 1:2] * w_y + p_c - viscous / reynolds)
    return residuals


def momentum_and_divergence(x, y):
    u_x, v_y = (dde.grad.jacobian(y, x, i=j, j=j) for j in range(2))
    return [*momentum(x, y), u_x + v_y]


# The script's domain, and its conditions: the velocity all around, p at the outflow.

geometry = dde.geometry.Rectangle([-0.5, -0.5], [1, 1.5])


def value(column):
    return lambda points: exact(points)[:, column : column + 1]


def around(_, on_boundary):
    return on_boundary


def outflow(x, on_boundary):
    return on_boundary and dde.utils.isclose(x[0], 1)


conditions = [
    dde.icbc.DirichletBC(geometry, value(0), around, component=0),
    dde.icbc.DirichletBC(geometry, value(1), around, component=1),
    dde.icbc.DirichletBC(geometry, value(2), outflow, component=2),
]


def train(net, pde):
    """Return the error of each column of a trained network, and its predictions."""
    data = dde.data.PDE(geometry, pde, conditions, num_domain=2601, num_boundary=400)
    model = dde.Model(Collocation.from_pde(data), net)
    model.compile(GaussNewton(model, acceleration=True, decay=0.6))
    model.train(iterations=options.steps, display_every=20)
    return model.predict


networks = {}
for name, kind, pde in [
    ("FNN", dde.nn.FNN, momentum_and_divergence),
    ("Incompressible", ncl_deepxde.nn.Incompressible, momentum),
]:
    dde.config.set_random_seed(options.seed)
    steady = {} if kind is dde.nn.FNN else {"time": False, "columns": ("u", "v", "p")}
    net = kind([2] + [32] * 3 + [3], "tanh", "Glorot normal", **steady)
    networks[name] = train(net, pde)


# Relative errors at points of a grid, where nothing was trained.

x, y = np.meshgrid(np.linspace(-0.5, 1, 91), np.linspace(-0.5, 1.5, 121))
grid = np.stack([x.ravel(), y.ravel()], axis=1)
right = exact(grid)
errors = {
    name: np.linalg.norm(f(grid) - right, axis=0) / np.linalg.norm(right, axis=0)
    for name, f in networks.items()
}
for name, (u, v, p) in errors.items():
    print(f"{name:15s} relative error of u {u:.1e}, v {v:.1e}, p {p:.1e}")
assert errors["Incompressible"][0] < 1e-3


def draw(path):
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, 3, figsize=(10, 4), layout="constrained")
    u, v = right[:, :2].T.reshape(2, *x.shape)
    image = panels[0].pcolormesh(x, y, np.hypot(u, v), cmap="viridis")
    panels[0].streamplot(x[0], y[:, 0], u, v, color="white", linewidth=0.6)
    panels[0].set(title="exact velocity", xlabel="x", ylabel="y")
    figure.colorbar(image, ax=panels[0])
    off = {name: np.abs(f(grid) - right)[:, 0] for name, f in networks.items()}
    top = max(error.max() for error in off.values())
    for panel, (name, error) in zip(panels[1:], off.items(), strict=True):
        shown = error.reshape(x.shape)
        image = panel.pcolormesh(x, y, shown, vmin=0, vmax=top, cmap="magma")
        panel.set(title=f"{name}: error of u", xlabel="x")
    figure.colorbar(image, ax=panels[1:])
    for panel in panels:
        panel.set(aspect="equal", xlim=(-0.5, 1), ylim=(-0.5, 1.5))
    figure.savefig(path, dpi=150)
    print(path)


if options.out:
    options.out.mkdir(parents=True, exist_ok=True)
    draw(options.out / "kovasznay.png")
