"""The map to coordinates of order one, on streams and back."""

import torch

from ncl_deepxde.flows import AxisScaling, Moments


def test_values_are_shifted_and_all_streams_divided(dtype) -> None:
    layer, moments = AxisScaling([3.0, -1.0], [2.0, 0.5]), Moments(None, 7)
    x = torch.rand(4, 7, 2)
    y = layer(x, None, moments)
    assert (y.dtype, y.shape) == (dtype, (4, 7, 2))
    # Differences of numbers of size 3, rounded once, divided by 0.5.
    limit = 8 * torch.finfo(dtype).eps
    for i, (o, L) in enumerate([(3.0, 2.0), (-1.0, 0.5)]):
        assert float((y[0, :, i] - (x[0, :, i] - o) / L).abs().max()) <= limit
        assert torch.equal(y[1:, :, i], x[1:, :, i] / L)
    assert float((layer.inverse(y[0], None, moments) - x[0]).abs().max()) <= limit
    assert layer.state_dict() == {}
