"""A small flow on the torus, trained by Gauss-Newton, and its Jacobian."""

from __future__ import annotations

import deepxde as dde
import torch

from ncl_deepxde.data import Collocation, Condition, initial_slice, uniform_box
from ncl_deepxde.nn import NCL
from ncl_deepxde.operators import Flow, incompressibility, momentum
from ncl_deepxde.optimizers import GaussNewton
from ncl_deepxde.optimizers.gauss_newton.layer_path import layer_jacobian
from ncl_deepxde.optimizers.gauss_newton.residuals import ResidualVector

BOX = uniform_box([0.0, 0.0, 0.0], [1.0, 1.0, 0.3])
START = initial_slice(uniform_box([0.0, 0.0], [1.0, 1.0]))


def euler(inputs, outputs):
    flow = Flow.of(inputs, outputs)
    return [*momentum(flow).split(1, dim=1), incompressibility(flow)]


def start(inputs, outputs):
    return [outputs[:, :1] - 1 - inputs[:, :1] ** 2]


def torus_model(width=8, num_points=20, **options):
    conditions = [Condition("t=0", START, 9, start)]
    net = NCL([3, width, width, 4], "tanh", "Glorot normal", periods=1.0)
    model = dde.Model(Collocation(euler, BOX, num_points, conditions), net)
    model.compile(GaussNewton(model, **options), verbose=0)
    return model


def step(model):
    inputs, _ = model.data.train_next_batch()
    return model.train_step(inputs, None, None)


def jacobian_of(model):
    inputs, _ = model.data.train_next_batch()
    model.outputs_losses_train(inputs, None, None)
    parameters = dict(model.net.named_parameters())
    return layer_jacobian(ResidualVector(model).terms, parameters)


def matrix_of(jacobian):
    return torch.cat([J.clone() for J in jacobian.columns()], dim=1)


def flat(tensors):
    return torch.cat([t.flatten() for t in tensors])
