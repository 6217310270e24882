"""Factors and fixed channels around a perceptron, on jets."""

import torch
from torch.func import jacrev, vmap

from ncl_deepxde.jets.jets import jet_of_callable, jet_space
from ncl_deepxde.nn.base.channels import ChannelMap
from ncl_deepxde.nn.constraints.ansatz import Ansatz


def known(x):
    """Return two factors and one fixed channel."""
    return torch.stack([x[:, 1] ** 2, torch.cos(x[:, 0]), x[:, 0] * x[:, 1]], dim=1)


def perceptron(x):
    return torch.sin(x @ torch.tensor([[1.0, -0.5], [0.3, 2.0]]))


def channels(x):
    factors, fixed = known(x).tensor_split([2], dim=1)
    return torch.cat([factors * perceptron(x), fixed], dim=1)


def test_channels_are_factors_times_the_perceptron_and_fixed_ones():
    """Nested reverse mode on the product is a second source for the jets."""
    ansatz, space = Ansatz(known, 2, 1), jet_space(2, 2)
    assert isinstance(ansatz, ChannelMap)
    assert ansatz.num_fixed == 1
    x = torch.rand(5, 2)
    streams = ansatz(jet_of_callable(perceptron, x, space), x, space)
    assert streams.shape == (len(space), 5, 3)

    def single(x):
        return channels(x[None])[0]

    first, second = jacrev(single), jacrev(jacrev(single))
    at, close = space.position, {"rtol": 1e-12, "atol": 1e-12}
    torch.testing.assert_close(streams[at[0, 0]], channels(x), **close)
    J, H = vmap(first)(x), vmap(second)(x)
    torch.testing.assert_close(streams[at[1, 0]], J[..., 0], **close)
    torch.testing.assert_close(streams[at[0, 2]], H[..., 1, 1], **close)
    torch.testing.assert_close(streams[at[1, 1]], H[..., 0, 1], **close)


def test_given_functions_are_evaluated_once_for_the_same_points():
    calls = []
    ansatz, space = Ansatz(lambda x: calls.append(1) or known(x), 2, 1), jet_space(2, 0)
    x = torch.rand(5, 2)
    streams = jet_of_callable(perceptron, x, space)
    first = ansatz(streams, x, space)
    number = len(calls)
    assert torch.equal(ansatz(2 * streams, x, space)[..., :2], 2 * first[..., :2])
    assert len(calls) == number
    ansatz(streams, x + 1, space)
    assert len(calls) > number
