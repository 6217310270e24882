"""The grid of the density, and the velocity with its divergence."""

import numpy as np
import pytest
import torch
from scipy.interpolate import RegularGridInterpolator

from ncl_deepxde.nn import SemiLagrangian
from ncl_deepxde.nn.semi_lagrangian.velocity import VelocityField


@pytest.mark.parametrize("dim", [2, 3])
def test_grid_interpolates_and_continues_beyond_the_box(dim) -> None:
    shape = (4, 5, 3)[:dim]
    net = SemiLagrangian(dim, grid=shape, box=([-1.0] * dim, [2.0] * dim), noise=0.5)
    axes = [np.linspace(-1, 2, n) for n in shape]
    values = net.grid.values.detach().numpy()
    x = 6 * torch.rand(50, dim) - 3
    x[:2] = torch.tensor([[-1.0] * dim, [2.0] * dim])
    right = RegularGridInterpolator(axes, values)(x.numpy().clip(-1, 2))
    found = net.grid(x)
    assert found.shape == (50, 1)
    np.testing.assert_allclose(found.detach().numpy()[:, 0], right, atol=1e-14)
    mass = net.grid_mass.detach().numpy()
    assert mass.shape == ()
    assert mass == pytest.approx(np.exp(values).mean(), rel=1e-14)


@pytest.mark.parametrize("activation", ["tanh", "silu"])
@pytest.mark.parametrize("hidden", [(5,), (5, 6), (5, 6, 7), (5, 6, 7, 4)])
@pytest.mark.parametrize("dim", [2, 3])
def test_divergence_is_that_of_autograd(dim, hidden, activation) -> None:
    field = VelocityField(dim, hidden, activation)
    x, t = torch.randn(7, dim, requires_grad=True), torch.randn(7, 1)
    u, divergence = field.with_divergence(x, t)
    right = sum(
        torch.autograd.grad(u[:, i].sum(), x, create_graph=True)[0][:, i : i + 1]
        for i in range(dim)
    )
    assert divergence.shape == (7, 1)
    assert torch.equal(u, field(x, t))
    torch.testing.assert_close(divergence, right, rtol=0, atol=1e-14)
    # All sign vectors together have the mean of the trace, exactly.
    signs = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0])] * dim)
    estimates = [field.with_estimate(x, t, e.expand(7, dim))[1] for e in signs]
    mean = torch.stack(estimates).mean(0)
    torch.testing.assert_close(mean, right, rtol=0, atol=1e-14)
    assert (estimates[0] - right).abs().max() > 1e-3
