"""Collapsed jets hold the same derivatives and Laplacians as whole ones."""

import pytest
import torch

from ncl_deepxde.jets import activations
from ncl_deepxde.jets.collapsed import collapsed_space, laplacian
from ncl_deepxde.jets.dense import dense
from ncl_deepxde.jets.jets import jet_space, product, unit

CASES = [
    # dim, wanted derivatives, axes of the Laplacian, number of streams
    (4, [unit(4, i) for i in range(3)], (0, 1, 2), 17),
    (3, [unit(3, i) for i in range(3)], (0, 1), 13),
    (3, [(0, 0, 0)], (0, 1, 2), 5),
    (2, [unit(2, 0)], (1,), 7),
    (3, [(2, 0, 0), (1, 1, 0)], (0, 1), 17),
]


def summed(whole, full, space):
    """Return the streams of a collapsed jet as sums of those of a whole one."""
    return torch.stack(
        [sum(whole[full.position[alpha]] for alpha in s) for s in space.streams]
    )


@pytest.mark.parametrize(("dim", "wanted", "axes", "number"), CASES)
def test_layers_agree_with_whole_jets(dim, wanted, axes, number) -> None:
    torch.manual_seed(0)
    space = collapsed_space(dim, frozenset(wanted), axes)
    full = jet_space(dim, space.order)
    assert len(space) == number
    activation = activations.get("tanh")
    weight = torch.randn(4, 3, requires_grad=True)
    bias = torch.randn(4, requires_grad=True)
    z = torch.randn(len(full), 5, 3, requires_grad=True)
    right = summed(dense(z, weight, bias, activation, full), full, space)
    found = dense(summed(z, full, space), weight, bias, activation, space)
    torch.testing.assert_close(found, right, rtol=1e-12, atol=1e-12)
    g = torch.randn_like(found)
    pairs = zip(
        torch.autograd.grad(found, (z, weight, bias), g),
        torch.autograd.grad(right, (z, weight, bias), g),
        strict=True,
    )
    for fast, slow in pairs:
        torch.testing.assert_close(fast, slow, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(("dim", "wanted", "axes", "number"), CASES)
def test_products_agree_with_whole_jets(dim, wanted, axes, number) -> None:
    space = collapsed_space(dim, frozenset(wanted), axes)
    full = jet_space(dim, space.order)
    p, z = torch.randn(2, len(full), 5, 3)
    right = summed(product(p, z, full), full, space)
    found = product(summed(p, full, space), summed(z, full, space), space)
    torch.testing.assert_close(found, right, rtol=1e-12, atol=1e-12)
    for alpha in wanted:
        assert space.summands(laplacian(alpha, axes))
