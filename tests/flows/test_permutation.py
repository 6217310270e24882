"""A permutation of the axes."""

import pytest
import torch

from ncl_deepxde.flows import Moments, Permutation


def test_streams_are_permuted_and_come_back() -> None:
    layer, moments = Permutation([2, 0, 1]), Moments(None, 7)
    x = torch.randn(5, 7, 3)
    y = layer(x, None, moments)
    assert torch.equal(y, torch.stack([x[..., 2], x[..., 0], x[..., 1]], dim=-1))
    assert torch.equal(layer.inverse(y[0], None, moments), x[0])


@pytest.mark.parametrize("order", [[0, 0], [1, 2], [0, 1, 3]])
def test_other_orders_are_refused(order) -> None:
    with pytest.raises(ValueError, match=r"^order: must hold each of 0\.\.d-1 once"):
        Permutation(order)
