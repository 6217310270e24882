r"""Your geometry, declared once: an exact network and finite elements on it.

    python examples/your_geometry.py [--steps 60] [--out DIRECTORY]

This example shows how to

- declare a polygon with a hole once, for DeepXDE and for the finite elements;
- train a network that is divergence-free and keeps to the walls whatever its weights;
- compute a finite-element solution of the same flow, in a process of its own;
- compare both: errors, a picture, files for ParaView.

The flow is steady, in a channel that narrows, of Reynolds number 5 (flow 1, viscosity
nu = 0.2):

    u . grad u + grad p = nu Lap u,    div u = 0,

with the stream function s^2 (3 - 2 s) at both ends, s = 0 below and 1 above.

Finite elements need `pip install 'ncl-deepxde[fem,mesh]'`.
"""

import argparse
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

NU = 0.2
SLOPE = 0.1  # of the lower wall
VERTICES = [(0.0, 0.0), (2.0, 2 * SLOPE), (2.0, 1.0), (0.0, 1.0)]
CENTER, RADIUS = (0.8, 0.6), 0.2

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--steps", type=int, default=60)
parser.add_argument("--out", type=Path, help="folder for the picture and the fields")
parser.add_argument("--finite-elements", type=Path, metavar="FILE", help="only these")
options = parser.parse_args()


def solve_by_finite_elements(path):
    """Mesh the geometry, solve, and save; the sides have the numbers of vertices."""
    from reference_fem import boundary, flow, geometry

    def profile(x):
        height = 1 - SLOPE * x[0]
        s = (x[1] - SLOPE * x[0]) / height
        u = 6 * s * (1 - s) / height
        return np.stack([u, u * SLOPE * (1 - s)])

    def density(x):
        return 1 + 0 * x[0]

    hole = geometry.Disk(CENTER, RADIUS, h=0.03)
    found = flow.solve(
        geometry.Polygon(VERTICES, h=0.06, holes=[hole]),
        density,
        lambda x: 0 * x,
        steady=True,
        viscosity=NU,
        boundary=[
            (4, boundary.Inflow(profile, density)),
            (2, boundary.Inflow(profile, density)),
            (1, boundary.NoSlip()),
            (3, boundary.NoSlip()),
            (5, boundary.NoSlip()),
        ],
    )
    found.save(path)


if options.finite_elements:
    solve_by_finite_elements(options.finite_elements)
    sys.exit()

import ncl_deepxde  # noqa: F401  # isort: skip  (first: DeepXDE runs on PyTorch)
import deepxde as dde
import torch

import reference_fem
from ncl_deepxde.nn import Incompressible, Lifting, Wall
from ncl_deepxde.operators import laplacian
from ncl_deepxde.optimizers import GaussNewton

dde.config.set_random_seed(0)
dde.config.set_default_float("float64")
channel = dde.geometry.Polygon(VERTICES) - dde.geometry.Disk(CENTER, RADIUS)


def stream(x):  # the stream function on the outer boundary
    s = (x[:, 1:] - SLOPE * x[:, :1]) / (1 - SLOPE * x[:, :1])
    return s**2 * (3 - 2 * s)


# The share of the flow that passes below the hole is trained.
lifting = Lifting(flows=[0.0, "trained"], profiles=[stream, None])
net = Incompressible(
    [2] + [24] * 3 + [3],
    "tanh",
    "Glorot normal",
    time=False,
    wall=Wall.of(channel),
    slip=False,
    lifting=lifting,
    columns=("u", "v", "p"),
)


def navier_stokes(x, y):
    def slope(i, j):
        return dde.grad.jacobian(y, x, i=i, j=j)

    u, v = y[:, :1], y[:, 1:2]
    return [
        u * slope(c, 0)
        + v * slope(c, 1)
        + slope(2, c)
        - NU * laplacian(y, x, c, range(2))
        for c in (0, 1)
    ]


data = dde.data.PDE(
    channel, navier_stokes, [], num_domain=450, train_distribution="Hammersley"
)
model = dde.Model(data, net)
model.compile(GaussNewton(model))
model.train(iterations=options.steps, display_every=10)


def trained(x):
    with torch.no_grad():
        return net.velocity(torch.as_tensor(x)).cpu().numpy()


def compare(found):
    points = channel.random_points(2000)
    # chords of the mesh cut a little off the hole
    points = points[np.linalg.norm(points - CENTER, axis=1) > RADIUS + 1e-3]
    truth = found.evaluate(points, 0.0)["u"]
    error = np.linalg.norm(trained(points) - truth) / np.linalg.norm(truth)
    print(f"network against finite elements, velocity, relative L2: {error:.1e}")
    assert error < 0.03


def draw(found, path):
    import matplotlib.pyplot as plt

    x, y = np.meshgrid(np.linspace(0, 2, 161), np.linspace(0, 1, 81))
    grid = np.stack([x.ravel(), y.ravel()], axis=1)
    inside = np.linalg.norm(grid - CENTER, axis=1) > RADIUS + 1e-3
    inside &= grid[:, 1] >= SLOPE * grid[:, 0]
    fields = {"network": trained(grid[inside])}
    fields["finite elements"] = found.evaluate(grid[inside], 0.0)["u"]
    figure, axes = plt.subplots(2, 1, figsize=(7, 7), layout="constrained")
    for ax, (title, velocity) in zip(axes, fields.items(), strict=True):
        u = np.full((2, x.size), np.nan)
        u[:, inside] = velocity.T
        u = u.reshape(2, *x.shape)
        image = ax.pcolormesh(x, y, np.hypot(*u), cmap="viridis", vmin=0, vmax=2.5)
        ax.streamplot(x, y, *u, color="white", linewidth=0.6, arrowsize=0.7)
        ax.add_patch(plt.Circle(CENTER, RADIUS, color="0.8"))
        ax.set(aspect="equal", title=title)
    figure.colorbar(image, ax=axes, label="speed", shrink=0.7)
    figure.savefig(path, dpi=120)
    print(path)


if find_spec("dolfinx") and find_spec("netgen"):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "finite_elements.npz"
        command = [sys.executable, __file__, "--finite-elements", str(file)]
        subprocess.run(command, check=True)
        reference = reference_fem.load(file)
    compare(reference)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        draw(reference, options.out / "your_geometry.png")
        print(reference.write_paraview(options.out / "finite_elements"))
else:
    print("no finite elements: pip install 'ncl-deepxde[fem,mesh]'")
