"""The series of a function is the function; what a lattice misses is refused."""

import math

import pytest
import torch

from ncl_deepxde.nn.constraints.fourier import RealSeries, fourier_modes

PERIODS = (1.0, 3.0)


def waves(x):
    a, b = 2 * math.pi * x[:, :1], 2 * math.pi * x[:, 1:2] / 3
    return torch.cat([2 + torch.sin(a + 2 * b), torch.cos(3 * a) * torch.sin(b)], dim=1)


def test_the_series_gives_the_function_back() -> None:
    n, modes, mean = fourier_modes("waves", waves, 2, PERIODS, 16, 1e-13)
    assert len(n) == 6
    k = 2 * math.pi * torch.as_tensor(n) / torch.tensor(PERIODS).double()
    series = RealSeries(k, torch.as_tensor(modes))
    x = torch.rand(50, 2, dtype=torch.float64)
    expected = waves(x)
    found = series(x) + torch.as_tensor(mean)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-13)


def test_a_coarse_lattice_is_refused() -> None:
    with pytest.raises(ValueError, match="waves: 8 points per axis must resolve it"):
        fourier_modes("waves", waves, 2, PERIODS, 8, 1e-13)
