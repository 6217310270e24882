"""The hand-written backward pass gives the gradients of the plain formula."""

import pytest
import torch
from torch.autograd import gradgradcheck

from ncl_deepxde.flows import Moments
from ncl_deepxde.flows.dense_streams import dense_streams, plain_streams

FREQUENCY = 7.0


def case(S, streams, index, dim=2, depth=3, width=4):
    """Return x, weights, biases and moments; each tensor wants a gradient."""
    N = 6 if index is None else len(index)
    moments = Moments(index, N if index is None else 3)
    x = torch.randn(S, N, dim)
    weights = [torch.randn(width, dim + k * width) / 2 for k in range(depth)]
    weights.append(torch.randn(dim, dim + depth * width))
    biases = torch.randn(streams, moments.number, depth * width)
    return [w.requires_grad_() for w in (x, biases, *weights)], moments


INDICES = {"own": None, "repeated": torch.tensor([2, 0, 0, 1, 2, 2, 1])}


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize(("S", "streams"), [(1, 1), (3, 1), (4, 2)])
def test_values_and_gradients_equal_the_plain_formula(S, streams, index) -> None:
    (x, biases, *weights), moments = case(S, streams, INDICES[index])
    fast = dense_streams(x, weights, biases, moments, FREQUENCY)
    plain = plain_streams(x, weights, biases, moments, FREQUENCY)
    assert fast.shape == x.shape
    torch.testing.assert_close(fast, plain, rtol=1e-12, atol=1e-12)
    g = torch.randn_like(fast)
    inputs = [x, biases, *weights]
    found = torch.autograd.grad(fast, inputs, g)
    expected = torch.autograd.grad(plain, inputs, g)
    for a, b in zip(found, expected, strict=True):
        assert float(b.abs().max()) > 0
        # The terms are the same; their order of addition is not.
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize(("S", "streams"), [(1, 1), (3, 2)])
def test_second_derivatives_are_right(S, streams, index) -> None:
    inputs, moments = case(S, streams, INDICES[index], dim=1, depth=2, width=2)

    def function(x, biases, *weights):
        return dense_streams(x, weights, biases, moments, 2.0)

    # Central differences over 1e-6: 1e-16 / 1e-6 times some hundred terms.
    assert gradgradcheck(function, inputs, atol=1e-6, rtol=1e-6)


def test_inputs_without_gradient_are_left_out_of_second_derivatives() -> None:
    (x, biases, *weights), moments = case(4, 2, None)
    fixed = [x.detach(), biases, *(w.detach() for w in weights)]
    out = dense_streams(fixed[0], fixed[2:], biases, moments, FREQUENCY)
    (g,) = torch.autograd.grad(out.sin().sum(), biases, create_graph=True)
    (second,) = torch.autograd.grad(g.square().sum(), biases)
    plain = plain_streams(fixed[0], fixed[2:], biases, moments, FREQUENCY)
    (g,) = torch.autograd.grad(plain.sin().sum(), biases, create_graph=True)
    (expected,) = torch.autograd.grad(g.square().sum(), biases)
    torch.testing.assert_close(second, expected, rtol=1e-10, atol=1e-10)


def test_no_derivative_by_time_without_its_biases() -> None:
    """With the streams of space alone the last one is not mistaken for time's."""
    (x, biases, *weights), moments = case(3, 1, None)
    out = dense_streams(x, weights, biases, moments, FREQUENCY)
    swapped = dense_streams(x[[0, 2, 1]], weights, biases, moments, FREQUENCY)
    torch.testing.assert_close(out[[0, 2, 1]], swapped, rtol=1e-13, atol=1e-13)
