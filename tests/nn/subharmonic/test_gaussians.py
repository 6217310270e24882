"""The closed forms of moving Gaussians, against scipy and autograd."""

import math

import numpy as np
import pytest
import scipy.integrate
import scipy.special
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.nn import SubharmonicNCL


def jacobian(field, x):
    return vmap(jacrev(lambda z: field(z[None])[0]))(x)


def potential_of_a_gaussian(d, r):
    """Return the potential of N(z; 0, I) by scipy, as the papers write it."""
    s = r * r / 2
    if d == 1:
        return r * scipy.special.ndtr(r) + np.exp(-s) / np.sqrt(2 * np.pi) - r / 2
    if d == 2:
        return (np.log(r * r) + scipy.special.exp1(s)) / (4 * np.pi)
    return -scipy.special.erf(r / np.sqrt(2)) / (4 * np.pi * r)


def one_gaussian(d):
    """Return a network with one Gaussian of width 1 that rests at the origin."""
    net = SubharmonicNCL(d, components=1, hidden=(3,), solenoidal=None)
    with torch.no_grad():
        net.mixture.start.zero_()
        for weight in net.mixture.network.parameters():
            weight.zero_()
    return net


@pytest.mark.parametrize("d", [1, 2, 3])
def test_gradient_of_the_potential_agrees_with_scipy(d, dtype) -> None:
    """Values to 1e-6, their derivatives to 1e-5, as differences of scipy's resolve."""
    gaussian = one_gaussian(d).mixture
    r = np.concatenate([np.geomspace(1e-2, 1, 20), np.linspace(1.1, 12, 40)])
    h = 2e-3 * r

    def slope(r):
        phi = [potential_of_a_gaussian(d, r + k * h) for k in (-2, -1, 1, 2)]
        return (phi[0] - 8 * phi[1] + 8 * phi[2] - phi[3]) / (12 * h)

    x = torch.zeros(len(r), d + 1)
    x[:, 0] = torch.as_tensor(r).to(dtype)
    found = gaussian(x).gradient().detach()
    assert found.shape == (len(r), d)
    np.testing.assert_allclose(found[:, 0], slope(r), rtol=1e-6, atol=1e-6)
    assert d == 1 or float(found[:, 1:].abs().max()) == 0
    J = jacobian(lambda x: gaussian(x).gradient(), x).detach()
    expected = (slope(r + h) - slope(r - h)) / (2 * h)
    np.testing.assert_allclose(J[:, 0, 0], expected, rtol=1e-5, atol=1e-5)


def test_density_and_gradient_at_the_center(dtype) -> None:
    for d in (1, 2, 3):
        gaussian, x = one_gaussian(d).mixture, torch.zeros(1, d + 1)
        peak = (2 * math.pi) ** (-d / 2)
        torch.testing.assert_close(
            gaussian(x).log_density.exp(), torch.tensor([[peak]])
        )
        J = jacobian(lambda x, g=gaussian: g(x).gradient(), x)
        torch.testing.assert_close(J[0, :, :d], torch.eye(d) * (peak / d))


@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_density_is_the_laplacian_and_momentum_its_rate(d) -> None:
    """Autograd on the gradient of the potential: space gives rho, time -m."""
    mixture = SubharmonicNCL(d, components=5, hidden=(8, 7), width=0.7).mixture
    x = torch.cat([torch.randn(7, d), torch.rand(7, 1)], dim=1)
    J = jacobian(lambda x: mixture(x).gradient(), x)
    rho = J[:, :, :d].diagonal(dim1=1, dim2=2).sum(dim=1, keepdim=True)
    close = {"rtol": 1e-12, "atol": 1e-14}
    torch.testing.assert_close(mixture(x).log_density.exp(), rho, **close)
    torch.testing.assert_close(mixture(x).potential_momentum(), -J[:, :, d], **close)


@pytest.mark.parametrize("d", [2, 3])
def test_momentum_decays_as_stated(d) -> None:
    """The mass is constant, so the far field is that of a dipole: |x|^-d."""
    net = SubharmonicNCL(d, components=5, hidden=(8, 7), solenoidal=None)
    direction = torch.nn.functional.normalize(torch.randn(1, d))
    radii = [1e4, 2e4, 4e4]
    sizes = []
    for r in radii:
        x = torch.cat([r * direction, torch.full((1, 1), 0.4)], dim=1)
        sizes.append(float(net.flux(x)[:, 1:].detach().norm()))
    rate = math.log2(sizes[0] / sizes[1])
    # The next term of the multipole expansion is smaller by |c| / r.
    assert abs(rate - d) < 1e-3
    assert abs(math.log2(sizes[1] / sizes[2]) - d) < 1e-3
