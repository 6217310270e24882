"""Cars on a road with open ends: none is lost between the detectors.

    python examples/traffic.py [--steps 10] [--out DIRECTORY]

Cars drive at the speed 1 - rho (Lighthill, Whitham, Richards), density and speed in
units of a standing queue and an empty road:

    rho_t + (rho (1 - rho))_x = 0.

1. A queue: its tail is a shock, its head runs off in a fan. The flux through both ends
   of the road is known, and built in.
2. A freeway between two detectors, which count cars in sixteen bins. In front of the
   second one the road is narrow for a while. They see how dense the cars are, too.
   Whatever the weights, the cars between the detectors are those counted in less those
   counted out, at the end of each bin.
   The counts come from a simulation of 200 cells, in place of measured ones.

Viscosity falls in stages, each a training of its own.
"""

import argparse
from pathlib import Path

import deepxde as dde
import numpy as np
import torch
from scipy.interpolate import CubicSpline

from ncl_deepxde.data import Collocation, kronecker_box
from ncl_deepxde.laws import lwr
from ncl_deepxde.nn import BalanceLaws, InitialState, KnownFlux, Wall
from ncl_deepxde.optimizers import GaussNewton

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--steps", type=int, default=10, help="of each stage")
parser.add_argument("--out", type=Path, help="folder for the picture")
options = parser.parse_args()
dde.config.set_default_float("float64")
dde.config.set_random_seed(0)


def train(low, high, end, start, through, viscosities, centers=(), seen=()):
    """Return a network of the cars on a road, from a start and fluxes at both ends.

    Where waves come from centers, it sees the distance from them in units of t, too.
    """
    net = BalanceLaws(
        [2] + [16] * 3 + [2],
        "tanh",
        "Glorot normal",
        laws=1,
        initial=[start],
        wall=Wall.of(dde.geometry.Interval(low, high)),
        lifting=[through],
        columns=("rho", "flow"),
    )

    def features(z):
        x, t = z[:, :1] / (high - low), z[:, 1:] / end
        waves = [(z[:, :1] - c) / (z[:, 1:] + end / 10) for c in centers]
        return torch.cat([x, t, *waves], dim=1)

    net.apply_feature_transform(features)
    for viscosity in viscosities:
        pde = lwr().with_viscosity(viscosity).closure
        data = Collocation(pde, kronecker_box([low, 0], [high, end]), 500, seen)
        model = dde.Model(data, net)
        model.compile(GaussNewton(model), verbose=0)
        model.train(iterations=options.steps, display_every=options.steps, verbose=0)
    return net


def density(net, x, t):
    """Return the densities (T, X) at times (T,) and places (X,)."""
    z = np.stack(np.meshgrid(x, t), -1).reshape(-1, 2)
    with torch.no_grad():
        return net.state(torch.as_tensor(z)).numpy().reshape(len(t), len(x))


def cars(net, low, high, t):
    """Return the number of cars at times (T,)."""
    nodes, weights = np.polynomial.legendre.leggauss(8)
    h = (high - low) / 200  # Gauss's rule in 200 cells, for steep starts
    places = low + h * (np.arange(200)[:, None] + (nodes + 1) / 2).reshape(-1, 1)
    road = torch.as_tensor(places), torch.as_tensor(np.tile(weights * h / 2, 200))
    with torch.no_grad():
        return np.array([net.total(road, s).item() for s in t])


# 1. A queue of density 0.8 between -0.4 and 0.1, cars of density 0.1 before and after.

LIGHT, DENSE, TAIL, HEAD, END, EDGE = 0.1, 0.8, -0.4, 0.1, 0.6, 0.008
MEAN = LIGHT + (DENSE - LIGHT) * (HEAD - TAIL) / 2


def queue(x):
    tail, head = (torch.tanh((x - place) / EDGE) for place in (TAIL, HEAD))
    return LIGHT + (DENSE - LIGHT) * (tail - head) / 2


def log_cosh(x):
    """The integral of tanh(x / EDGE)."""
    y = x.abs() / EDGE
    return EDGE * (y + torch.log1p(torch.exp(-2 * y)))


def gathered(x):
    """The integral of queue - MEAN, 0 at both ends: with it the start fades."""
    steps = log_cosh(x - TAIL) - log_cosh(x - HEAD) + TAIL - HEAD
    return (LIGHT - MEAN) * (x + 1) + (DENSE - LIGHT) * (steps / 2 + HEAD - TAIL)


def right(x):
    """The density at the end: the fan (1 - x/t)/2 behind a shock at 1 - 0.1 - 0.8."""
    fan = np.clip((1 - (x - HEAD) / END) / 2, LIGHT, DENSE)
    return np.where(x < TAIL + END * (1 - LIGHT - DENSE), LIGHT, fan)


