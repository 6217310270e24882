"""Activation normalization starts from its data, whatever they are."""

import torch

from ncl_deepxde.flows import ActNorm, Moments


def started(x):
    layer = ActNorm(x.shape[1])
    layer.start(x)
    y = layer(x[None], None, Moments(None, len(x)))[0]
    assert y.shape == x.shape
    assert y.isfinite().all()
    return y


def test_start_gives_mean_zero_and_deviation_one(dtype) -> None:
    x = torch.tensor([3.0, -20.0]) + torch.tensor([0.1, 50.0]) * torch.randn(400, 2)
    y = started(x)
    # The mean 3 in units of the deviation 0.1 costs 30 eps; the sum of 400 some more.
    limit = 1e3 * torch.finfo(dtype).eps
    assert float(y.mean(0).abs().max().detach()) < limit
    assert float((y.std(0, correction=0) - 1).abs().max().detach()) < limit


def test_constant_axis_is_only_shifted(dtype) -> None:
    x = torch.stack([torch.rand(50), torch.full((50,), 1 / 3)], dim=1)
    y = started(x)
    limit = 10 * torch.finfo(dtype).eps
    torch.testing.assert_close(y[:, 1], torch.zeros(50), rtol=0, atol=limit)
    layer = ActNorm(2)
    layer.start(x)
    log_scale = layer.log_scale.detach()
    assert float(log_scale[1]) == 0
    assert float(log_scale[0]) > 0.5


def test_one_point_is_only_shifted() -> None:
    assert torch.equal(started(torch.tensor([[5.0, -3.0]])), torch.zeros(1, 2))


def test_zeros_stay_zero() -> None:
    assert torch.equal(started(torch.zeros(4, 3)), torch.zeros(4, 3))
