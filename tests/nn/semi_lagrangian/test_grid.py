"""The grid of the density against the interpolation of scipy."""

import numpy as np
import pytest
import torch
from scipy.interpolate import RegularGridInterpolator

from ncl_deepxde.nn import SemiLagrangian


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
