"""Trained numbers as channels on jets: their derivatives, constants, Laplacians."""

import pytest
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.jets.collapsed import collapsed_space
from ncl_deepxde.jets.jets import jet_space
from ncl_deepxde.nn.constraints.time_channels import TimeChannels


def random_channels(axis):
    channels = TimeChannels(2, axis)
    with torch.no_grad():
        for p in channels.parameters():
            p.normal_()
    return channels


@pytest.mark.parametrize("axis", [None, 2])
def test_streams_are_derivatives(axis, dtype) -> None:
    channels, space, x = random_channels(axis), jet_space(3, 3), torch.rand(5, 3)
    streams = channels(x, space)
    assert streams.shape == (len(space), 5, 2)
    assert streams.dtype == dtype
    flat = jet_space(3, 0)

    def value(z):
        return channels(z[None], flat)[0, 0]

    levels, f = [], value
    for _ in range(4):
        levels.append(vmap(f)(x))
        f = jacrev(f)
    for alpha, found in zip(space.indices, streams, strict=True):
        right = levels[sum(alpha)]
        for i in (i for i, count in enumerate(alpha) for _ in range(count)):
            right = right[..., i]
        torch.testing.assert_close(found, right, rtol=1e-4, atol=1e-4)
        assert (found != 0).any() == (sum(alpha) == (alpha[2] if axis else 0))


def test_laplacians_sum_derivatives() -> None:
    channels, x = random_channels(2), torch.rand(5, 3)
    space = collapsed_space(3, frozenset({(0, 0, 0), (1, 0, 0)}), (0, 1, 2))
    plain = jet_space(3, 3)
    streams, right = channels(x, space), channels(x, plain)
    assert any(len(stream) > 1 for stream in space.streams)
    for stream, found in zip(space.streams, streams, strict=True):
        expected = sum(right[plain.position[alpha]] for alpha in stream)
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("axis", [None, 0])
def test_they_start_from_zero(axis) -> None:
    channels = TimeChannels(3, axis)
    value = channels(torch.rand(4, 1), jet_space(1, 0))[0]
    # Sixteen units of at most 1 times 1e-3.
    assert value.abs().max() < 16e-3
    assert all(p.requires_grad for p in channels.parameters())
