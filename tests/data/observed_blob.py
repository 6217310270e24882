"""A turning blob with a table of its observations, and a network that fits it."""

from __future__ import annotations

import deepxde as dde
import numpy as np

from ncl_deepxde.data import Table, uniform_box
from ncl_deepxde.nn import NCL

BOX = uniform_box([-1.0, -1.0, 0.0], [1.0, 1.0, 1.0])


def rotating_blob(points):
    """Density and velocity of a blob turning about the origin, at (N, 3)."""
    x, y, t = np.split(points, 3, axis=1)
    c, s = np.cos(t), np.sin(t)
    a, b = c * x + s * y, c * y - s * x
    return 1 + np.exp(-4 * ((a - 0.4) ** 2 + b**2)), np.hstack([-y, x])


def table(n=30, *, gaps=False, **options):
    rng = np.random.default_rng(5)
    points = rng.uniform([-1, -1, 0], [1, 1, 1], (n, 3))
    rho, u = rotating_blob(points)
    if gaps:
        rho[::4] = np.nan
        u[1::5] = np.nan
        u[2, 0] = np.nan
    return Table(points, rho, u, **options)


def ncl(**options):
    return NCL([3, 8, 8, 3], "tanh", "Glorot normal", mean_density=3.0, **options)


def model_of(data, net=None, **options):
    model = dde.Model(data, ncl() if net is None else net)
    model.compile(**({"optimizer": "adam", "lr": 1e-3, "verbose": 0} | options))
    return model


def losses(model):
    inputs, _ = model.data.train_next_batch()
    return model.outputs_losses_train(inputs, None, None)[1]


def state(net, points):
    """Density and velocity of a network, whatever its outputs are."""
    if isinstance(net, NCL):
        return net.density(points), net.velocity(points)
    y = net(points)
    return y[:, :1], y[:, 1:3]
