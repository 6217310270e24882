r"""Velocity and pressure of a flow, neither measured, from pictures of its density.

    python examples/hidden_flow.py [--noise 0.02] [--steps 18] [--out DIRECTORY]
    python examples/hidden_flow.py --noise 0 0.02 0.1 --steps 30

A fluid of variable density without viscosity goes round a periodic square of side 1,

    rho_t + div(rho u) = 0,  rho (u_t + (u . grad) u) + grad p = 0,  div u = 0 ,

from a pseudo-spectral solution (reference_fem.spectral). Pictures of the density at six
times are given, with noise in parts of its spread.

`nn.MomentumNCL` keeps mass, momentum and div v = 0 whatever its weights: what it learns
beside the pictures is algebra, m = rho v and Pi = rho v v^T + p I. A plain network has
the four equations as residuals. Both have the same periods, hidden layers, pictures,
points and optimizer; the plain one, whose steps are cheaper, does half as many again.
"""

import argparse
import time
from pathlib import Path

import ncl_deepxde  # isort: skip  (first, so that DeepXDE runs on PyTorch)
import deepxde as dde
import numpy as np
import torch

from ncl_deepxde.data import Collocation, kronecker_box
from ncl_deepxde.operators import closure, pressure
from ncl_deepxde.optimizers import GaussNewton
from reference_fem import spectral

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--noise", type=float, nargs="+", default=[0.02])
parser.add_argument("--steps", type=int, default=18, help="of the exact network")
parser.add_argument("--frames", type=int, default=6, help="number of pictures")
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--out", type=Path, help="folder for picture and animation")
options = parser.parse_args()
dde.config.set_default_float("float64")
torch.set_num_threads(1)  # a second one does not pay for a network this small
END, PIXELS, HIDDEN = 0.5, 24, [24] * 3


# The flow, and the pictures.


def density(x):
    X, Y = 2 * np.pi * x
    waves = 0.4 * np.sin(X) * np.cos(Y) + 0.3 * np.cos(X + Y) + 0.2 * np.sin(2 * Y)
    return 1.5 + waves


def velocity(x):
    X, Y = 2 * np.pi * x
    u = 0.2 - 0.5 * np.cos(X) * np.sin(Y) + 0.3 * np.cos(Y)
    return np.stack([u, 0.1 + 0.5 * np.sin(X) * np.cos(Y) + 0.2 * np.sin(2 * X)])


def square(n, t):
    """Return n^2 points of the square at a time, (n^2, 3)."""
    axis = (np.arange(n) + 0.5) / n
    x, y = np.meshgrid(axis, axis)
    return np.stack([x.ravel(), y.ravel(), np.full(n * n, t)], axis=1)


seen, judged = np.linspace(0, END, options.frames), np.linspace(0, END, 11)
truth = spectral.solve(
    density, velocity, n=48, t_end=END, save_times=np.union1d(seen, judged)
)
pixels = np.concatenate([square(PIXELS, t) for t in seen])
clean = np.concatenate(
    [truth.evaluate(square(PIXELS, t)[:, :2], t)["rho"] for t in seen]
)
clean = clean.reshape(-1, 1)


# The networks, and what is left to train.


def exact():
    net = ncl_deepxde.nn.MomentumNCL(
        [3, *HIDDEN, 8],
        "tanh",
        "Glorot normal",
        periods=1.0,
        mean_density="trained",
        mean_momentum="trained",
    )

    def fields(y):
        return torch.cat([y[:, :1], y[:, 6:], pressure(y).reshape(-1, 1)], dim=1)

    return net, lambda x, y: list(closure(y).tensor_split(4, dim=1)), fields


def plain():
    net = dde.nn.FNN([5, *HIDDEN, 4], "tanh", "Glorot normal")

    def features(x):
        angle = 2 * np.pi * x[:, :2]
        return torch.cat([angle.cos(), angle.sin(), x[:, 2:]], dim=1)

    net.apply_feature_transform(features)

    def pde(x, y):
        rho, u, v, _ = y.split(1, dim=1)
        rows = [[dde.grad.jacobian(y, x, i=i, j=j) for j in range(3)] for i in range(4)]
        carried = [r_t + u * r_x + v * r_y for r_x, r_y, r_t in rows[:3]]
        momentum = [rho * carried[1 + i] + rows[3][i] for i in range(2)]
        return [carried[0], *momentum, rows[1][0] + rows[2][1]]

    return net, pde, lambda y: y


