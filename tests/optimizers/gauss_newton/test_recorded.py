"""DeepXDE's own data: every kind of condition by one path, against plain autograd."""

import deepxde as dde
import numpy as np
import pytest
import torch
from deepxde_problems import LINE, PROBLEMS, SQUARE, network, one_dimensional

from ncl_deepxde.optimizers import GaussNewton
from ncl_deepxde.optimizers.gauss_newton.layer_path import layer_jacobian
from ncl_deepxde.optimizers.gauss_newton.residuals import ResidualVector
from ncl_deepxde.optimizers.gauss_newton.sample_path import sample_jacobian


def prepared(data, net, **options):
    model = dde.Model(data, net)
    model.compile(GaussNewton(model), verbose=0, **options)
    model.train_state.set_data_train(*data.train_next_batch())
    state = model.train_state

    def closure():
        return model.outputs_losses_train(
            state.X_train, state.y_train, state.train_aux_vars
        )[1].sum()

    return model, closure


@pytest.mark.parametrize("path", ["layers", "samples"])
@pytest.mark.parametrize("name", PROBLEMS)
def test_jacobian_is_that_of_every_entry(name, path) -> None:
    data = PROBLEMS[name]()
    model, closure = prepared(data, network(data))
    parameters = dict(model.net.named_parameters())
    vector = ResidualVector(model)
    if path == "layers":
        found = layer_jacobian(lambda: vector.observed(closure), parameters)
    else:
        vector.observed(closure)
        found = sample_jacobian(vector, parameters, order=2)
    assert vector.loss == pytest.approx(closure().item())
    residuals = torch.cat(vector.terms())
    torch.testing.assert_close(found.residuals, residuals.detach())
    torch.testing.assert_close(residuals.square().sum(), closure())
    rows = []
    for entry in torch.cat(vector.terms()):
        grads = torch.autograd.grad(
            entry, list(parameters.values()), retain_graph=True, materialize_grads=True
        )
        rows.append(torch.cat([g.flatten() for g in grads]))
    J = torch.stack(rows)
    blocks = torch.cat([torch.cat([b.rows() for b in c]) for c in found.blocks], dim=1)
    # Sums of about a thousand products.
    eps = torch.finfo(J.dtype).eps
    torch.testing.assert_close(blocks, J, rtol=0, atol=1e3 * eps * float(J.abs().max()))


@pytest.mark.parametrize("name", PROBLEMS)
def test_training_lowers_the_loss(name) -> None:
    dde.config.set_random_seed(1)
    data = PROBLEMS[name]()
    model = dde.Model(data, network(data))
    model.compile(GaussNewton(model), verbose=0)
    history, _ = model.train(iterations=30, display_every=30, verbose=0)
    first, last = (
        losses.sum() for losses in (history.loss_train[0], history.loss_train[-1])
    )
    assert last < 0.05 * first


def test_points_may_change_between_steps() -> None:
    data = PROBLEMS["initial"]()
    model = dde.Model(data, network(data))
    model.compile(GaussNewton(model), verbose=0)
    resample = dde.callbacks.PDEPointResampler(period=2, bc_points=True)
    model.train(iterations=3, verbose=0)
    data.add_anchors(np.array([[0.1, 0.2]]))
    model.train(iterations=7, callbacks=[resample], verbose=0)


def test_weights_may_be_one_number() -> None:
    data = PROBLEMS["periodic"]()
    model, closure = prepared(data, network(data), loss_weights=2.0)
    vector = ResidualVector(model)
    found = torch.cat(vector.observed(closure))
    torch.testing.assert_close(found.square().sum(), closure())
    assert vector.names == ["pde", "PeriodicBC 1", "PeriodicBC 2"]


def test_data_keep_their_losses() -> None:
    data = PROBLEMS["dirichlet"]()
    model, closure = prepared(data, network(data))
    before = closure().item()
    ResidualVector(model).observed(closure)
    assert "losses_train" not in vars(data)
    assert closure().item() == before
    assert closure().requires_grad


def refusal(data, net=None, **options) -> str:
    model = dde.Model(data, net or network(data))
    with pytest.raises(ValueError, match="GaussNewton: ") as error:
        train(model, **options)
    return str(error.value)


def train(model, **options) -> None:
    model.compile(GaussNewton(model), verbose=0, **options)
    model.train(iterations=1, verbose=0)


def test_what_is_no_square_of_residuals_is_refused_by_name() -> None:
    integral = dde.data.IDE(
        LINE, lambda x, y, w: y, [], 5, kernel=lambda x: x, num_domain=4
    )
    assert "IDE" in refusal(integral, dde.nn.FNN([1, 3, 1], "tanh", "Glorot normal"))
    assert "sum of weighted mean squares" in refusal(PROBLEMS["function"](), loss="MAE")
    net = dde.nn.FNN([1, 3, 1], "tanh", "Glorot normal", ["l1", 1e-8])
    assert "regularization must be None, got ['l1', 1e-08]" in refusal(
        PROBLEMS["function"](), net
    )


def test_errors_of_a_wrong_shape_are_refused() -> None:
    flat = one_dimensional()
    flat.pde = lambda x, y: y - x[:, 0]
    assert "(9, 9): a column (N, 1) minus a vector (N,)" in refusal(flat)
    nowhere = one_dimensional(
        dde.icbc.DirichletBC(LINE, lambda x: x, lambda x, on: on and x[0] > 5)
    )
    assert "'DirichletBC 1' must have points, got none" in refusal(nowhere)


def test_as_many_components_as_points_are_no_wrong_shape() -> None:
    points = np.array([[0.2, 0.3], [0.6, 0.1]])
    values = dde.icbc.PointSetBC(points, points, component=[0, 1])
    data = dde.data.PDE(SQUARE, lambda x, y: y[:, :1], [values], 3)
    train(dde.Model(data, network(data)))


def test_another_model_is_refused() -> None:
    data, other = PROBLEMS["function"](), PROBLEMS["function"]()
    model = dde.Model(data, network(data))
    for stranger in (dde.Model(data, network(data)), dde.Model(other, network(data))):
        model.compile(GaussNewton(stranger), verbose=0)
        with pytest.raises(ValueError, match="must be the one that is trained"):
            model.train(iterations=1, verbose=0)
    with pytest.raises(ValueError, match=r"must be a deepxde\.Model, got generator"):
        GaussNewton(model.net.parameters())


def test_interface_has_two_points_for_each_residual() -> None:
    data = PROBLEMS["interface"]()
    assert isinstance(data.geom, type(SQUARE))
    _, closure = prepared(data, network(data))
    assert closure().item() > 0
    assert data.num_bcs[0] % 2 == 0
