"""Derivatives by one parameter: every product is that with the matrix."""

import pytest
import torch

from ncl_deepxde.optimizers.gauss_newton.blocks import (
    BiasBlock,
    DenseBlock,
    WeightBlock,
)

N = 7


def weight_block():
    """Return a block of a weight (4, 3), used in two streams, and its matrix."""
    h, g = torch.randn(2, N, 3), torch.randn(2, N, 4)
    return WeightBlock(h, g), torch.einsum("sno,sni->noi", g, h).flatten(1)


def bias_block():
    g = torch.randn(N, 4)
    return BiasBlock(g), g


def dense_block():
    matrix = torch.randn(N, 12)
    return DenseBlock(matrix, torch.Size((4, 3))), matrix


def number_block():
    matrix = torch.randn(N, 1)
    return DenseBlock(matrix, torch.Size(())), matrix


BLOCKS = [weight_block, bias_block, dense_block, number_block]


@pytest.mark.parametrize("build", BLOCKS)
def test_products_are_those_of_the_matrix(build) -> None:
    block, matrix = build()
    direction, vector = torch.randn(block.shape), torch.randn(N)
    close = {"rtol": 1e-13, "atol": 1e-13}
    torch.testing.assert_close(block.rows(), matrix, **close)
    torch.testing.assert_close(
        block.push(direction), matrix @ direction.flatten(), **close
    )
    pulled = block.pull(vector)
    assert pulled.shape == block.shape
    torch.testing.assert_close(pulled.flatten(), vector @ matrix, **close)


@pytest.mark.parametrize("build", BLOCKS[:3])
def test_units_are_the_first_axis_of_the_parameter(build) -> None:
    block, matrix = build()
    found = block.rows(slice(1, 3))
    expected = matrix.reshape(N, *block.shape)[:, 1:3].flatten(1)
    torch.testing.assert_close(found, expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("build", BLOCKS)
def test_points_and_float_types_are_chosen(build) -> None:
    block, matrix = build()
    part = block.at(slice(2, 5))
    assert part.shape == block.shape
    torch.testing.assert_close(part.rows(), matrix[2:5], rtol=1e-13, atol=1e-13)
    assert part.double().rows().dtype == torch.float64