def fit(build, noise, steps):
    """Return what a network finds, points (N, 3) -> (rho, u, v, p), and its seconds."""
    dde.config.set_random_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    pictures = clean + noise * clean.std() * rng.normal(size=clean.shape)
    net, pde, fields = build()
    shown = dde.icbc.PointSetBC(pixels, pictures, component=0, batch_size=700)
    box = kronecker_box([0, 0, 0], [1, 1, END])
    model = dde.Model(Collocation(pde, box, 400, [shown]), net)
    model.compile(GaussNewton(model), verbose=0)
    begin = time.process_time()
    model.train(iterations=steps, display_every=steps, verbose=0)
    seconds = time.process_time() - begin

    def found(points):
        with torch.no_grad():
            y = fields(net(torch.as_tensor(points))).numpy()
        y[:, 3] -= y[:, 3].mean()  # of the pressure only differences mean something
        return y

    return found, seconds


# The test: all fields, at eleven times, relative to their spread.


def right(points):
    y = truth.evaluate(points[:, :2], points[0, 2])
    p = y["p"].reshape(-1, 1)
    return np.hstack([y["rho"].reshape(-1, 1), y["u"], p - p.mean()])


def errors(found):
    """Return relative errors of density, velocity and pressure."""
    grids = [square(32, t) for t in judged]
    exact = np.stack([right(g) for g in grids])
    off = np.square(np.stack([found(g) for g in grids]) - exact).sum(axis=(0, 1))
    all_of_it = np.square(exact - exact.mean(axis=(0, 1))).sum(axis=(0, 1))
    parts = slice(0, 1), slice(1, 3), slice(3, 4)
    return [float(np.sqrt(off[s].sum() / all_of_it[s].sum())) for s in parts]


print("noise  network      density  velocity  pressure  seconds")
for noise in options.noise:
    flows, score = {}, {}
    for name, build, steps in [
        ("MomentumNCL", exact, options.steps),
        ("FNN", plain, 3 * options.steps // 2),
    ]:
        flows[name], seconds = fit(build, noise, steps)
        score[name] = errors(flows[name])
        row = "".join(f"{e:10.3f}" for e in score[name])
        print(f"{noise:5.2f}  {name:11s}{row}  {seconds:7.1f}")
    # From 18 steps on; fewer are too few for either.
    assert options.steps < 18 or score["MomentumNCL"][1] < score["FNN"][1]


def draw(folder):
    """Draw the last flows at the end, and their pressure as time goes by."""
    import matplotlib.pyplot as plt
    from matplotlib.animation import FuncAnimation, PillowWriter

    n, few = 32, (slice(2, None, 4),) * 2
    fields = {"truth": right, **flows}
    figure, panels = plt.subplots(1, 3, figsize=(11, 3.7), layout="constrained")
    top = np.abs(right(square(n, END))[:, 3]).max()
    extent = (0, 1, 0, 1)

    def show(t):
        points = square(n, t)
        places = [points[:, i].reshape(n, n)[few] for i in range(2)]
        for panel, (name, field) in zip(panels, fields.items(), strict=True):
            _, u, v, p = field(points).T.reshape(4, n, n)
            panel.clear()
            image = panel.imshow(
                p, "RdBu_r", origin="lower", extent=extent, vmin=-top, vmax=top
            )
            panel.quiver(*places, u[few], v[few])
            panel.set(title=f"{name}, t = {t:.2f}", xlabel="x")
        return image

    figure.colorbar(show(END), ax=panels, label="pressure")
    figure.savefig(folder / "hidden_flow.png", dpi=110)
    moving = FuncAnimation(figure, show, judged)
    moving.save(folder / "hidden_flow.gif", PillowWriter(fps=4), dpi=60)
    print(folder / "hidden_flow.png", folder / "hidden_flow.gif")


if options.out:
    options.out.mkdir(parents=True, exist_ok=True)
    draw(options.out)
