"""Potentials of densities, on tori and on star-shaped domains."""

import math

import pytest
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.nn import FourierPotential, HomotopyPotential

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")


def divergence(field, x):
    J = vmap(jacrev(lambda z: field(z[None])[0]))(x)
    return J.diagonal(dim1=1, dim2=2).sum(dim=1, keepdim=True)


@pytest.mark.parametrize("periods", [[1.0], [1.0, 2.0], [1.0, 0.5, 1.0]])
def test_fourier_potential_of_a_density(periods):
    d = len(periods)

    def density(x):
        return (
            1
            + torch.exp(torch.sin(2 * math.pi * x / x.new_tensor(periods)).sum(1))[
                :, None
            ]
        )

    a0 = FourierPotential(density, periods)
    x = torch.rand(30, d)
    assert a0(x).shape == (30, d)
    mean = 1 + float(torch.special.i0(torch.tensor(1.0))) ** d
    # 2 pi / 0.5 times the round-off of the coefficients.
    torch.testing.assert_close(divergence(a0, x), density(x) - mean, rtol=0, atol=1e-10)
    torch.testing.assert_close(a0(x + x.new_tensor(periods)), a0(x))


def test_fourier_potential_refuses_what_the_lattice_does_not_resolve():
    def peak(x):
        return torch.exp(-200 * torch.sin(math.pi * x).square().sum(1, keepdim=True))

    with pytest.raises(ValueError, match="density: 8 points per axis"):
        FourierPotential(peak, [1.0, 1.0], num=8)

    def odd(x):  # no even harmonic, hence nothing at the highest number of the lattice
        return torch.tanh(10 * torch.sin(2 * math.pi * x))

    with pytest.raises(ValueError, match="density: 32 points per axis"):
        FourierPotential(odd, [1.0])


def test_densities_of_a_wrong_shape_are_refused():
    with pytest.raises(ValueError, match="density: must map"):
        FourierPotential(lambda x: x, [1.0, 1.0])
    with pytest.raises(ValueError, match="density: must map"):
        HomotopyPotential(lambda x: x[:, 0])(torch.rand(5, 2))


@pytest.mark.parametrize("d", [1, 2, 3])
def test_homotopy_potential_converges_spectrally(d):
    def density(x):
        return torch.exp(x.sum(dim=1, keepdim=True)) + 2

    x = torch.rand(20, d) - 0.5
    errors = [
        float(
            (divergence(HomotopyPotential(density, 2.5, nodes=n), x) - density(x) + 2.5)
            .abs()
            .max()
        )
        for n in (2, 4, 12)
    ]
    assert errors[0] > 100 * errors[1]
    assert errors[2] < 1e-13 * 10
    with pytest.raises(ValueError, match="nodes"):
        HomotopyPotential(density, nodes=0)
