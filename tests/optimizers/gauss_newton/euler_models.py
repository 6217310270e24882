"""Networks of all kinds for Euler's flow on the torus, compiled with Gauss-Newton."""

from __future__ import annotations

import deepxde as dde
import torch

from ncl_deepxde.data import Collocation, Condition, initial_slice, uniform_box
from ncl_deepxde.nn import NCL
from ncl_deepxde.operators import Flow, continuity, incompressibility, momentum
from ncl_deepxde.optimizers import GaussNewton

BOX = uniform_box([0.0, 0.0, 0.0], [1.0, 1.0, 0.3])
START = initial_slice(uniform_box([0.0, 0.0], [1.0, 1.0]))


def euler(inputs, outputs):
    flow = Flow.of(inputs, outputs)
    rows = momentum(flow).split(1, dim=1)
    return [*rows, incompressibility(flow), continuity(flow)]


def start(inputs, outputs):
    wave = torch.sin(6.283185307179586 * inputs[:, :1])
    return [outputs[:, :1] - 1 - wave**2, outputs[:, 1:2] - wave]


def euler_data(num_domain=20, num_initial=9):
    return Collocation(
        euler, BOX, num_domain, [Condition("t=0", START, num_initial, start)]
    )


NETWORKS = {
    "fnn": lambda: dde.nn.FNN([3, 8, 8, 4], "tanh", "Glorot normal"),
    "pfnn": lambda: dde.nn.PFNN([3, [4] * 4, [5] * 4, 4], "sin", "Glorot normal"),
    "matrix": lambda: NCL([3, 8, 7, 4], "tanh", "Glorot normal", periods=1.0),
    "vector": lambda: NCL(
        [3, 6, 4], "tanh", "Glorot normal", construction="vector", output="velocity"
    ),
    "adaptive": lambda: NCL([3, 6, 6, 4], "LAAF-5 tanh", "Glorot normal", periods=1.0),
}


def compiled(net, data, *, weights=(0.1, 0.2, 0.3, 1.0, 10.0, 5.0), **options):
    model = dde.Model(data, net)
    optimizer = GaussNewton(model, **options)
    model.compile(optimizer, loss_weights=weights and list(weights), verbose=0)
    return model


def losses(model):
    inputs, _ = model.data.train_next_batch()
    return model.outputs_losses_train(inputs, None, None)[1].sum()


def parameters_of(model):
    return {n: p for n, p in model.net.named_parameters() if p.requires_grad}
