"""Residuals of the Euler equations, of an exact flow and of a wrong one."""

import pytest
import torch
from euler_flows import shear_flow

from ncl_deepxde.problems.euler.equations import flow_residuals


@pytest.mark.parametrize("num_points", [1, 7])
@pytest.mark.parametrize(("with_continuity", "number"), [(False, 3), (True, 4)])
@pytest.mark.parametrize("per_volume", [False, True])
def test_residuals_of_an_exact_solution_vanish(
    per_volume, with_continuity, number, num_points
):
    inputs = torch.rand(num_points, 3, requires_grad=True)
    found = flow_residuals(
        inputs,
        shear_flow(inputs),
        per_volume=per_volume,
        with_continuity=with_continuity,
    )
    assert [r.shape for r in found] == [(num_points, 1)] * number
    # Terms are of order 30 (2 pi times rho^2 u^2): a few roundings each.
    assert max(r.abs().max() for r in found) < 1e-12


def test_residuals_see_a_wrong_flow():
    inputs = torch.rand(7, 3, requires_grad=True)
    outputs = shear_flow(inputs) + torch.tensor([0, 0, 1.0, 0])
    found = flow_residuals(inputs, outputs, per_volume=False)
    assert all(r.abs().max() > 0.1 for r in found)
    # Force and incompressibility in physical units: less by rho^2 and rho.
    rho = outputs[:, :1].detach()
    scaled = flow_residuals(inputs, outputs, per_volume=True)
    for r, s, power in zip(found, scaled, (2, 2, 1), strict=True):
        torch.testing.assert_close(s, r / rho**power)
