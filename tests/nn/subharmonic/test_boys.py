"""The integrals behind the potential of a Gaussian, against scipy's quadrature."""

import math

import pytest
import scipy.integrate
import scipy.special
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.nn.subharmonic.boys import boys


@pytest.mark.parametrize("n", range(1, 10))
def test_boys_function_is_the_integral(n, dtype) -> None:
    """Second source: scipy's quadrature; recursion loses a digit per step up."""
    s = [0.0, 1e-12, 1e-3, 0.3, 1 - 1e-7, 1.0, 1 + 1e-7, 1.7, 9.0, 80.0, 1e4]
    s = torch.tensor(s, dtype=dtype)
    expected = [
        scipy.integrate.quad(
            lambda tau, v=v: tau ** (n - 1) * math.exp(-v * tau * tau),
            0,
            min(1.0, 12 / math.sqrt(max(v, 1e-300))),
            epsabs=0,
            epsrel=1e-13,
        )[0]
        for v in s.tolist()
    ]
    expected = torch.tensor(expected, dtype=torch.float64)
    error = (boys(s, n).double() / expected - 1).abs().max()
    assert float(error) < 5 * 2 ** max(0, n - 5) * torch.finfo(dtype).eps


@pytest.mark.parametrize("n", [1, 2, 4, 5])
def test_boys_function_has_derivatives_of_every_order(n) -> None:
    s = torch.tensor([0.0, 1e-9, 0.5, 1.0, 2.0, 300.0], requires_grad=True)
    (first,) = torch.autograd.grad(boys(s, n).sum(), s, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), s)
    torch.testing.assert_close(first, -boys(s, n + 2))
    torch.testing.assert_close(second, boys(s, n + 4).detach())
    smooth = s[2:].detach().clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda v: boys(v, n), smooth)
    nested = vmap(jacrev(jacrev(lambda v: boys(v, n))))(s.detach())
    torch.testing.assert_close(nested, second)
