"""The path by layers: layers on jets differentiated once more, other parameters."""

import deepxde as dde
import pytest
import torch
from euler_models import compiled, euler_data
from torus_flow import step

from ncl_deepxde.data import Collocation, uniform_box
from ncl_deepxde.nn import NCL, LFlow
from ncl_deepxde.optimizers import GaussNewton
from ncl_deepxde.optimizers.gauss_newton.layer_path import layer_jacobian
from ncl_deepxde.optimizers.gauss_newton.residuals import ResidualVector

BOX = uniform_box([0.0, 0.0, 0.0], [1.0, 1.0, 0.3])


def viscous(x, y):
    laplacian = sum(dde.grad.hessian(y, x, component=1, i=i, j=i) for i in (0, 1))
    return [dde.grad.jacobian(y, x, i=1, j=2) - 0.1 * laplacian]


def steady(x, y):
    return [dde.grad.jacobian(y, x, i=1, j=2)]


def lflow():
    sizes = {"blocks": 1, "depth": 1, "width": 4, "time_embedding": (4, 3)}
    return LFlow(2, **sizes, frequency=3.0)


class Frequencies(dde.nn.FNN):
    """A network on waves whose frequencies, more than 256, are trained."""

    def __init__(self):
        super().__init__([90, 5, 4], "tanh", "Glorot normal")
        self.frequencies = torch.nn.Parameter(torch.randn(3, 90))

    def forward(self, inputs):
        return super().forward((inputs @ self.frequencies).sin())


CASES = {
    "trained frequencies": (viscous, Frequencies),
    **{
        f"ncl served {k}": (
            viscous,
            lambda k=k: NCL([3, 6, 5, 4], "tanh", "Glorot normal", served=k),
        )
        for k in (0, 1, 2)
    },
    "lflow": (steady, lflow),
}


@pytest.mark.parametrize("name", CASES)
def test_jacobian_counts_every_use_once(name) -> None:
    pde, build = CASES[name]
    net = build()
    model = dde.Model(Collocation(pde, BOX, 7), net)
    model.compile(GaussNewton(model), verbose=0)
    inputs, _ = model.data.train_next_batch()
    model.outputs_losses_train(inputs, None, None)
    vector, parameters = ResidualVector(model), dict(net.named_parameters())
    fast = layer_jacobian(vector.terms, parameters)
    ((_, (residual,)),) = list(vector.groups())
    rows = []
    for entry in residual:
        found = torch.autograd.grad(
            entry, list(parameters.values()), retain_graph=True, materialize_grads=True
        )
        rows.append(torch.cat([g.flatten() for g in found]))
    J = torch.stack(rows)
    found = torch.cat([torch.cat([p.rows() for p in b]) for b in fast.blocks], dim=1)
    # Sums of about a thousand products.
    torch.testing.assert_close(found, J, rtol=0, atol=1e-12 * float(J.abs().max()))


def test_parameters_outside_layers_are_refused_when_large() -> None:
    class Scaled(dde.nn.FNN):
        def __init__(self, entries):
            super().__init__([3, 4, 4], "tanh", "Glorot normal")
            self.scale = torch.nn.Parameter(torch.ones(entries))

        def forward(self, inputs):
            return super().forward(inputs) * self.scale.mean()

    step(compiled(Scaled(5), euler_data()))
    with pytest.raises(ValueError, match="'scale' with 1000 entries"):
        step(compiled(Scaled(1000), euler_data()))
    step(compiled(Scaled(1000), euler_data(), path="samples"))
