"""Groundwater that finds its way to a river, no drop of it lost.

    python examples/groundwater.py [--steps 25] [--out DIRECTORY]

Rain and two wells, one of which pumps, supply an aquifer of varying conductivity K;
three sides are closed, and at y = 1 is a river of head 0:

    div q = s,    q = -K grad h.

There is no time: y takes its place, q_y that of the density and q_x that of the flux.
So div q = s is exact, its source built in by its antiderivative in y; the closed side
y = 0 is a start with q_y = 0, the sides x = 0 and x = 1 are walls, and h = (1 - y) H
has the head of the river. Darcy's law alone is trained. What reaches the river is what
rain and wells supply, to round-off. Finite elements solve for the head by itself.

They need `pip install 'ncl-deepxde[fem,mesh]'`.
"""

import argparse
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

WELLS = [(0.3, 0.4, -12.0), (0.7, 0.6, 20.0)]  # place and strength
WIDTH, RAIN = 0.12, 1.0

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--steps", type=int, default=25)
parser.add_argument("--out", type=Path, help="folder for the picture")
parser.add_argument("--finite-elements", type=Path, metavar="FILE", help="only these")
options = parser.parse_args()


def solve_by_finite_elements(path):
    """Solve for the head on triangles, and save."""
    from reference_fem import boundary, geometry, poisson

    def source(x):
        wells = [
            strength * np.exp(-((x[0] - a) ** 2 + (x[1] - b) ** 2) / WIDTH**2)
            for a, b, strength in WELLS
        ]
        return RAIN + sum(wells)

    def closed(x):
        return (x[0] < 1e-9) | (x[0] > 1 - 1e-9) | (x[1] < 1e-9)

    river = boundary.Head(lambda x: 0 * x[0])
    found = poisson.solve(
        geometry.Rectangle([0, 0], [1, 1], h=0.04),
        source,
        boundary=[
            (lambda x: x[1] > 1 - 1e-9, river),
            (closed, boundary.Flux()),
        ],
        conductivity=lambda x: 1 + 0.8 * np.sin(5 * x[0]) * np.cos(4 * x[1]),
    )
    found.save(path)


if options.finite_elements:
    solve_by_finite_elements(options.finite_elements)
    sys.exit()

import ncl_deepxde  # noqa: F401  # isort: skip  (first: DeepXDE runs on PyTorch)
import deepxde as dde
import torch

import reference_fem
from ncl_deepxde.data import Collocation, kronecker_box
from ncl_deepxde.nn import BalanceLaws, InitialState, KnownSource, Wall
from ncl_deepxde.optimizers import GaussNewton

dde.config.set_default_float("float64")
dde.config.set_random_seed(0)


def summed_source(z):
    """The integral of s by y, from the Gauss error function."""
    x, y = z[:, :1], z[:, 1:]
    total = RAIN * y
    for a, b, strength in WELLS:
        across = strength * torch.exp(-(((x - a) / WIDTH) ** 2))
        along = WIDTH * torch.pi**0.5 / 2 * torch.erf((y - b) / WIDTH)
        total = total + across * along
    return total


net = BalanceLaws(
    [2] + [20] * 3 + [3],  # of (x, y), y as the time: (q_y, q_x, H)
    "tanh",
    "Glorot normal",
    laws=1,
    initial=[InitialState(torch.zeros_like)],
    wall=Wall.of(dde.geometry.Interval(0, 1)),
    known_sources=[KnownSource(antiderivative=summed_source)],
    columns=("q_y", "q_x", "H"),
)


def head(z, outputs):
    return (1 - z[:, 1:]) * outputs[:, 2:3]


def darcy(z, outputs):
    K = 1 + 0.8 * torch.sin(5 * z[:, :1]) * torch.cos(4 * z[:, 1:])
    h = head(z, outputs)
    h_x, h_y = (dde.grad.jacobian(h, z, i=0, j=j) for j in range(2))
    return [outputs[:, 1:2] + K * h_x, outputs[:, :1] + K * h_y]


model = dde.Model(Collocation(darcy, kronecker_box([0, 0], [1, 1]), 700), net)
model.compile(GaussNewton(model))
model.train(iterations=options.steps, display_every=10)

# What reaches the river is the supply, whatever the head.

line = dde.geometry.Interval(0, 1)
river = net.total(line, 1.0, nodes=80).item()
nodes, weights = np.polynomial.legendre.leggauss(80)
ends = [torch.as_tensor([(n + 1) / 2, y]) for y in (0.0, 1.0) for n in nodes]
below, above = summed_source(torch.stack(ends))[:, 0].reshape(2, -1).numpy()
supply = float((weights / 2) @ (above - below))
print(f"supply {supply:.12f}, into the river {river:.12f}")
assert abs(river - supply) < 1e-12, "no drop is lost"


def fields(points):
    """Return head (N,) and flux (N, 2) at points (N, 2)."""
    z = torch.as_tensor(points)
    with torch.no_grad():
        y = net(z)
        return head(z, y)[:, 0].numpy(), y[:, [1, 0]].numpy()


def draw(found, path):
    import matplotlib.pyplot as plt

    x, y = np.meshgrid(*[np.linspace(0.002, 0.998, 90)] * 2)
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    both = {"exact supply": fields(points)}
    if found is not None:
        there = found.evaluate(points)
        both["finite elements"] = there["h"][:, 0], there["q"]
    figure, axes = plt.subplots(
        1, len(both), figsize=(5 * len(both), 4.4), layout="constrained", squeeze=False
    )
    low, high = both["exact supply"][0].min(), both["exact supply"][0].max()
    levels = np.linspace(low, high, 21)
    for ax, (title, (h, q)) in zip(axes[0], both.items(), strict=True):
        image = ax.contourf(x, y, h.reshape(x.shape), levels, extend="both")
        u, v = q.T.reshape(2, *x.shape)
        ax.streamplot(x, y, u, v, color="white", linewidth=0.6, arrowsize=0.7)
        ax.set(aspect="equal", title=title, xlabel="x", ylabel="y (river at 1)")
        ax.set(xlim=(0, 1), ylim=(0, 1))
    figure.colorbar(image, ax=axes, label="head")
    figure.savefig(path, dpi=110)
    print(path)


reference = None
if find_spec("dolfinx") and find_spec("netgen"):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "head.npz"
        command = [sys.executable, __file__, "--finite-elements", str(file)]
        subprocess.run(command, check=True)
        reference = reference_fem.load_head(file)
    points = np.random.default_rng(0).random((2000, 2)) * 0.998 + 0.001
    h, q = fields(points)
    right = reference.evaluate(points)
    for name, mine, theirs in ("head", h, right["h"][:, 0]), ("flux", q, right["q"]):
        error = float(np.linalg.norm(mine - theirs) / np.linalg.norm(theirs))
        print(f"{name} against finite elements, relative L2: {error:.1e}")
        assert error < 0.01
else:
    print("no finite elements: pip install 'ncl-deepxde[fem,mesh]'")
if options.out:
    options.out.mkdir(parents=True, exist_ok=True)
    draw(reference, options.out / "groundwater.png")
