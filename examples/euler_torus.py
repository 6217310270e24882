r"""Euler flow of variable density on the torus: swap the network, keep the script.

This example shows how to

- state a flow problem in plain DeepXDE, with all derivatives from `dde.grad.jacobian`;
- swap `dde.nn.FNN` for `ncl_deepxde.nn.NCL`, in one line, under the same script;
- measure how well the continuity equation holds, by an independent differentiation.

Equation and problem definition
-------------------------------
On the unit square with periodic sides, for t in [0, 1/3], with the momentum m = rho u,

    rho_t + div m = 0,    rho (u_t + u . grad u) + grad p = 0,    div u = 0,

    rho(0) = 1 + (sin 2 pi x + sin 2 pi y)^2,
    u(0) = (exp(sin 2 pi y), exp(sin 2 pi x) / 2).

The network maps (x, y, t) to (rho, m_1, m_2, p). Run it for both:

    python examples/euler_torus.py --network NCL
    python examples/euler_torus.py --network FNN

Reference: J. Richter-Powell, Y. Lipman, R. T. Q. Chen, Neural Conservation Laws
(NeurIPS 2022), section 5.3, https://arxiv.org/abs/2210.01741.
"""

import argparse

import ncl_deepxde  # isort: skip
import deepxde as dde
import numpy as np
import torch

from ncl_deepxde.evaluation import continuity_error

# DeepXDE must run on PyTorch. `import ncl_deepxde` sees to that when it comes first; in
# any other order, set DDE_BACKEND=pytorch in the environment.

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--network", choices=["NCL", "FNN"], default="NCL")
parser.add_argument("--iterations", type=int, default=300)
options = parser.parse_args()
dde.config.set_random_seed(0)

# So small a network gains nothing from a second thread, and on a busy machine threads
# that wait for each other lose a lot. Leave this line out for larger ones.

torch.set_num_threads(1)

# The domain. DeepXDE puts time last: the columns of the inputs are x, y, t.

square = dde.geometry.Rectangle([0, 0], [1, 1])
geomtime = dde.geometry.GeometryXTime(square, dde.geometry.TimeDomain(0, 1 / 3))


# The equations, as residuals that vanish. A density of a network in training may cross
# zero, so nothing is divided by it: momentum is multiplied by rho^2, and div u, by way
# of continuity, becomes rho rho_t + m . grad rho.


def pde(x, y):
    rho, m, p = y[:, 0:1], [y[:, 1:2], y[:, 2:3]], 3
    rho_t = dde.grad.jacobian(y, x, i=0, j=2)
    grad_rho = [dde.grad.jacobian(y, x, i=0, j=j) for j in range(2)]
    div_m = sum(dde.grad.jacobian(y, x, i=1 + j, j=j) for j in range(2))
    m_grad_rho = sum(m[j] * grad_rho[j] for j in range(2))

    residuals = [rho_t + div_m, rho * rho_t + m_grad_rho]
    for i in range(2):
        m_t = dde.grad.jacobian(y, x, i=1 + i, j=2)
        p_i = dde.grad.jacobian(y, x, i=p, j=i)
        m_grad_m = sum(m[j] * dde.grad.jacobian(y, x, i=1 + i, j=j) for j in range(2))
        transport = (rho * rho_t + m_grad_rho) * m[i]
        residuals.append(rho**2 * (m_t + p_i) + rho * m_grad_m - transport)
    return residuals


# The initial state of density and momentum. One PointSetBC for all three components
# shares one set of points; an IC per component would bring a set of its own each.


def initial_state(x):
    s, r = np.sin(2 * np.pi * x[:, 0:1]), np.sin(2 * np.pi * x[:, 1:2])
    rho = 1 + (s + r) ** 2
    return np.hstack([rho, rho * np.exp(r), rho * np.exp(s) / 2])


points = geomtime.random_initial_points(200)
start = dde.icbc.PointSetBC(points, initial_state(points), component=[0, 1, 2])

# Periodic sides. NCL with `periods=1.0` has them by construction, so for it these terms
# are zero to round-off; they stay in place because the script is the same for both.


def on_sides(axis):
    return lambda x, on_boundary: on_boundary and np.isclose(x[axis] % 1, 0)


sides = [
    dde.icbc.PeriodicBC(geomtime, axis, on_sides(axis), component=component)
    for axis in range(2)
    for component in range(4)
]

# Points. "pseudo" are random ones: only those change when they are drawn again, every
# 50 steps below (DeepXDE's default sequence always yields the same points).

data = dde.data.TimePDE(
    geomtime,
    pde,
    [start, *sides],
    num_domain=400,
    num_boundary=24,
    train_distribution="pseudo",
)

# The swap. `mean_density` is the mean of rho(0), which the flow keeps for ever.

layer_sizes = [3] + [32] * 3 + [4]
if options.network == "NCL":
    net = ncl_deepxde.nn.NCL(
        layer_sizes, "tanh", "Glorot normal", periods=1.0, mean_density=2.0
    )
else:
    net = dde.nn.FNN(layer_sizes, "tanh", "Glorot normal")

# Training. The weights follow the order of the residuals: continuity, div u, momentum,
# then the initial state and the sides.

model = dde.Model(data, net)
weights = [1, 0.1, 0.01, 0.01] + [10] + [1] * len(sides)
model.compile("adam", lr=5e-3, loss_weights=weights)
model.train(
    iterations=options.iterations,
    display_every=50,
    callbacks=[dde.callbacks.PDEPointResampler(period=50)],
)

# The measurement: the largest continuity residual at random points, in units of the
# largest single term of the sum, by reverse-mode differentiation that knows nothing of
# how the network computes its derivatives.

rng = np.random.default_rng(1)
where, when = rng.random((1000, 2)), rng.random((1000, 1)) / 3
error = continuity_error(net, where, when, output="flux")
print(
    f"{options.network}: largest continuity residual {error.largest:.1e}, "
    f"{error.relative:.1e} of the largest term"
)

# The reference is zero. NCL meets it up to the round-off of single precision, 1.2e-7
# for each of some hundred additions; a plain network only as far as it is trained.

if options.network == "NCL":
    assert error.relative < 1e-5

# A picture of the density at four times.

if __name__ == "__main__":
    import matplotlib.pyplot as plt

    n = 64
    grid = np.stack(np.meshgrid(*[np.arange(n) / n] * 2), axis=-1).reshape(-1, 2)
    figure, axes = plt.subplots(1, 4, figsize=(13, 3), layout="constrained")
    for panel, t in zip(axes, [0, 0.1, 0.2, 0.3], strict=True):
        inputs = np.hstack([grid, np.full((n * n, 1), t)])
        rho = model.predict(inputs)[:, 0].reshape(n, n)
        image = panel.imshow(rho, origin="lower", extent=(0, 1, 0, 1), vmin=0, vmax=5)
        panel.set_title(f"t = {t}")
    figure.colorbar(image, ax=axes, label="density")
    figure.savefig(f"euler_torus_{options.network}.png", dpi=150)
