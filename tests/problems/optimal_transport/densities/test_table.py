"""Tabulated mixtures agree with the mixtures themselves."""

from __future__ import annotations

import pytest
import torch

from ncl_deepxde.problems.optimal_transport.densities import tabulated, target
from ncl_deepxde.problems.optimal_transport.densities.table import TabulatedMixture


@pytest.mark.parametrize("name", ["circles", "pinwheel", "swissroll"])
def test_table_agrees_with_the_mixture(name):
    exact = target(name)
    table = tabulated(exact)
    assert isinstance(table, TabulatedMixture)
    generator = torch.Generator().manual_seed(0)
    x = torch.cat(
        [exact.sample(500, generator), 6 * torch.rand(500, 2, generator=generator) - 3]
    )
    rho = exact.density(x)
    assert table.density(x).shape == (1000, 1)
    # Two coordinates, each 3/128 h^4 times a fourth derivative of at most
    # 3 rho / sigma^4, with h = sigma/10.
    bound = 2 * 3 / 128 * 3e-4 * float(rho.max())
    torch.testing.assert_close(table.density(x), rho, atol=bound, rtol=0)
    inside = rho > 1e-2
    torch.testing.assert_close(
        table.log_density(x)[inside], rho[inside].log(), atol=100 * bound, rtol=0
    )
    assert (table.density(torch.tensor([[50.0, 0.0], [0.0, -1e6]])) == 0).all()


def test_few_gaussians_need_no_table():
    assert tabulated(rho := target("8gaussians")) is rho
    assert tabulated(rho := target("modes1d")) is rho


def test_table_draws_from_the_mixture():
    exact = target("circles")
    seeds = [torch.Generator().manual_seed(0) for _ in range(2)]
    drawn = exact.sample(9, seeds[0]), tabulated(exact).sample(9, seeds[1])
    assert torch.equal(*drawn)
