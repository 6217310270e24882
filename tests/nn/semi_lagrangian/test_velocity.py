"""The velocity and its divergence, exact and estimated, against autograd."""

import pytest
import torch

from ncl_deepxde.nn.semi_lagrangian.velocity import VelocityField


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
