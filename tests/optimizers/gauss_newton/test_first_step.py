"""What the first step refuses: mixing, chance, forgotten unknowns; what it warns of."""

import deepxde as dde
import numpy as np
import pytest
import torch
from deepxde_problems import LINE, PROBLEMS, network, one_dimensional

from ncl_deepxde.data import Collocation, uniform_box
from ncl_deepxde.optimizers import GaussNewton


class Net(dde.nn.NN):
    def __init__(self, inner):
        super().__init__()
        self.a, self.b, self.inner = (
            torch.nn.Linear(3, 16),
            torch.nn.Linear(16, 1),
            inner,
        )

    def forward(self, inputs):
        return self.b(torch.tanh(self.inner(self.a(inputs))))


def train(data, net, **options):
    model = dde.Model(data, net)
    options = {"path": "layers"} | options
    model.compile(GaussNewton(model, **options), verbose=0)
    model.train(iterations=2, verbose=0)


def box(pde=lambda x, y: y - x[:, :1], count=12):
    return Collocation(pde, uniform_box([0, 0, 0], [1, 1, 1]), count)


@pytest.mark.parametrize("path", ["layers", "samples"])
def test_means_over_the_points_are_refused(path) -> None:
    def pde(x, y):
        return [y - x[:, :1], y - x[:, :1] - y.mean()]

    with pytest.raises(ValueError, match="the residual 'pde 2' must depend at each"):
        train(box(pde), Net(torch.nn.Tanh()), path=path)


def test_batch_normalization_is_refused_layer_normalization_is_not() -> None:
    train(box(), Net(torch.nn.LayerNorm(16)))
    with pytest.raises(ValueError, match="the residual 'pde' must depend at each"):
        train(box(), Net(torch.nn.BatchNorm1d(16)))


def test_chance_is_refused() -> None:
    with pytest.raises(ValueError, match=r"same when evaluated twice.*dropout"):
        train(box(), Net(torch.nn.Dropout(0.3)))


@pytest.mark.parametrize("path", ["layers", "samples"])
def test_an_unknown_that_nobody_trains_is_refused(path) -> None:
    C = dde.Variable(2.0)
    data = one_dimensional()
    data.pde = lambda x, y: C * dde.grad.jacobian(y, x) - x
    with pytest.raises(ValueError, match=r"trainable tensor of 'pde'.*shape \(\)"):
        train(data, network(data), path=path)


def test_an_unknown_field_is_no_set_of_points() -> None:
    field = dde.Variable([[1.0]] * 9)
    data = one_dimensional()
    data.pde = lambda x, y: field * y - x
    with pytest.raises(ValueError, match=r"trainable tensor of 'pde'.*shape \(9, 1\)"):
        train(data, network(data))


@pytest.mark.parametrize("path", ["layers", "samples"])
def test_parameters_in_the_residual_are_trained(path) -> None:
    data = one_dimensional(dde.icbc.PointSetBC(np.array([[0.0]]), np.array([[3.0]])))
    net = network(data)
    net.C = torch.nn.Parameter(torch.tensor(2.0))
    data.pde = lambda x, y: net.C - y
    train(data, net, path=path)
    assert net.C.item() > 2.5


def test_a_schedule_is_refused() -> None:
    data = PROBLEMS["function"]()
    model = dde.Model(data, network(data))
    model.compile(GaussNewton(model), decay=("step", 10, 0.5), verbose=0)
    with pytest.raises(ValueError, match="decay must be None"):
        model.train(iterations=1, verbose=0)


def test_many_points_are_warned_of(monkeypatch) -> None:
    monkeypatch.setattr("ncl_deepxde.optimizers.gauss_newton.first_step.MANY", 8)
    data = PROBLEMS["dirichlet"]()
    with pytest.warns(UserWarning, match="11 residuals.*from_pde"):
        train(data, network(data))


def test_graph_of_a_point_is_no_unknown() -> None:
    train(
        one_dimensional(dde.icbc.DirichletBC(LINE, lambda x: x, lambda _, on: on)),
        dde.nn.FNN([1, 4, 1], "tanh", "Glorot normal"),
    )
