"""Steps along bent curves: the second order of the residuals, and when to refuse."""

from __future__ import annotations

from itertools import pairwise

import deepxde as dde
import pytest
import torch

from ncl_deepxde.data import Collocation, uniform_box
from ncl_deepxde.optimizers import GaussNewton
from ncl_deepxde.optimizers.gauss_newton.curve import Curve
from ncl_deepxde.optimizers.gauss_newton.damped_solve import (
    SolverOptions,
    damped_system,
)
from ncl_deepxde.optimizers.gauss_newton.layer_path import layer_jacobian
from ncl_deepxde.optimizers.gauss_newton.residuals import ResidualVector

ETAS = [1 / 16, 1 / 32, 1 / 64]


def model_of(curvature, **options):
    """Residuals y + curvature y^2 - 1 of a linear y: quadratic in the parameters."""

    def fit(inputs, outputs):
        return outputs + curvature * outputs**2 - 1

    net = torch.nn.Linear(4, 1)
    net.regularizer = net.auxiliary_vars = None
    data = Collocation(fit, uniform_box([0.0] * 4, [1.0] * 4), 3)
    model = dde.Model(data, net)
    model.compile(GaussNewton(model, **options), verbose=0)
    return model


def prepared(model):
    """Return the residuals, the Jacobian, a solver and the curve of a first step."""
    inputs, _ = model.data.train_next_batch()
    model.outputs_losses_train(inputs, None, None)
    vector = ResidualVector(model)
    parameters = dict(model.net.named_parameters())
    with torch.enable_grad():
        jacobian = layer_jacobian(vector.terms, parameters)
    options = SolverOptions("kernel", 1, 1e-3, 1)
    solve = damped_system(jacobian, options, 0).at(1e-12).solve
    curve = Curve(list(parameters.values()), solve(jacobian.residuals))
    return vector, jacobian, solve, curve


@pytest.mark.parametrize(("is_bent", "rate"), [(False, 2.0), (True, 3.0)])
@torch.no_grad()
def test_residuals_are_linear_along_the_curve(is_bent: bool, rate: float) -> None:
    vector, jacobian, solve, curve = prepared(model_of(0.3))
    if is_bent:
        curve.accelerate(vector, jacobian, solve)
        assert 0 < curve.ratio * ETAS[0] < 0.75
    defects = []
    for eta in ETAS:
        curve.move(eta)
        linear = (1 - eta) * jacobian.residuals
        defects.append((vector.value() - linear).norm())
    rates = [torch.log2(a / b).item() for a, b in pairwise(defects)]
    assert all(abs(found - rate) < 0.1 for found in rates)


@torch.no_grad()
def test_linear_problem_has_a_straight_curve() -> None:
    ends = []
    for acceleration in (False, True):
        dde.config.set_random_seed(4)
        model = model_of(0.0, acceleration=acceleration)
        inputs, _ = model.data.train_next_batch()
        with torch.enable_grad():
            model.train_step(inputs, None, None)
        ends.append(torch.cat([p.flatten() for p in model.net.parameters()]))
    # The second difference of linear residuals is round-off over the probe squared.
    torch.testing.assert_close(*ends, rtol=0, atol=1e-12)


@torch.no_grad()
def test_strongly_bent_curve_is_left_straight() -> None:
    model = model_of(30.0)
    before = [p.clone() for p in model.net.parameters()]
    vector, jacobian, solve, curve = prepared(model)
    curve.accelerate(vector, jacobian, solve)
    assert curve.ratio > 0.75
    for p, origin in zip(model.net.parameters(), before, strict=True):
        assert torch.equal(p, origin)
    curve.move(1.0)
    for p, origin, d in zip(curve.parameters, before, curve.direction, strict=True):
        torch.testing.assert_close(p, origin - d)
