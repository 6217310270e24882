"""Small problems with DeepXDE's own data and conditions, one for each kind."""

import deepxde as dde
import numpy as np
import torch

LINE = dde.geometry.Interval(-1, 1)
STRIP = dde.geometry.GeometryXTime(LINE, dde.geometry.TimeDomain(0, 1))
SQUARE = dde.geometry.Rectangle([0, 0], [1, 1])


def left(x, on):
    return on and np.isclose(x[0], -1)


def right(x, on):
    return on and np.isclose(x[0], 1)


def always(x, on):
    return on


def second(x, y):
    return dde.grad.hessian(y, x) - 2


def heat(x, y):
    return dde.grad.jacobian(y, x, j=1) - 0.4 * dde.grad.hessian(y, x, i=0, j=0)


def wave(x, y):
    return dde.grad.hessian(y, x) + torch.sin(np.pi * x)


def one_dimensional(*conditions, pde=second, **options):
    return dde.data.PDE(LINE, pde, list(conditions), 7, 2, **options)


def dirichlet():
    return one_dimensional(dde.icbc.DirichletBC(LINE, lambda x: x**2, always))


def neumann():
    return one_dimensional(dde.icbc.NeumannBC(LINE, lambda x: 2 * x, right))


def robin():
    return one_dimensional(dde.icbc.RobinBC(LINE, lambda x, y: y**2, right))


def periodic():
    both = [dde.icbc.PeriodicBC(LINE, 0, right, derivative_order=k) for k in (0, 1)]
    return one_dimensional(*both, pde=wave)


def operator():
    def slope(x, y, _):
        return dde.grad.jacobian(y, x) * y

    return one_dimensional(dde.icbc.OperatorBC(LINE, slope, always))


def point_set():
    points = np.array([[-0.5], [0.1], [0.7]])
    values = dde.icbc.PointSetBC(points, points**2)
    slopes = dde.icbc.PointSetOperatorBC(
        points, 2 * points, lambda x, y, _: dde.grad.jacobian(y, x)
    )
    return one_dimensional(values, slopes, anchors=points)


def auxiliary():
    def pde(x, y, k):
        return dde.grad.jacobian(y, x) - k * y

    return dde.data.PDE(LINE, pde, [], 7, 2, auxiliary_var_function=np.cos)


def several():
    def pde(x, y):
        return [second(x, y), dde.grad.jacobian(y, x) - y]

    return dde.data.PDE(LINE, pde, [], 7, 2, solution=lambda x: x**2)


def initial():
    conditions = [
        dde.icbc.DirichletBC(STRIP, lambda x: 0 * x[:, :1], always),
        dde.icbc.IC(STRIP, lambda x: np.sin(np.pi * x[:, :1]), lambda _, on: on),
    ]
    sizes = {"num_domain": 8, "num_boundary": 4, "num_initial": 3}
    return dde.data.TimePDE(STRIP, heat, conditions, **sizes)


def interface():
    def pde(x, y):
        return [dde.grad.jacobian(y, x, i=i, j=i) for i in (0, 1)]

    condition = dde.icbc.Interface2DBC(
        SQUARE,
        lambda x: 0 * x[:, :1],
        lambda x, on: on and np.isclose(x[0], 0),
        lambda x, on: on and np.isclose(x[0], 1),
    )
    return dde.data.PDE(SQUARE, pde, [condition], 4, 16, train_distribution="uniform")


def function():
    return dde.data.Function(LINE, lambda x: x * np.sin(5 * x), 6, 4)


def data_set():
    x = np.linspace(0, 1, 12).reshape(6, 2)
    return dde.data.DataSet(x, x[:, :1] ** 2, x, x[:, :1])


PROBLEMS = {
    f.__name__: f
    for f in (
        dirichlet,
        neumann,
        robin,
        periodic,
        operator,
        point_set,
        auxiliary,
        several,
        initial,
        interface,
        function,
        data_set,
    )
}


def network(data, activation="tanh"):
    inputs = data.train_next_batch()[0].shape[1]
    outputs = (
        2 if isinstance(getattr(data, "geom", None), dde.geometry.Rectangle) else 1
    )
    return dde.nn.FNN([inputs, 6, 5, outputs], activation, "Glorot normal")


class Diffusivity:
    """Heat with an unknown diffusivity C, whose true value is 1."""

    def __init__(self):
        self.C = dde.Variable(2.0)

    def pde(self, x, y):
        source = torch.exp(-x[:, 1:]) * torch.sin(np.pi * x[:, :1]) * (1 - np.pi**2)
        diffusion = self.C * dde.grad.hessian(y, x, i=0, j=0)
        return dde.grad.jacobian(y, x, j=1) - diffusion + source

    def model(self):
        def exact(x):
            return np.sin(np.pi * x[:, :1]) * np.exp(-x[:, 1:])

        conditions = [
            dde.icbc.DirichletBC(STRIP, exact, always),
            dde.icbc.IC(STRIP, exact, lambda _, on: on),
            dde.icbc.PointSetBC(
                points := np.stack([np.linspace(-1, 1, 10), np.ones(10)], 1),
                exact(points),
            ),
        ]
        sizes = {"num_domain": 40, "num_boundary": 20, "num_initial": 10}
        data = dde.data.TimePDE(STRIP, self.pde, conditions, anchors=points, **sizes)
        return dde.Model(data, dde.nn.FNN([2, 16, 16, 1], "tanh", "Glorot normal"))
