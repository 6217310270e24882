"""Under autocast the forward pass of the networks keeps full precision."""

import contextlib
import io

import deepxde as dde
import pytest
import torch

from ncl_deepxde.nn import NCL


@pytest.fixture
def _mixed():
    with contextlib.redirect_stdout(io.StringIO()):
        dde.config.set_default_float("mixed")


def network(**options):
    torch.manual_seed(0)
    return NCL([3, 16, 16, 4], "tanh", "Glorot normal", **options)


def pieces(net, mixed):
    """Return outputs, served derivatives and the parameter gradients of a loss."""
    x = torch.rand(40, 3, generator=torch.Generator().manual_seed(1)).requires_grad_()
    net.zero_grad()
    with torch.autocast("cpu", dtype=torch.float16, enabled=mixed):
        y = net(x)
        rows = [
            torch.autograd.grad(column.sum(), x, create_graph=True)[0]
            for column in y.unbind(dim=1)
        ]
        J = torch.stack(rows, dim=1)
        (y[:, :1] * J[:, 1]).square().mean().backward()
    return y.detach(), J.detach(), [p.grad.clone() for p in net.parameters()]


@pytest.mark.usefixtures("_mixed")
@pytest.mark.parametrize("served", [1, 2])
@pytest.mark.parametrize("construction", ["matrix", "vector"])
def test_outputs_and_served_derivatives_keep_full_precision(construction, served):
    net = network(construction=construction, served=served)
    full, half = pieces(net, False), pieces(net, True)
    for found, right in zip(half[:2], full[:2], strict=True):
        assert found.dtype == torch.float32
        # Half precision would show at 1e-3.
        torch.testing.assert_close(found, right, rtol=1e-6, atol=1e-6)
    terms = torch.stack([half[1][:, 0, 2], half[1][:, 1, 0], half[1][:, 2, 1]])
    assert float(terms.sum(0).abs().max()) < 1e-5 * float(terms.abs().max())
    # DeepXDE runs the backward pass inside autocast: there matrix products are half.
    for found, right in zip(half[2], full[2], strict=True):
        assert float((found - right).abs().max()) <= 0.02 * float(right.abs().max())


@pytest.mark.usefixtures("_mixed")
def test_model_trains_in_mixed_precision() -> None:
    def pde(x, y):
        rho_t = dde.grad.jacobian(y, x, i=0, j=2)
        m_x = dde.grad.jacobian(y, x, i=1, j=0)
        m_y = dde.grad.jacobian(y, x, i=2, j=1)
        return [rho_t - 1, rho_t + m_x + m_y]

    geom = dde.geometry.Rectangle([0, 0], [1, 1])
    geomtime = dde.geometry.GeometryXTime(geom, dde.geometry.TimeDomain(0, 1))
    data = dde.data.TimePDE(
        geomtime, pde, [], num_domain=40, train_distribution="pseudo"
    )
    model = dde.Model(data, network())
    model.compile("adam", lr=1e-2)
    model.train(iterations=20, display_every=20, verbose=0)
    first, last = model.losshistory.loss_train[0], model.losshistory.loss_train[-1]
    assert last[0] < 0.8 * first[0]
    assert last[1] < 1e-10
