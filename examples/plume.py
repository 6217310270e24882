"""Where does the plume come from? A source found from sensors in a stream.

    python examples/plume.py [--steps 40] [--out DIRECTORY]

Something leaks into a stream between two banks, is carried and disperses:

    c_t + div(u c - D grad c) = s,    s = S exp(-|x - x_0|^2 / w^2) / (pi w^2).

Fifteen sensors below the leak measure c, with noise. Its place x_0 and its rate S are
unknown. The network obeys the law exactly, with a source that is trained: the banks
and ends are walls, the stream is clean at first, so that what the network contains is
what its source has let in, to round-off, at all times. The answer is known: puffs that
are carried and spread, with their mirror images behind the banks.
"""

import argparse
from pathlib import Path

import ncl_deepxde  # isort: skip  (first, so that DeepXDE runs on PyTorch)
import deepxde as dde
import numpy as np
import torch

from ncl_deepxde.data import Collocation, kronecker_box
from ncl_deepxde.laws import advection_diffusion_reaction
from ncl_deepxde.optimizers import GaussNewton

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--steps", type=int, default=40)
parser.add_argument("--noise", type=float, default=0.02, help="of the largest value")
parser.add_argument("--out", type=Path, help="folder for the picture")
options = parser.parse_args()
dde.config.set_default_float("float64")
dde.config.set_random_seed(0)
rng = np.random.default_rng(0)
SPEED, D, WIDTH, T_END = 1.0, 0.02, 0.2, 1.0
PLACE, RATE = (0.55, 0.35), 2.0
box = dde.geometry.Rectangle([0, 0], [2, 1])


def right(z):
    """The concentration (N,): puffs let off at all times, and their images."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    age = z[:, 2:] * (nodes + 1) / 2
    spread = WIDTH**2 + 4 * D * age  # twice the variance
    along = np.exp(-((z[:, :1] - PLACE[0] - SPEED * age) ** 2) / spread)
    images = [2 * k + sign * PLACE[1] for k in (-1, 0, 1) for sign in (1, -1)]
    across = sum(np.exp(-((z[:, 1:2] - y) ** 2) / spread) for y in images)
    puffs = RATE * along * across / (np.pi * spread)
    return z[:, 2] / 2 * (puffs @ weights)


sensors = np.stack(np.meshgrid([0.9, 1.2, 1.5], np.linspace(0.1, 0.9, 5)), -1)
times = np.linspace(0.15, T_END, 8)
measured = np.array([[*p, t] for p in sensors.reshape(-1, 2) for t in times])
values = right(measured)
values = values + options.noise * values.max() * rng.standard_normal(len(values))

x_0, y_0, S = (dde.Variable(v) for v in (0.8, 0.5, 1.0))  # wrong at first


def leak(f):
    r2 = (f.x[:, :1] - x_0) ** 2 + (f.x[:, 1:] - y_0) ** 2
    return [S * torch.exp(-r2 / WIDTH**2) / (torch.pi * WIDTH**2)]


law = advection_diffusion_reaction([SPEED, 0.0], [D], leak, dim=2)
net = ncl_deepxde.nn.BalanceLaws(
    [3] + [18] * 3 + [law.columns],
    "tanh",
    "Glorot normal",
    laws=1,
    sources=law.sources,
    initial=[ncl_deepxde.nn.InitialState(lambda x: 0 * x[:, :1])],
    wall=ncl_deepxde.nn.Wall.of(box),
    columns=("c", "F_x", "F_y", "s"),
)
at_sensors = dde.icbc.PointSetBC(measured, values[:, None], component=0)
sampler = kronecker_box([0, 0, 0], [2, 1, T_END])
data = Collocation(law.closure, sampler, 500, [at_sensors])
model = dde.Model(data, net)
model.compile(
    GaussNewton(model),
    loss_weights=[1, 1, 1, 10],
    external_trainable_variables=[x_0, y_0, S],
)
model.train(iterations=options.steps, display_every=10)

# What came out: the source, the plume between the sensors, and nothing lost.

found = [v.item() for v in (x_0, y_0, S)]
off = float(np.hypot(found[0] - PLACE[0], found[1] - PLACE[1]))
print("source at ({:.3f}, {:.3f}) of rate {:.3f}".format(*found), f"off by {off:.4f}")
points = rng.random((3000, 3)) * [2, 1, T_END]
with torch.no_grad():
    c = net.state(torch.as_tensor(points))[:, 0].numpy()
truth = right(points)
error = float(np.linalg.norm(c - truth) / np.linalg.norm(truth))
print(f"plume everywhere, relative L2: {error:.1e}")
z = torch.as_tensor(points[:50]).requires_grad_()
slopes = [torch.autograd.grad(y.sum(), z, retain_graph=True)[0] for y in net(z).T[:3]]
terms = [slopes[0][:, 2], slopes[1][:, 0], slopes[2][:, 1], -net(z)[:, 3]]
lost = float((sum(terms) / torch.stack(terms).abs().max()).detach().abs().max())
with torch.no_grad():
    contained = net.total(box, T_END, nodes=40).item()
print(f"the law is off by {lost:.1e}; contained {contained:.3f} ({RATE * T_END:.3f})")

assert lost < 1e-12, "nothing is lost"
assert off < 0.02, "the source is found"
assert abs(found[2] - RATE) < 0.05 * RATE, "with its rate"
assert error < 0.1, "and the plume that it makes"

if options.out:
    import matplotlib.pyplot as plt

    x, y = np.meshgrid(np.linspace(0, 2, 121), np.linspace(0, 1, 61))
    grid = np.stack([x.ravel(), y.ravel(), np.full(x.size, T_END)], axis=1)
    with torch.no_grad():
        c = net.state(torch.as_tensor(grid))[:, 0].numpy()
    figure, axes = plt.subplots(2, 1, figsize=(6.5, 6.5), layout="constrained")
    top = right(grid).max()
    for ax, title, field in zip(
        axes, ("from the sensors", "right"), (c, right(grid)), strict=True
    ):
        levels = np.linspace(0, top, 16)
        image = ax.contourf(x, y, field.reshape(x.shape), levels, extend="both")
        ax.plot(*sensors.reshape(-1, 2).T, "w.", label="sensors")
        ax.plot(*PLACE, "r+", markersize=14, label="source")
        ax.set(aspect="equal", title=f"t = {T_END:g}, {title}")
    axes[0].plot(*found[:2], "wx", markersize=9, label="source found")
    axes[0].legend(loc="lower right", facecolor="0.6")
    figure.colorbar(image, ax=axes, label="concentration")
    options.out.mkdir(parents=True, exist_ok=True)
    figure.savefig(options.out / "plume.png", dpi=110)
    print(options.out / "plume.png")
