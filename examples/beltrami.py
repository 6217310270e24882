r"""Beltrami's flow in space and time: `div u = 0` exact in three dimensions.

    python examples/beltrami.py [--steps 40] [--out DIRECTORY]

Ethier and Steinman's solution of the equations of Navier and Stokes in the cube
[-1, 1]^3, whose vorticity is parallel to its velocity,

    u_i = -(e^(x_i) sin(x_j + x_k) + e^(x_k) cos(x_i + x_j)) e^(-t),
    p = -sum_i (e^(2 x_i) / 2 + sin(x_i + x_j) cos(x_k + x_i) e^(x_j + x_k)) e^(-2 t)

with (i, j, k) = (1, 2, 3) and its cyclic permutations. Conditions are those of
DeepXDE's script: the velocity on the boundary and at the start. `nn.Incompressible`
takes the place of `nn.FNN`, and one residual is gone. The pressure is known but for a
function of time.
"""

import argparse
from pathlib import Path

import ncl_deepxde  # isort: skip  (first, so that DeepXDE runs on PyTorch)
import deepxde as dde
import numpy as np
import torch

from ncl_deepxde.data import Collocation
from ncl_deepxde.operators import laplacian
from ncl_deepxde.optimizers import GaussNewton

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--steps", type=int, default=40)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--out", type=Path, help="folder for the picture")
options = parser.parse_args()
torch.set_num_threads(1)  # a second one does not pay for a network this small
CYCLES = [(0, 1, 2), (1, 2, 0), (2, 0, 1)]


def velocity(points, i):
    x, decay = points[:, :3].T, np.exp(-points[:, 3])
    i, j, k = CYCLES[i]
    u = np.exp(x[i]) * np.sin(x[j] + x[k]) + np.exp(x[k]) * np.cos(x[i] + x[j])
    return -(u * decay)[:, None]


def pressure(points):
    x, decay = points[:, :3].T, np.exp(-2 * points[:, 3])
    total = 0
    for i, j, k in CYCLES:
        product = np.sin(x[i] + x[j]) * np.cos(x[k] + x[i])
        total = total + np.exp(2 * x[i]) + 2 * product * np.exp(x[j] + x[k])
    return -(total * decay)[:, None] / 2


def momentum(x, y):  # u_t + (u . grad) u + grad p - Lap u, of outputs (u, v, w, p)
    residuals = []
    for i in range(3):
        *slopes, rate = (dde.grad.jacobian(y, x, i=i, j=j) for j in range(4))
        carried = sum(y[:, j : j + 1] * slopes[j] for j in range(3))
        p_i = dde.grad.jacobian(y, x, i=3, j=i)
        residuals.append(rate + carried + p_i - laplacian(y, x, i, range(3)))
    return residuals


def momentum_and_divergence(x, y):
    divergence = sum(dde.grad.jacobian(y, x, i=i, j=i) for i in range(3))
    return [*momentum(x, y), divergence]


geometry = dde.geometry.GeometryXTime(
    dde.geometry.Cuboid([-1, -1, -1], [1, 1, 1]), dde.geometry.TimeDomain(0, 1)
)


def conditions(i):
    def known(points):
        return velocity(points, i)

    everywhere = {"component": i}
    return [
        dde.icbc.DirichletBC(geometry, known, lambda _, on: on, **everywhere),
        dde.icbc.IC(geometry, known, lambda _, on: on, **everywhere),
    ]


def train(net, pde):
    data = dde.data.TimePDE(
        geometry,
        pde,
        [condition for i in range(3) for condition in conditions(i)],
        num_domain=400,
        num_boundary=100,
        num_initial=100,
    )
    fresh = Collocation.from_pde(data, num_domain=300, num_bc_points=300)
    model = dde.Model(fresh, net)
    model.compile(GaussNewton(model, acceleration=True, decay=0.6))
    model.train(iterations=options.steps, display_every=10)
    return model.predict


networks = {}
for name, kind, pde in [
    ("FNN", dde.nn.FNN, momentum_and_divergence),
    ("Incompressible", ncl_deepxde.nn.Incompressible, momentum),
]:
    dde.config.set_random_seed(options.seed)
    stated = {} if kind is dde.nn.FNN else {"columns": ("u", "v", "w", "p")}
    net = kind([4] + [32] * 3 + [4], "tanh", "Glorot normal", **stated)
    networks[name] = train(net, pde)


# Relative errors in the whole cube, at times where nothing was trained.

rng = np.random.default_rng(0)


def at(t):
    points = rng.uniform(-1, 1, (4000, 4))
    points[:, 3] = t
    return points


def relative(found, right):
    return np.linalg.norm(found - right) / np.linalg.norm(right)


errors = {}
for name, predict in networks.items():
    for t in (0.25, 1.0):
        points = at(t)
        y, p = predict(points), pressure(points)
        right = np.hstack([velocity(points, i) for i in range(3)])
        u_error = relative(y[:, :3], right)
        p_error = relative(y[:, 3:] - y[:, 3:].mean(), p - p.mean())
        errors[name, t] = u_error
        print(f"{name:15s} t = {t:4.2f}: error of u {u_error:.1e}, of p {p_error:.1e}")
assert errors["Incompressible", 1.0] < 1e-2


def draw(path):
    import matplotlib.pyplot as plt

    x, y = np.meshgrid(np.linspace(-1, 1, 81), np.linspace(-1, 1, 81))
    columns = [x.ravel(), y.ravel(), np.zeros(x.size), np.ones(x.size)]
    points = np.stack(columns, axis=1)
    right = velocity(points, 0).reshape(x.shape)
    figure, panels = plt.subplots(1, 3, figsize=(11, 3.6), layout="constrained")
    image = panels[0].pcolormesh(x, y, right, cmap="RdBu_r")
    panels[0].set(title="exact u at z = 0, t = 1", ylabel="y")
    figure.colorbar(image, ax=panels[0])
    off = {
        name: np.abs(predict(points)[:, 0].reshape(x.shape) - right)
        for name, predict in networks.items()
    }
    top = max(error.max() for error in off.values())
    for panel, (name, error) in zip(panels[1:], off.items(), strict=True):
        image = panel.pcolormesh(x, y, error, vmin=0, vmax=top, cmap="magma")
        panel.set(title=f"{name}: error of u")
    figure.colorbar(image, ax=panels[1:])
    for panel in panels:
        panel.set(aspect="equal", xlabel="x", xlim=(-1, 1), ylim=(-1, 1))
    figure.savefig(path, dpi=150)
    print(path)


if options.out:
    options.out.mkdir(parents=True, exist_ok=True)
    draw(options.out / "beltrami.png")
