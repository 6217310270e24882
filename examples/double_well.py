"""The probability of a particle in a double well, with total exactly one.

    python examples/double_well.py [--steps 40]

The particle drifts as a x - b x^3 and is kicked by noise s. Its probability starts
between the wells and goes over to the stationary law exp((a x^2 - b x^4 / 2) / s^2).
Whatever the weights, no probability is lost: what is trained is the flux alone.
"""

import argparse

import ncl_deepxde  # isort: skip  (first, so that DeepXDE runs on PyTorch)
import deepxde as dde
import torch

from ncl_deepxde.data import Collocation, kronecker_box
from ncl_deepxde.laws import fokker_planck
from ncl_deepxde.optimizers import GaussNewton

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--steps", type=int, default=40)
options = parser.parse_args()
dde.config.set_default_float("float64")
dde.config.set_random_seed(0)
a, b, s, end, t_end = 0.3, 0.5, 0.5, 2.2, 8.0
line = dde.geometry.Interval(-end, end)

law = fokker_planck(lambda x, t: a * x - b * x**3, s**2 / 2)


def first(x):
    """A Gaussian of standard deviation 0.3 on the hill between the wells."""
    return torch.exp(-(x**2) / 0.18) / (0.18 * torch.pi) ** 0.5


net = ncl_deepxde.nn.BalanceLaws(
    [2] + [14] * 3 + [law.columns],
    "tanh",
    "Glorot normal",
    laws=law.laws,
    initial=[ncl_deepxde.nn.InitialState(first, ramp=2.0)],
    wall=ncl_deepxde.nn.Wall.of(line),
    scales=ncl_deepxde.nn.Scales(length=1.0, time=4.0),
    columns=("p", "flux"),
)
data = Collocation(law.closure, kronecker_box([-end, 0], [end, t_end]), 500)
model = dde.Model(data, net)
model.compile(GaussNewton(model))
model.train(iterations=options.steps, display_every=10)

# What came out, against the stationary law.

x = torch.linspace(-end, end, 1001)[:, None]
p = net.state(torch.cat([x, torch.full_like(x, t_end)], dim=1)).detach()
right = torch.exp((a * x**2 - b * x**4 / 2) / s**2)
right /= torch.trapezoid(right, x, dim=0)
totals = [net.total(line, t, nodes=80).item() for t in (0.0, 1.0, t_end)]
error = float((p - right).norm() / right.norm())
print(f"error at t = {t_end:g}: {error:.1e}, least p {float(p.min()):.1e}")
print("total at three times:", *(f"{total:.15f}" for total in totals))

assert max(totals) - min(totals) < 1e-12, "probability is conserved"
assert error < 0.02, "and reaches the stationary law"
