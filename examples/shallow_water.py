"""Shallow water: a dam that breaks, a lake at rest, a hump in a basin.

    python examples/shallow_water.py [--out DIRECTORY]

Depth h and discharge m over a bed b, with no drop lost whatever the weights:

    h_t + m_x = 0,    m_t + (m^2/h + g h^2/2)_x = -g h b_x.

1. Depths of 5 and 1 are let go (Stoker's dam break): the shock's place and the depth
   behind it, through stages of falling viscosity. The jump of the start fades, and the
   network sees x - 5 in units of t beside x and t, in which a wave from the dam is at
   rest.
2. A lake over a bump, at rest: what is left to train vanishes there to round-off, and a
   network that starts from random weights comes to rest.
3. A hump of water spreads in a basin and is thrown back by its walls, against finite
   volumes (reference_fem.shallow_water).
"""

import argparse
import math
from pathlib import Path

import deepxde as dde
import numpy as np
import torch

from ncl_deepxde.data import Collocation, kronecker_box
from ncl_deepxde.laws import shallow_water, water_riemann
from ncl_deepxde.nn import BalanceLaws, InitialState, Scales, Wall
from ncl_deepxde.optimizers import GaussNewton
from reference_fem import shallow_water as volumes

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--out", type=Path, help="folder for the picture")
options = parser.parse_args()
dde.config.set_default_float("float64")
dde.config.set_random_seed(0)


def network(law, low, high, starts, **given):
    """Return a network of depth and discharge between two walls."""
    wall = Wall.of(dde.geometry.Interval(low, high))
    sizes = [2] + [16] * 3 + [law.columns]
    options = {"laws": 2, "sources": law.sources, "initial": starts} | given
    # Only water is stopped by a wall; momentum is pushed back by it.
    return BalanceLaws(sizes, "tanh", "Glorot normal", wall=[wall, None], **options)


def train(net, pde, low, high, end, points, steps):
    sampler = kronecker_box([low, 0], [high, end])
    model = dde.Model(Collocation(pde, sampler, points), net)
    model.compile(GaussNewton(model), verbose=0)
    model.train(iterations=steps, display_every=steps)


def state(net, x, t):
    """Return depth and discharge (N, 2) at places (N,) and a time."""
    with torch.no_grad():
        z = torch.as_tensor(np.stack([x, np.full_like(x, t)], axis=1))
        return net.state(z).numpy()


def volume(net, low, high, t):
    with torch.no_grad():
        line = dde.geometry.Interval(low, high)
        return net.total(line, t, nodes=200)[0].item()


def at_rest(x):
    return 0 * x


# 1. The dam.

G, DAM, END, EDGE = 9.81e-3, 5.0, 6.0, 0.05
stoker = water_riemann((5.0, 0.0), (1.0, 0.0), G)
depth, shock = stoker.middle[0][0], DAM + END * stoker.waves[1][1]


def broken(x):
    return 3 - 2 * torch.tanh((x - DAM) / EDGE)


def filled(x):
    """A function of slope broken - 3 that vanishes at both ends."""
    y = (x - DAM).abs() / EDGE
    log_cosh = y + torch.log1p(torch.exp(-2 * y)) - math.log(2)
    return 2 * (DAM - EDGE * math.log(2) - EDGE * log_cosh)


law = shallow_water(G)
start = InitialState(broken, ramp=0.3, potential=filled)
dam = network(
    law,
    *(0, 10),
    [start, InitialState(at_rest)],
    scales=Scales(length=5.0, time=END, velocity=0.2, origin=[DAM, 0.0]),
    sizes=[2.0, 0.4],
)
dam.apply_feature_transform(
    lambda z: torch.cat(
        [
            (z[:, :1] - DAM) / 5,
            z[:, 1:] / END,
            (z[:, :1] - DAM) / (0.2 * (z[:, 1:] + 0.5)),
        ],
        dim=1,
    )
)
for viscosity in 0.05, 0.01, 0.003:
    pde = law.with_viscosity(viscosity).closure
    train(dam, pde, 0, 10, END, points=900, steps=20)
