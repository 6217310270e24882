"""The network of time: its derivative, its start, its arguments."""

import math

import pytest
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.flows import TimeNetwork


@pytest.mark.parametrize("hidden", [(6,), (5, 4), (4, 4, 4)])
def test_second_stream_is_the_derivative_by_time(hidden) -> None:
    net = TimeNetwork(torch.randn(7), hidden, (-3.0, 12.0))
    with torch.no_grad():
        net.matrix.normal_()
    t = 15 * torch.rand(5, 1) - 3
    c = net(t, 1)
    assert c.shape == (2, 5, 7)
    assert net(t, 3).shape == (4, 5, 7)
    assert net(t, 0).shape == (1, 5, 7)
    torch.testing.assert_close(net(t, 0)[0], c[0], rtol=1e-14, atol=1e-14)
    rate = vmap(jacrev(lambda s: net(s[None], 0)[0, 0]))(t)
    torch.testing.assert_close(c[1], rate[..., 0], rtol=1e-11, atol=1e-12)
    change = vmap(jacrev(jacrev(lambda s: net(s[None], 0)[0, 0])))(t)
    torch.testing.assert_close(net(t, 2)[2], change[..., 0, 0], rtol=1e-11, atol=1e-12)


def test_start_is_the_given_constant_and_nearly_at_rest() -> None:
    start = torch.randn(4)
    net = TimeNetwork(start, (8,), (0.0, 2.0))
    c = net(torch.linspace(0, 2, 9)[:, None], 1).detach()
    # Eight units of at most 1 times 1e-3.
    assert float((c[0] - start).abs().max()) < 8e-3
    assert 0 < float(c[1].abs().max()) < 8e-2


def test_units_of_time_do_not_matter() -> None:
    found = []
    for end in 1.0, 3600.0:
        torch.manual_seed(5)
        net = TimeNetwork(torch.zeros(3), (6,), (0.0, end))
        found.append(net(end * torch.tensor([[0.25]]), 1).detach()[:, 0])
    torch.testing.assert_close(found[0][0], found[1][0], rtol=1e-13, atol=1e-15)
    torch.testing.assert_close(found[0][1], 3600 * found[1][1], rtol=1e-12, atol=0)


@pytest.mark.parametrize(
    "times", [(1.0, 1.0), (1.0, 0.0), (0.0,), (0, 1, 2), (math.nan, 1.0)], ids=str
)
def test_times_must_increase(times) -> None:
    with pytest.raises(ValueError, match=r"^times: must hold the first and") as error:
        TimeNetwork(torch.zeros(1), times=times)
    assert str(times) in str(error.value)


@pytest.mark.parametrize("hidden", [(), (0,), (8, -1), (8.0,)], ids=str)
def test_widths_must_be_positive(hidden) -> None:
    message = r"^time_embedding: .*at least one.*Use for example \(64, 64\)"
    with pytest.raises(ValueError, match=message) as error:
        TimeNetwork(torch.zeros(1), hidden)
    assert str(hidden) in str(error.value)
