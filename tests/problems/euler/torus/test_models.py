"""The networks of the Euler torus: closure, initial state, features, seams."""

import numpy as np
import pytest
import torch
from euler_flows import built, shear_flow

from ncl_deepxde.problems.euler.torus.initial_state import density, velocity
from ncl_deepxde.problems.euler.torus.models import (
    closure_residuals,
    initial_residuals,
    periodic_features,
)
from ncl_deepxde.problems.euler.torus.problem import PROBLEM


def test_closure_of_a_shear_flow_vanishes():
    flow = shear_flow(torch.rand(7, 3))
    rho, m, zero, p = flow.split(1, dim=1)
    columns = [rho, m, zero, m * m / rho + p, zero, p, m / rho, zero]
    found = closure_residuals(torch.rand(7, 3), torch.cat(columns, dim=1))
    assert [r.shape for r in found] == [(7, 1)] * 4
    assert max(r.abs().max() for r in found) < 1e-13


def test_initial_residuals_vanish_for_the_initial_state_only():
    x = np.random.default_rng(0).random((7, 2))
    rho, u = density(x.T), velocity(x.T)
    state = np.vstack([rho, rho * u, 0 * rho]).T
    inputs = torch.as_tensor(np.hstack([x, np.zeros((7, 1))]))
    defects = initial_residuals(inputs, torch.as_tensor(state))
    assert [r.shape for r in defects] == [(7, 1)] * 3
    assert max(r.abs().max() for r in defects) < 1e-14 * 30
    wrong = initial_residuals(inputs, torch.as_tensor(state) + 1)
    assert torch.allclose(torch.cat(wrong), torch.ones(21, 1, dtype=torch.float64))


def test_initial_state_has_the_mean_the_networks_are_given():
    axis = (np.arange(32) + 0.5) / 32
    x = np.stack(np.meshgrid(axis, axis)).reshape(2, -1)
    net = built(PROBLEM, "ncl-matrix").model.net
    mean = density(x).mean()
    # The uniform sum is exact for trigonometric polynomials of low degree.
    assert mean == pytest.approx(float(net.fixed[0]), abs=1e-13)


def test_features_of_the_plain_network_are_periodic():
    inputs = torch.rand(7, 3)
    features = periodic_features(3)
    shifted = inputs + torch.tensor([1.0, -2.0, 0.0])
    assert features(inputs).shape == (7, 13)
    assert torch.allclose(features(inputs), features(shifted), atol=1e-13)


@pytest.mark.parametrize("model", ["pinn-hard", "ncl-hard"])
def test_hard_models_start_from_the_state_and_join_at_the_seams(model):
    net = built(PROBLEM, model, windows=2).model.net
    x = torch.rand(20, 2)
    at = [torch.cat([x, torch.full((20, 1), t)], dim=1) for t in (0.0, 1 / 6)]
    start = initial_residuals(at[0], net(at[0]))
    assert max(r.abs().max() for r in start) < 1e-13 * 30
    before, after = (part(at[1])[:, :3] for part in net.nets)
    torch.testing.assert_close(before, after, rtol=1e-12, atol=1e-12)
