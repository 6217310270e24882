"""The residual vector: its squares are the loss, of the closure and of trials."""

import deepxde as dde
import pytest
import torch
from euler_models import NETWORKS, compiled, euler_data, losses

from ncl_deepxde.data import Collocation, Observations, Penalty, Table, uniform_box
from ncl_deepxde.optimizers.gauss_newton.residuals import (
    ResidualVector,
    residual_source,
)


def test_squares_add_up_to_the_weighted_loss() -> None:
    model = compiled(NETWORKS["matrix"](), euler_data())
    loss = losses(model)
    vector = ResidualVector(model)
    value = vector.value()
    assert value.shape == (20 * 4 + 9 * 2,)
    assert not value.requires_grad
    torch.testing.assert_close(value.square().sum(), loss.detach())
    torch.testing.assert_close(torch.cat(vector.terms()).detach(), value)


def test_parameters_are_trained_again_after_a_trial() -> None:
    model = compiled(NETWORKS["fnn"](), euler_data())
    losses(model)
    model.net.linears[0].bias.requires_grad_(False)
    before = [p.requires_grad for p in model.net.parameters()]
    ResidualVector(model).value()
    assert [p.requires_grad for p in model.net.parameters()] == before


def test_closure_is_evaluated_once_without_a_graph() -> None:
    model = compiled(NETWORKS["fnn"](), euler_data())
    expected = losses(model).detach()
    vector, calls = ResidualVector(model), []

    def closure():
        calls.append(1)
        total = model.outputs_losses_train(model.train_state.X_train, None, None)[1]
        return total.sum()

    model.train_state.X_train = model.data.calls(model.net)[0].inputs()
    found = vector.observed(closure)
    assert len(calls) == 1
    assert vector.loss == pytest.approx(float(expected))
    torch.testing.assert_close(torch.cat(found).square().sum(), expected)
    assert all(r.requires_grad for r in found)


def test_penalties_are_refused() -> None:
    table = Table(torch.rand(5, 3), torch.ones(5, 1))
    mass = Penalty("mass", lambda net: net.bias.sum())
    data = Observations(table, 5, velocity=None, penalties=[mass])

    model = dde.Model(data, NETWORKS["fnn"]())
    with pytest.raises(ValueError, match=r"^GaussNewton: penalties .* \['mass'\]"):
        residual_source(model)
    model.data = Collocation(lambda x, y: y, uniform_box([0, 0], [1, 1]), 5)
    assert residual_source(model) is model.data
