"""DeepXDE's conditions at fresh points: the errors that DeepXDE computes there."""

import deepxde as dde
import numpy as np
import pytest
import torch

from ncl_deepxde.data import Collocation
from ncl_deepxde.data.icbc import as_condition
from ncl_deepxde.data.samplers import keyed_generator

g, icbc = dde.geometry, dde.icbc
BOX = g.Rectangle([0, 0], [1, 2])
FLOW = g.GeometryXTime(BOX, g.TimeDomain(0, 1))


def wave(x):
    return np.sin(3 * x[:, :1]) + x[:, 1:2] ** 2


def is_low(x, on):
    return on and np.isclose(x[0], 0)


def slope(x, y, _):
    return dde.grad.jacobian(y, x, i=0, j=0)


CONDITIONS = {
    "dirichlet": icbc.DirichletBC(FLOW, wave, lambda _, on: on, component=1),
    "neumann": icbc.NeumannBC(FLOW, wave, is_low),
    "robin": icbc.RobinBC(FLOW, lambda x, y: y[:, :1] ** 2, is_low),
    "periodic": icbc.PeriodicBC(FLOW, 0, is_low),
    "periodic slope": icbc.PeriodicBC(FLOW, 0, is_low, derivative_order=1),
    "operator": icbc.OperatorBC(FLOW, slope, is_low),
    "initial": icbc.IC(FLOW, wave, lambda _, on: on),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_error_is_that_of_deepxde(name) -> None:
    bc = CONDITIONS[name]
    torch.manual_seed(0)
    net = dde.nn.FNN([3, 5, 2], "tanh", "Glorot normal")
    condition = as_condition(bc, 30)
    # DeepXDE remembers values by the address of X: none may be used again.
    alive = []
    for step in range(2):
        call = condition.draw(keyed_generator(0, step))
        inputs = call.points.detach().requires_grad_()
        (term,) = call.terms(inputs, net(inputs))
        dde.gradients.clear()
        X = inputs.detach().numpy().copy()
        alive.append(X)
        on = bc.on_initial if name == "initial" else bc.on_boundary
        inside = bc.geom.on_initial(X) if name == "initial" else bc.geom.on_boundary(X)
        assert on(X, inside)[:30].all()
        expected = bc.error(X, inputs, net(inputs), 0, len(X))
        dde.gradients.clear()
        assert term.residual.shape == (30, 1)
        torch.testing.assert_close(term.residual, expected)


def test_measured_values_come_in_batches() -> None:
    points = np.random.default_rng(0).random((40, 3))
    bc = icbc.PointSetBC(points, wave(points), component=0)
    condition = as_condition(bc, 10)
    seen = set()
    for step in range(40):
        call = condition.draw(keyed_generator(0, step))
        x = call.points
        outputs = torch.as_tensor(wave(x.numpy()))
        (term,) = call.terms(x, outputs)
        assert len(x) == 10
        assert term.residual.abs().max() < 1e-6
        seen |= {tuple(row) for row in x.tolist()}
    assert len(seen) == 40
    assert bc.batch_size is None


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: as_condition(icbc.DirichletBC(FLOW, wave, is_low)), "num_points must"),
        (
            lambda: as_condition(icbc.DirichletBC(FLOW, wave, lambda *_: False), 5),
            "must hold for some points",
        ),
        (
            lambda: as_condition(
                icbc.Interface2DBC(BOX, wave, is_low, is_low), 5, name="seam"
            ),
            "'seam' must be one of .* got a Interface2DBC",
        ),
        (
            lambda: as_condition(
                icbc.PointSetBC(np.ones((2, 3)), np.full((2, 1), np.nan))
            ),
            "must be finite",
        ),
    ],
)
def test_what_cannot_be_translated_is_refused(build, message) -> None:
    with pytest.raises(ValueError, match=message):
        build()


def test_conditions_of_deepxde_stand_in_collocation() -> None:
    both = [CONDITIONS["initial"], CONDITIONS["dirichlet"]]
    data = Collocation(lambda x, y: y[:, :1], FLOW, 40, both)
    model = dde.Model(data, dde.nn.FNN([3, 5, 2], "tanh", "Glorot normal"))
    model.compile("adam", lr=1e-3, verbose=0)
    model.train(iterations=2, verbose=0)
    assert data.loss_names == ["pde", "IC 1", "DirichletBC 2"]