x = np.linspace(0.01, 9.99, 1500)
h = state(dam, x, END)[:, 0]
middle = (depth + 1) / 2
place = x[np.nonzero(h > middle)[0][-1]]
plateau = float(h[(x > 5.1) & (x < 6.0)].mean())
lost = volume(dam, 0, 10, END) - volume(dam, 0, 10, 0.0)
print(f"dam: shock at {place:.3f} ({shock:.3f}), behind it {plateau:.3f} ({depth:.3f})")
print(f"dam: volume lost {lost:.1e}")
assert abs(place - shock) < 0.05
assert abs(plateau / depth - 1) < 0.02
assert abs(lost) < 1e-10

# 2. The lake, of level 1 over a bump.


def bump(x):
    return 0.4 * torch.exp(-((x / 0.3) ** 2))


law = shallow_water(1.0, bed=bump, level=1.0)
starts = [InitialState(lambda x: 1 - bump(x)), InitialState(at_rest)]
lake = network(law, -1, 1, starts)
train(lake, law.closure, -1, 1, 1.0, points=200, steps=30)
y = np.linspace(-1, 1, 201)
found = state(lake, y, 1.0)
bed = bump(torch.as_tensor(y)).numpy()
unrest = float(np.abs(found - np.stack([1 - bed, 0 * y], axis=1)).max())
z = torch.as_tensor(np.stack([y, 0 * y], axis=1))
rest = torch.zeros(len(z), law.columns)
rest[:, :1] = 1 - bump(z[:, :1])
left = max(float(r.abs().max()) for r in law.closure(z, rest))
print(f"lake: level and discharge are off by {unrest:.1e}; at rest {left:.1e} is left")
assert left < 1e-15
assert unrest < 1e-5

# 3. The hump.

law = shallow_water(1.0)


def hump(x):
    return 1 + 0.1 * torch.exp(-(((x - 0.3) / 0.15) ** 2))


starts = [InitialState(hump, ramp=0.3), InitialState(at_rest, ramp=0.3)]
basin = network(law, 0, 1, starts, sizes=[0.1, 0.1])
train(basin, law.closure, 0, 1, 1.0, points=500, steps=40)
reference = volumes.solve(
    lambda x: hump(torch.as_tensor(x[0])).numpy(),
    lambda x: 0 * x,
    xmin=[0],
    xmax=[1],
    n=1000,
    t_end=1.0,
    gravity=1.0,
)
s = np.linspace(0.01, 0.99, 400)
waves = [state(basin, s, t)[:, 0] for t in (0.0, 0.5, 1.0)]
right = [reference.evaluate(s[:, None], t)["h"][:, 0] for t in (0.0, 0.5, 1.0)]
error = float(np.linalg.norm(waves[2] - right[2]) / np.linalg.norm(right[2] - 1))
lost = volume(basin, 0, 1, 1.0) - volume(basin, 0, 1, 0.0)
print(f"basin: error of the wave {error:.1e}, volume lost {lost:.1e}")
assert error < 0.06
assert abs(lost) < 1e-12

if options.out:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
    axes[0].plot(x, stoker(x - DAM, END)[:, 0], "k", label="Stoker")
    axes[0].plot(x, h, "--", label="network")
    axes[0].set(title=f"dam break, t = {END:g}", xlabel="x", ylabel="depth")
    axes[0].legend()
    for t, mine, theirs in zip((0.0, 0.5, 1.0), waves, right, strict=True):
        (line,) = axes[1].plot(s, theirs, alpha=0.4, linewidth=4)
        axes[1].plot(s, mine, color=line.get_color(), label=f"t = {t:g}")
    axes[1].set(title="basin; wide lines: finite volumes", xlabel="x", ylabel="depth")
    axes[1].legend()
    options.out.mkdir(parents=True, exist_ok=True)
    figure.savefig(options.out / "shallow_water.png", dpi=110)
    print(options.out / "shallow_water.png")
