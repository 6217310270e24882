"""A solute that is carried and sticks to the ground, with its total exact.

    python examples/sorption.py [--steps 30]

The solute c drifts and spreads between walls; the part a sticks and comes back:

    c_t + (v c - D c_x)_x = -k (c - a),   a_t = k (c - a).

The total n = c + a has no source, so that two laws of n and a keep it whatever the
weights. The reference is finite volumes on a fine grid.
"""

import argparse

import ncl_deepxde  # isort: skip  (first, so that DeepXDE runs on PyTorch)
import deepxde as dde
import numpy as np
import torch
from scipy.integrate import solve_ivp

from ncl_deepxde.data import Collocation, kronecker_box
from ncl_deepxde.laws import LawSystem
from ncl_deepxde.optimizers import GaussNewton

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--steps", type=int, default=30)
options = parser.parse_args()
dde.config.set_default_float("float64")
dde.config.set_random_seed(0)
v, D, k, t_end = 0.5, 0.05, 2.0, 1.0
line = dde.geometry.Interval(0, 1)


def flux(f):
    c, c_x = f.state(0) - f.state(1), f.grad[:, 0] - f.grad[:, 1]
    return [v * c - D * c_x, 0 * c]


def source(f):
    return [k * (f.state(0) - 2 * f.state(1))]


law = LawSystem(1, ("n", "a"), flux, sources=(1,), source=source)


def first(x):
    return torch.exp(-(((x - 0.3) / 0.15) ** 2))


net = ncl_deepxde.nn.BalanceLaws(
    [2] + [14] * 3 + [law.columns],
    "tanh",
    "Glorot normal",
    laws=2,
    sources=law.sources,
    initial=[
        ncl_deepxde.nn.InitialState(first),
        ncl_deepxde.nn.InitialState(lambda x: 0 * x),
    ],
    wall=ncl_deepxde.nn.Wall.of(line),
)
model = dde.Model(Collocation(law.closure, kronecker_box([0, 0], [1, t_end]), 400), net)
model.compile(GaussNewton(model))
model.train(iterations=options.steps, display_every=10)

# What came out, against finite volumes of second order.

cells = 400
x = (np.arange(cells) + 0.5) / cells


def rate(t, y):
    c, a = np.split(y, 2)
    inner = v * (c[1:] + c[:-1]) / 2 - D * np.diff(c) * cells
    crossing = np.concatenate([[0], inner, [0]])
    back = k * (c - a)
    return np.concatenate([-np.diff(crossing) * cells - back, back])


start = np.concatenate([first(torch.as_tensor(x)).numpy(), 0 * x])
right = solve_ivp(rate, (0, t_end), start, "LSODA", rtol=1e-8, atol=1e-10).y[:, -1]
z = torch.as_tensor(np.stack([x, np.full_like(x, t_end)], axis=1))
n, a = net.state(z).detach().numpy().T
found = np.concatenate([n - a, a])
error = float(np.linalg.norm(found - right) / np.linalg.norm(right))
totals = [net.total(line, t, nodes=60)[0].item() for t in (0.0, 0.4, t_end)]
print(f"error at t = {t_end:g}: {error:.1e}")
print("total at three times:", *(f"{total:.15f}" for total in totals))

assert max(totals) - min(totals) < 1e-13, "nothing is lost"
assert error < 0.02, "and both parts are right"
