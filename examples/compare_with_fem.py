r"""Compare a DeepXDE model with a finite-element solution of the same flow.

This example shows how to

- compute a small reference with `python -m reference_fem`, or load a saved one;
- hand any `dde.Model` to the metrics, as a function of points and a time;
- print errors over time and write both flows as VTU files for ParaView.

Equation and problem definition
-------------------------------
Variable-density incompressible Euler flow on the unit square with periodic sides,

    rho_t + div(rho u) = 0,    rho (u_t + u . grad u) + grad p = 0,    div u = 0,

from rho(0) = 1 + (sin 2 pi x + sin 2 pi y)^2 and u(0) = (exp(sin 2 pi y),
exp(sin 2 pi x) / 2), to t = 0.1. The baseline for the errors is the initial state
standing still: a model is worth something where it comes closer to the reference.

    python examples/compare_with_fem.py [--reference FILE.npz]

Finite elements need dolfinx; without it a pseudo-spectral solver takes their place.
"""

import argparse
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import ncl_deepxde  # isort: skip  (first, so that DeepXDE runs on PyTorch)
import deepxde as dde
import numpy as np
import torch

import reference_fem
from ncl_deepxde.evaluation import errors_over_time, torus_grid
from ncl_deepxde.operators import Flow, incompressibility, momentum
from ncl_deepxde.reports import write_paraview

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--reference", type=Path, help="file by `python -m reference_fem`")
parser.add_argument("--iterations", type=int, default=400)
options = parser.parse_args()
dde.config.set_random_seed(0)
torch.set_num_threads(1)  # a second one does not pay for a network this small

t_end = 0.1
times = [0.0, 0.05, 0.1]


# The initial state: functions of coordinates (2, N), as reference_fem takes them.


def density(x):
    sine = np.sin(2 * np.pi * x)
    return 1 + (sine[0] + sine[1]) ** 2


def velocity(x):
    sine = np.sin(2 * np.pi * x)
    return np.stack([np.exp(sine[1]), np.exp(sine[0]) / 2])


# The reference. The solver runs in another process, as MPI and DeepXDE do not go
# together in one, and hands over a file, which numpy alone can read. It starts from the
# state above, unless it is told another one.


def compute_reference(path):
    command = [sys.executable, "-m", "reference_fem", "torus", "--n", "16"]
    command += ["--dt", "5e-3", "--t-end", str(t_end), "--save-times", "11"]
    subprocess.run([*command, "--out", path], check=True)
    return reference_fem.load(path)


def compute_spectral():
    print("dolfinx is not installed: pseudo-spectral reference instead of FEM.")
    return reference_fem.spectral.solve(
        density, velocity, n=32, t_end=t_end, save_times=times
    )


if options.reference:
    reference = reference_fem.load(options.reference)
elif find_spec("dolfinx"):
    reference = compute_reference(Path("reference.npz"))
else:
    reference = compute_spectral()

# The model. Any other `dde.Model` will do; this one is NCL, trained for a few seconds
# on momentum and incompressibility; continuity holds by itself.


def residuals(x, y):
    flow = Flow.of(x, y)
    return [*momentum(flow).split(1, dim=1), incompressibility(flow)]


net = ncl_deepxde.nn.NCL(
    [3] + [32] * 3 + [4],
    "tanh",
    "Glorot normal",
    periods=1.0,
    harmonics=2,
    mean_density=2.0,
)
geometry = dde.geometry.GeometryXTime(
    dde.geometry.Rectangle([0, 0], [1, 1]), dde.geometry.TimeDomain(0, t_end)
)

# The initial density and momentum at random points, as one condition on three columns.

points = geometry.random_initial_points(300)
rho, u = density(points[:, :2].T), velocity(points[:, :2].T)
start = dde.icbc.PointSetBC(points, np.stack([rho, *(rho * u)], axis=1), [0, 1, 2])
data = dde.data.TimePDE(
    geometry, residuals, start, num_domain=300, train_distribution="pseudo"
)
model = dde.Model(data, net)
weights = [0.01, 0.01, 0.1, 30]
model.compile("adam", lr=1e-2, decay=("step", 100, 0.5), loss_weights=weights)
model.train(iterations=options.iterations, display_every=100)


# A solution is a function of points (N, 2) and a time. For outputs (rho, m_1, m_2, p)
# there is `ncl_deepxde.evaluation.NetworkSolution(net, output="flux")`; for outputs of
# any other meaning write these four lines yourself.


def solution(points, time):
    inputs = np.hstack([points, np.full((len(points), 1), time)])
    rho, m, p = np.split(model.predict(inputs), [1, 3], axis=1)
    return {"rho": rho, "u": m / rho, "p": p}


def standing_still(points, time):
    return {"rho": density(points.T)[:, None], "u": velocity(points.T).T}


# Errors over time in units of the standard deviation of the reference, on a grid.

grid = torus_grid(48)
found = errors_over_time(solution, reference.evaluate, grid, times)["standardized_l2"]
still = errors_over_time(standing_still, reference.evaluate, grid, times)
still = still["standardized_l2"]

print("\nerror / standard deviation of the reference")
print(f"{'t':>6}{'rho':>10}{'u':>10}{'rho still':>12}{'u still':>10}")
for t in times:
    row = [e[field][t] for e in (found, still) for field in ("rho", "u")]
    print(f"{t:6.2f}{row[0]:10.3f}{row[1]:10.3f}{row[2]:12.3f}{row[3]:10.3f}")

# A constant density has the error 1, the initial state standing still 1.05 at the end.
# A few seconds of training bring the model to 0.6; without them it stays at 1.

assert found["rho"][t_end] < 0.75 * min(1, still["rho"][t_end])

# Both flows for ParaView: open the .pvd files.

if __name__ == "__main__":
    for name, flow in {"model": solution, "reference": reference.evaluate}.items():
        print(write_paraview("paraview", name, flow, times, n=48))
