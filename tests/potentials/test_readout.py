"""Readouts pick and add the right entries of a jet."""

import torch

from ncl_deepxde.jets.jets import jet_space
from ncl_deepxde.potentials import MATRIX, Readout, Summand


def test_components_may_have_different_numbers_of_summands() -> None:
    space = jet_space(2, 4)
    streams = torch.randn(len(space), 7, 3)
    components = [[Summand((), 2)], [Summand((0, 1), 0, 3.0), Summand((1,), 1, -1.0)]]
    value, derivative, second = (
        Readout(components, 3, space, k)(streams) for k in range(3)
    )
    at = space.position
    assert (value.shape, derivative.shape) == ((7, 2), (7, 2, 2))
    assert second.shape == (7, 2, 2, 2)
    torch.testing.assert_close(value[:, 0], streams[at[0, 0], :, 2])
    right = 3 * streams[at[1, 1], :, 0] - streams[at[0, 1], :, 1]
    torch.testing.assert_close(value[:, 1], right)
    right = 3 * streams[at[1, 2], :, 0] - streams[at[0, 2], :, 1]
    torch.testing.assert_close(derivative[:, 1, 1], right)
    torch.testing.assert_close(second[:, 0, 0, 1], streams[at[1, 1], :, 2])


def test_readout_keeps_single_precision() -> None:
    space = jet_space(2, 1)
    streams = torch.randn(len(space), 3, 1, dtype=torch.float32)
    readout = Readout(MATRIX.components([0, 1]), 1, space, 0)
    assert readout(streams).dtype == torch.float32
    assert not readout.state_dict()


def test_component_without_summands_is_zero() -> None:
    space = jet_space(2, 2)
    streams = torch.randn(len(space), 7, 3)
    for level in range(2):
        y = Readout([[Summand((0,), 2), Summand((1,), 0)], []], 3, space, level)(
            streams
        )
        assert y.shape == (7, 2, *[2] * level)
        assert (y[:, 1] == 0).all()
        assert (y[:, 0] != 0).all()
