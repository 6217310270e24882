"""Gauss-Newton: exactness on linear models, both paths, descent, resume, errors."""

from __future__ import annotations

import deepxde as dde
import pytest
import torch
from deepxde.gradients.gradients import clear

from ncl_deepxde.data import Collocation, Condition, initial_slice, uniform_box
from ncl_deepxde.nn import NCL
from ncl_deepxde.operators import Flow, continuity, incompressibility, momentum
from ncl_deepxde.optimizers import GaussNewton
from ncl_deepxde.optimizers._damped_solve import damped_solve
from ncl_deepxde.optimizers._layer_path import layer_jacobian
from ncl_deepxde.optimizers._residuals import ResidualVector
from ncl_deepxde.optimizers._sample_path import sample_jacobian

BOX = uniform_box([0.0, 0.0, 0.0], [1.0, 1.0, 0.3])
START = initial_slice(uniform_box([0.0, 0.0], [1.0, 1.0]))


def euler(inputs, outputs):
    flow = Flow.of(inputs, outputs)
    rows = momentum(flow).split(1, dim=1)
    return [*rows, incompressibility(flow), continuity(flow)]


def start(inputs, outputs):
    wave = torch.sin(6.283185307179586 * inputs[:, :1])
    return [outputs[:, :1] - 1 - wave**2, outputs[:, 1:2] - wave]


def euler_data(num_domain=20, num_initial=9):
    return Collocation(
        euler, BOX, num_domain, [Condition("t=0", START, num_initial, start)]
    )


NETWORKS = {
    "fnn": lambda: dde.nn.FNN([3, 8, 8, 4], "tanh", "Glorot normal"),
    "pfnn": lambda: dde.nn.PFNN([3, [4] * 4, [5] * 4, 4], "sin", "Glorot normal"),
    "matrix": lambda: NCL([3, 8, 7, 4], "tanh", "Glorot normal", periods=1.0),
    "vector": lambda: NCL(
        [3, 6, 4], "tanh", "Glorot normal", construction="vector", output="velocity"
    ),
    "adaptive": lambda: NCL([3, 6, 6, 4], "LAAF-5 tanh", "Glorot normal", periods=1.0),
}


def compiled(net, data, *, weights=(0.1, 0.2, 0.3, 1.0, 10.0, 5.0), **options):
    model = dde.Model(data, net)
    optimizer = GaussNewton(model, **options)
    model.compile(optimizer, loss_weights=weights and list(weights), verbose=0)
    return model


def step(model):
    inputs, _ = model.data.train_next_batch()
    return model.train_step(inputs, None, None)


def losses(model):
    inputs, _ = model.data.train_next_batch()
    return model.outputs_losses_train(inputs, None, None)[1].sum()


def parameters_of(model):
    return {n: p for n, p in model.net.named_parameters() if p.requires_grad}


# Forward differentiation in torch itself, met in "adaptive".
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:FutureWarning")
@pytest.mark.parametrize("name", NETWORKS)
def test_jacobians_agree_with_autograd(name: str) -> None:
    model = compiled(NETWORKS[name](), euler_data())
    loss = losses(model)
    vector, parameters = ResidualVector(model), parameters_of(model)
    fast = layer_jacobian(vector, parameters)
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
