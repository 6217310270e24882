"""The incompressible baseline: no divergence of u, continuity left to training."""

import pytest
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.nn import CurlNet

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

# Relative to the largest single term of the sum.
LIMITS = {torch.float64: 1e-12, torch.float32: 1e-5}


def relative_divergence(J):
    """Return the largest divergence, in units of the largest term; J is (N, n, n)."""
    terms = J.detach().diagonal(dim1=1, dim2=2)
    assert float(terms.abs().max()) > 0
    return float(terms.sum(dim=1).abs().max() / terms.abs().max())


def by_nesting(field, x):
    return vmap(jacrev(lambda z: field(z[None])[0]))(x)


def by_autograd(field, x):
    x = x.clone().requires_grad_()
    with torch.enable_grad():
        columns = field(x).unbind(dim=1)
        rows = [torch.autograd.grad(c.sum(), x, retain_graph=True)[0] for c in columns]
    return torch.stack(rows, dim=1)


@pytest.mark.parametrize("output", ["flux", "velocity"])
@pytest.mark.parametrize("construction", ["matrix", "vector"])
@pytest.mark.parametrize("periods", [None, 1.5])
@pytest.mark.parametrize("d", [2, 3])
def test_curl_net_is_incompressible(d, periods, construction, output, dtype) -> None:
    net = CurlNet(
        [d + 1, 7, 6, d + 2],
        "tanh",
        "Glorot normal",
        construction=construction,
        periods=periods,
        output=output,
    )
    x = torch.rand(5, d + 1)
    J = by_nesting(net.velocity, x)
    assert J.shape == (5, d, d + 1)
    limit = LIMITS[dtype]
    assert relative_divergence(J[:, :, :d]) < limit
    assert relative_divergence(by_autograd(net.velocity, x)[:, :, :d]) < limit
    flux = by_nesting(net.flux, x).roll(-1, 1)
    assert relative_divergence(flux) > 1e-3, "continuity is left to training"
    assert torch.allclose(net.flux(x)[:, 1:], net.velocity(x) * net.density(x))