steady = [lambda t: 0 * t + LIGHT * (1 - LIGHT)] * 2
start = InitialState(queue, ramp=END / 20, potential=gathered)
through = KnownFlux.of_ends(-1, 1, steady)
net = train(-1, 1, END, start, through, [0.03, 0.008, 0.002], centers=(TAIL, HEAD))
x = np.linspace(-1, 1, 801)
found = density(net, x, [END])[0]
error = float(np.abs(found - right(x)).mean())
counted = cars(net, -1, 1, np.linspace(0, END, 5))
print(f"queue: L1 error {error:.1e}, cars change by {np.ptp(counted):.1e}")
assert error < 0.02, "shock and fan are where they belong"
assert np.ptp(counted) < 1e-12, "as many cars come as go"

# 2. A freeway of length 1, for a time of 4, by Godunov's method.

LENGTH, T, CELLS, BINS, FIRST = 1.0, 4.0, 200, 16, 0.2


def flow(rho):
    return rho * (1 - rho)


def simulate():
    """Return times, densities (T, cells), and cars passed at both detectors."""
    h, steps = LENGTH / CELLS, int(T / (0.8 * LENGTH / CELLS))
    dt, rho = T / steps, np.full(CELLS, FIRST)
    densities, passed = [rho], np.zeros((steps + 1, 2))
    for k in range(steps):
        t = (k + 0.5) * dt
        demand = 0.17 + 0.03 * np.sin(2 * t)
        room = 0.25 - 0.16 * np.exp(-((t - 1.5) ** 2))  # behind the road
        sent = np.r_[demand, flow(np.minimum(rho, 0.5))]
        taken = np.r_[flow(np.maximum(rho, 0.5)), room]
        through = np.minimum(sent, taken)
        rho = rho - dt / h * np.diff(through)
        densities.append(rho)
        passed[k + 1] = passed[k] + dt * through[[0, -1]]
    return np.linspace(0, T, steps + 1), np.array(densities), passed


def smooth(edges, counts):
    """Return a function of times that has the counted cars at the edges of bins."""
    curve = CubicSpline(edges, counts)
    begin = torch.as_tensor(curve.c[::-1, 0].copy())
    kinks = torch.as_tensor(np.diff(curve.c[0]))
    inner = torch.as_tensor(edges[1:-1])

    def summed(t):
        whole = sum(c * t**k for k, c in enumerate(begin))
        return whole + (torch.relu(t - inner) ** 3 * kinks).sum(dim=1, keepdim=True)

    return summed


times, truth, passed = simulate()
edges = np.linspace(0, T, BINS + 1)
counts = np.stack([np.interp(edges, times, p) for p in passed.T])
through = KnownFlux.of_ends(
    0, LENGTH, antiderivatives=[smooth(edges, count) for count in counts]
)
start = InitialState(lambda x: 0 * x + FIRST, ramp=T / 8)
# A flow belongs to two densities, in front of a jam and inside: detectors tell which.
places = (np.arange(CELLS) + 0.5) * LENGTH / CELLS
passing = np.stack(np.meshgrid(places[[0, -1]], times[::20]), -1).reshape(-1, 2)
occupied = dde.icbc.PointSetBC(passing, truth[::20, [0, -1]].reshape(-1, 1))
net = train(*(0, LENGTH, T, start, through, [0.03, 0.01, 0.003]), seen=[occupied])
stored = cars(net, 0, LENGTH, edges) - FIRST * LENGTH
miss = float(np.abs(stored - (counts[0] - counts[1])).max())
some = slice(None, None, 20)
freeway = density(net, places, times[some])
r2 = (
    1
    - ((freeway - truth[some]) ** 2).sum()
    / ((truth[some] - truth[some].mean()) ** 2).sum()
)
print(f"freeway: R2 of the density {r2:.3f}, cars in less out missed by {miss:.1e}")
assert miss < 1e-10, "no car is lost between the detectors"
assert r2 > 0.7, "and the jam is where it was"

if options.out:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(13, 3.6), layout="constrained")
    axes[0].plot(x, right(x), "k", label="right")
    axes[0].plot(x, found, "--", label="network")
    axes[0].set(title=f"queue, t = {END:g}", xlabel="x", ylabel="density")
    axes[0].legend()
    fields = {"freeway, simulated": truth[some], "from counts": freeway}
    for ax, (title, field) in zip(axes[1:], fields.items(), strict=True):
        image = ax.pcolormesh(places, times[some], field, vmin=0, vmax=0.95)
        ax.set(title=title, xlabel="x", ylabel="t")
    figure.colorbar(image, ax=axes[1:], label="density")
    options.out.mkdir(parents=True, exist_ok=True)
    figure.savefig(options.out / "traffic.png", dpi=110)
    print(options.out / "traffic.png")
