"""Short trainings of tiny networks, the same for one process and for several."""

import deepxde as dde
import numpy as np
import torch

from ncl_deepxde import distributed
from ncl_deepxde.data import Collocation, Condition, Observations, Table
from ncl_deepxde.data.samplers import kronecker_box
from ncl_deepxde.data.terms import Penalty
from ncl_deepxde.optimizers import SOAP, ClippedAdam, GaussNewton

STEPS = 4


def network(width=6):
    return dde.nn.FNN([2, width, width, 1], "tanh", "Glorot uniform")


def heat(x, y):
    return dde.grad.jacobian(y, x, i=0, j=1) - 0.1 * dde.grad.hessian(y, x, i=0, j=0)


def start(x, y):
    return [y - torch.sin(np.pi * x[:, :1])]


def collocation(points=41, kind=kronecker_box, **options):
    box = kind([0.0, 0.0], [1.0, 1.0])
    at_start = kind([0.0, 0.0], [1.0, 1e-9])
    conditions = [Condition("start", at_start, 13, start, has_derivatives=False)]
    return Collocation(heat, box, points, conditions, **options)


def size(net):
    return sum(p.square().sum() for p in net.parameters())


def observations(penalties=()):
    rng = np.random.default_rng(0)
    x, values = rng.random((31, 2)), rng.random((31, 1))
    values[::3] = np.nan
    table = Table(x, values={"T": values}, noise={"T": 0.5})
    return Observations(table, 21, columns={"T": 0}, penalties=penalties)


def penalized():
    return observations([Penalty("size", size)])


def script():
    """Data of DeepXDE with all that its points can be of."""
    line = dde.geometry.Interval(0, 1)
    geom = dde.geometry.GeometryXTime(line, dde.geometry.TimeDomain(0, 1))
    rng = np.random.default_rng(1)
    some = rng.random((9, 2))
    bcs = [
        dde.icbc.DirichletBC(geom, lambda x: x[:, 1:], lambda x, on: on and x[0] < 0.5),
        dde.icbc.NeumannBC(geom, lambda x: 0 * x[:, 1:], lambda x, on: on),
        dde.icbc.PeriodicBC(geom, 0, lambda x, on: on and x[0] < 0.5),
        dde.icbc.IC(geom, lambda x: np.sin(x[:, :1]), lambda x, on: on),
        dde.icbc.PointSetBC(some, rng.random((9, 1))),
    ]
    return dde.data.TimePDE(geom, heat, bcs, 30, 24, 12, num_test=10)


def root_mean_square(zero, r):
    return (r - zero).square().mean().sqrt()


def by_name(name, lr=1e-2, loss="MSE"):
    return lambda model: model.compile(name, lr=lr, loss=loss)


def by_object(make):
    return lambda model: model.compile(make(model))


def lbfgs(model):
    return torch.optim.LBFGS(
        model.net.parameters(), max_iter=3, line_search_fn="strong_wolfe"
    )


def clipped(model):
    return ClippedAdam(model.net.parameters(), 0.1, lr=1e-2)


def gauss_newton(**options):
    return by_object(lambda model: GaussNewton(model, **options))


# By name: the data, the width of the network, how the model is compiled.
TRAININGS = {
    "adam": (collocation, 6, by_name("adam")),
    "adam, root mean square": (collocation, 6, by_name("adam", loss=root_mean_square)),
    "adam, observations": (penalized, 6, by_name("adam")),
    "adam, deepxde": (script, 6, by_name("adam")),
    "soap": (collocation, 6, by_object(lambda model: SOAP(model))),
    "l-bfgs": (collocation, 6, by_object(lbfgs)),
    "clipped": (collocation, 6, by_object(clipped)),
    "kernel": (collocation, 12, gauss_newton(solver="kernel")),
    "gram": (lambda: collocation(161), 6, gauss_newton(solver="gram")),
    "conjugate gradients": (
        collocation,
        12,
        gauss_newton(solver="cg", rank=20, tolerance=1e-10),
    ),
    "span": (lambda: collocation(700), 24, gauss_newton(damping=1e-2)),
    "samples": (collocation, 6, gauss_newton(path="samples", order=2)),
    "balance": (collocation, 6, gauss_newton(balance=True)),
    "gauss-newton, deepxde": (script, 6, gauss_newton()),
    "gauss-newton, observations": (
        observations,
        6,
        gauss_newton(),
    ),
}


def trained(name):
    """Train and return the losses, the weights after each step, what was learned."""
    make, width, compile_with = TRAININGS[name]
    dde.config.set_random_seed(0)
    data = make()
    model = dde.Model(data, network(width))
    compile_with(model)
    distributed.share(model)
    found = {"losses": [], "weights": []}
    for _ in range(STEPS):
        inputs, targets, *aux = model.data.train_next_batch()
        model.train_state.set_data_train(inputs, targets, *aux)
        model._train_step(inputs, targets, aux[0] if aux else None)
        weights = torch.cat([p.detach().flatten() for p in model.net.parameters()])
        found["weights"].append(weights)
    if isinstance(model.opt, GaussNewton):
        found["losses"] = [r.held_out for r in model.opt.history]
        found["damping"] = [r.damping for r in model.opt.history]
    density = getattr(data, "density", None)
    if density is not None and density.leverages is not None:
        found["leverages"] = density.leverages
    return found
