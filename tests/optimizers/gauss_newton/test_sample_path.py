"""The Jacobian point by point, against autograd and the path by layers."""

from __future__ import annotations

import deepxde as dde
import pytest
import torch
from deepxde.gradients.gradients import clear
from euler_models import NETWORKS, compiled, euler_data, losses, parameters_of
from torus_flow import step

from ncl_deepxde.data import Collocation, uniform_box
from ncl_deepxde.optimizers.gauss_newton.layer_path import layer_jacobian
from ncl_deepxde.optimizers.gauss_newton.residuals import ResidualVector
from ncl_deepxde.optimizers.gauss_newton.sample_path import sample_jacobian


# Forward differentiation in torch itself, met in "adaptive".
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:FutureWarning")
@pytest.mark.parametrize("name", NETWORKS)
def test_jacobians_agree_with_autograd(name: str) -> None:
    model = compiled(NETWORKS[name](), euler_data())
    loss = losses(model)
    vector, parameters = ResidualVector(model), parameters_of(model)
    fast = layer_jacobian(vector.terms, parameters)
    rows = [
        torch.cat(
            [
                torch.zeros(p.numel()) if g is None else g.flatten()
                for p, g in zip(
                    parameters.values(),
                    torch.autograd.grad(
                        entry,
                        list(parameters.values()),
                        retain_graph=True,
                        allow_unused=True,
                    ),
                    strict=True,
                )
            ]
        )
        for _, group in vector.groups()
        for r in group
        for entry in r
    ]
    J = torch.stack(rows)
    assert J.shape == (20 * 4 + 9 * 2, sum(p.numel() for p in parameters.values()))
    # Sums of about a thousand products: 1e-12 leaves three digits above round-off.
    close = {"rtol": 1e-12, "atol": 1e-12 * J.abs().max().item()}
    found = torch.cat([torch.cat([p.rows() for p in b]) for b in fast.blocks], dim=1)
    torch.testing.assert_close(found, J, **close)
    scale = (J @ J.T).abs().max().item()
    torch.testing.assert_close(
        fast.kernel().tril(), (J @ J.T).tril(), rtol=0, atol=1e-13 * scale
    )
    v, w = torch.randn(len(J)), torch.randn(J.shape[1])
    pulled = torch.cat([p.flatten() for p in fast.pull(v)])
    torch.testing.assert_close(pulled, v @ J, rtol=1e-10, atol=1e-10)
    sizes = [p.numel() for p in parameters.values()]
    parts = [
        q.reshape(p.shape)
        for q, p in zip(w.split(sizes), parameters.values(), strict=True)
    ]
    torch.testing.assert_close(fast.push(parts), J @ w, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(fast.residuals.square().sum(), loss.detach())
    slow = sample_jacobian(vector, parameters, order=1)
    found = torch.cat([torch.cat([p.rows() for p in b]) for b in slow.blocks], dim=1)
    torch.testing.assert_close(found, J, **close)
    clear()


def test_missing_order_is_reported() -> None:
    def laplace(inputs, outputs):
        return [dde.grad.hessian(outputs, inputs, i=0, j=0)]

    box = uniform_box([0.0], [1.0])
    net = dde.nn.FNN([1, 4, 1], "tanh", "Glorot normal")

    def with_order(order):
        data = Collocation(laplace, box, 5)
        return compiled(net, data, weights=None, path="samples", order=order)

    with pytest.raises(ValueError, match="order=1"):
        step(with_order(1))
    clear()
    model = with_order(2)
    losses(model)
    vector, parameters = ResidualVector(model), parameters_of(model)
    slow = sample_jacobian(vector, parameters, order=2)
    fast = layer_jacobian(vector.terms, parameters)
    torch.testing.assert_close(slow.kernel(), fast.kernel(), rtol=1e-9, atol=1e-12)
