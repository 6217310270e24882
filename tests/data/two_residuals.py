"""Two residuals and two conditions on a box, small enough for every test."""

from __future__ import annotations

import deepxde as dde
import torch

from ncl_deepxde.data import Collocation, Condition, initial_slice, uniform_box

BOX = uniform_box([0.0, -1.0, 2.0], [1.0, 3.0, 2.5])


START = initial_slice(uniform_box([0.0, -1.0], [1.0, 3.0]), 2.0)


def transport(inputs, outputs):
    """Two residuals of outputs (f, g): f_t + g_x and g_t - f_y."""
    f_t = dde.grad.jacobian(outputs, inputs, i=0, j=2)
    g_x = dde.grad.jacobian(outputs, inputs, i=1, j=0)
    g_t = dde.grad.jacobian(outputs, inputs, i=1, j=2)
    f_y = dde.grad.jacobian(outputs, inputs, i=0, j=1)
    return [f_t + g_x, g_t - f_y]


def start(inputs, outputs):
    return [outputs[:, 0:1] - inputs[:, 0:1], outputs[:, 1:2] - inputs[:, 1:2] ** 2]


def flat(inputs, outputs):
    return [dde.grad.jacobian(outputs, inputs, i=0, j=0)]


def collocation(**options):
    conditions = (
        Condition("start", START, 7, start),
        Condition("flat", START, 3, flat),
    )
    return Collocation(transport, BOX, 5, conditions, **options)


def model_of(data, **options):
    model = dde.Model(data, dde.nn.FNN([3, 8, 2], "tanh", "Glorot normal"))
    model.compile("adam", lr=1e-3, verbose=0, **options)
    return model


def points_of(data, steps):
    return [data.train_next_batch()[0] for _ in range(steps)]


def by_hand(model, x, x_start):
    """The five defects by torch.func, an independent differentiation."""
    jacobian = torch.func.vmap(torch.func.jacrev(model.net))
    J, y = jacobian(x), model.net(x_start)
    return [
        J[:, 0, 2] + J[:, 1, 0],
        J[:, 1, 2] - J[:, 0, 1],
        y[:, 0] - x_start[:, 0],
        y[:, 1] - x_start[:, 1] ** 2,
    ]
