r"""From a table of observations to maps and trajectories that conserve mass.

This example shows how to

- read a table of (station, x, t, rho, u) with gaps, and hold out some stations;
- fit `nn.LFlow`, whose density follows its velocity exactly, by `data.Observations`;
- judge it at stations it has not seen, and follow particles forwards and backwards.

Any flow with a positive density will do: birds above radars, floats, cars. The csv file
has one line of header and the columns station, x_1..x_d, t, rho, u_1..u_d. Missing
values are empty.

    python examples/assimilate_density.py [--table FILE.csv] [--out DIRECTORY]

Without a file the table is synthetic: 60 stations watch a cloud that drifts in circles
while it grows, with noise, and with a velocity in half of the rows only.

Reference: F. Arend Torres et al., Lagrangian Flow Networks for Conservation Laws (ICLR
2024), https://arxiv.org/abs/2305.16846.
"""

import argparse
from pathlib import Path

import ncl_deepxde  # isort: skip  (first, so that DeepXDE runs on PyTorch)
import deepxde as dde
import numpy as np
import torch

from ncl_deepxde.data import Observations, Table
from ncl_deepxde.evaluation import consistency_smape, r2

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--table", type=Path, help="csv file of observations")
parser.add_argument("--out", type=Path, help="folder for figures")
parser.add_argument("--iterations", type=int, default=300)
options = parser.parse_args()
dde.config.set_random_seed(0)
torch.set_num_threads(1)  # a second one does not pay for a network this small


# The table: stations, and columns of numbers with NaN where nothing was measured.


def read(path):
    rows = np.genfromtxt(path, delimiter=",", skip_header=1, dtype=str)
    return rows[:, 0], np.where(rows[:, 1:] == "", "nan", rows[:, 1:]).astype(float)


def cloud(x, t):
    """Density and velocity of a Gaussian whose center c(t) circles; its size grows."""
    c = 1.2 * np.hstack([np.cos(2 * t), np.sin(2 * t)])
    c_t = 2.4 * np.hstack([-np.sin(2 * t), np.cos(2 * t)])
    s = 0.6 + 0.2 * t
    rho = 5 * np.exp(-((x - c) ** 2).sum(1, keepdims=True) / (2 * s**2)) / s**2
    return rho, c_t + 0.2 / s * (x - c)


def make():
    rng = np.random.default_rng(0)
    station = np.repeat(np.arange(60), 40)
    x = rng.uniform(-2.5, 2.5, (60, 2))[station]
    t = np.tile(np.linspace(0, 1, 40), 60)[:, None]
    rho, u = cloud(x, t)
    rho = rho * np.exp(0.05 * rng.normal(size=rho.shape))
    u = u + 0.05 * rng.normal(size=u.shape)
    u[rng.random(len(u)) < 0.5] = np.nan
    return station, np.hstack([x, t, rho, u])


if options.table is None:
    print("No --table is given: a synthetic one takes its place.")
station, numbers = make() if options.table is None else read(options.table)
d = (numbers.shape[1] - 2) // 2
x, t, rho, u = np.split(numbers, [d, d + 1, d + 2], axis=1)
table = Table(np.hstack([x, t]), rho, u, velocity_noise=np.nanstd(u), stations=station)
kept, held_out = table.hold_out(table.stations[::6])
print(f"{len(kept)} rows to train on, {len(held_out)} of held-out stations")

# The network: all of space is its domain, the total mass is learned. Its outputs hold
# the velocity, not the momentum: it is there even where the density is next to nothing.

net = ncl_deepxde.nn.LFlow(
    d,
    blocks=4,
    frequency=3.0,
    total_mass=float(np.nanmean(rho) * np.prod(np.ptp(x, axis=0))),
    learn_mass=True,
    times=(t.min(), t.max()),
    output="velocity",
)

# Training: densities by their log(1 + rho), velocities in units of their spread. There
# is no term for the equation of continuity, because the network obeys it.

model = dde.Model(Observations(kept, 500, test_source=held_out, num_test=2000), net)
model.compile(
    "adam", lr=1e-2, decay=("cosine", options.iterations, 1e-4), loss_weights=[1, 0.2]
)
model.train(iterations=options.iterations, display_every=100)

# The held-out stations. A density that follows its own velocity stays the same when it
# is carried back to the first time along the paths.

first, last = float(t.min()), float(t.max())
rows = held_out.observed
with torch.no_grad():
    found_rho, found_u = net.density(rows.points), net.velocity(rows.points)


def score(found, given):
    known = ~given.isnan().any(dim=1)
    return r2(found[known].cpu().numpy(), given[known].cpu().numpy())


points = rows.points.cpu().numpy()
smape = consistency_smape(net, points[:, :d], points[:, d:], start=first)
print("Held-out stations:")
print(f"  R2 of the density {score(found_rho, rows.density):.3f}")
print(f"  R2 of the velocity {score(found_u, rows.velocity):.3f}")
print(f"  consistency of density and velocity (sMAPE) {smape:.1e}")
print(f"Total mass: {net.log_mass.exp().item():.2f}")

# Trajectories: particles drawn from the density at the first time. No equation is
# integrated, so their way back ends where it began.

times = np.linspace(first, last, 41)
start = net.sample(20, first)
with torch.no_grad():
    paths = torch.stack([net.transport(start, first, float(s)) for s in times])
    back = net.transport(paths[-1], last, first)
print(
    f"Largest error of 20 particles on their way there and back: "
    f"{(back - start).abs().max().item():.1e}"
)

# Of the synthetic cloud the truth is known.

if options.table is None:
    exact, _ = cloud(points[:, :d], points[:, d:])
    against = r2(found_rho.cpu().numpy(), exact)
    print(f"Against the exact density: R2 {against:.4f}, mass {10 * np.pi:.2f}")
    assert against > 0.9
    assert smape < 1e-3

# Maps of two space dimensions: density, velocity, and the paths up to their time.


def draw(path, n=60):
    import matplotlib.pyplot as plt

    low, high = x.min(axis=0), x.max(axis=0)
    axes_of_x = [np.linspace(a, b, n) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes_of_x), axis=-1).reshape(-1, 2)
    top = table.observed.density.nan_to_num().max().item()
    figure, panels = plt.subplots(1, 4, figsize=(14, 3.6), layout="constrained")
    for panel, k in zip(panels, [0, 13, 26, 40], strict=True):
        inputs = np.hstack([grid, np.full((n * n, 1), times[k])])
        rho, u, v = model.predict(inputs.astype(np.float32)).T.reshape(3, n, n)
        image = panel.pcolormesh(*axes_of_x, rho, vmin=0, vmax=top)
        few = slice(2, None, 6)
        arrows = [f[few, few] for f in (*np.meshgrid(*axes_of_x), u, v)]
        panel.quiver(*arrows, color="white", alpha=0.7)
        panel.plot(
            *paths[: k + 1].cpu().numpy().transpose(2, 0, 1), "C1", linewidth=0.8
        )
        panel.set(title=f"t = {times[k]:.2f}", xlim=(low[0], high[0]))
        panel.set(ylim=(low[1], high[1]), aspect="equal")
    figure.colorbar(image, ax=panels, label="density")
    figure.savefig(path, dpi=150)
    print(path)


if options.out and d == 2:
    options.out.mkdir(parents=True, exist_ok=True)
    draw(options.out / "maps.png")
