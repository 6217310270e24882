"""Levels with a Laplacian agree with those of all derivatives."""

import torch

from ncl_deepxde.jets.jets import jet_of_callable, jet_space
from ncl_deepxde.jets.served import Demand
from ncl_deepxde.potentials import MATRIX, DifferentialOperator, Summand
from ncl_deepxde.potentials.levels import Levels


def channels(x):
    a, b, c = x[:, :1], x[:, 1:2], x[:, 2:]
    return torch.cat([a * b**2 * c, a**3 + c**2 * b, torch.sin(a + b * c)], dim=1)


def test_laplacian_is_the_trace_of_second_derivatives() -> None:
    curl = MATRIX.operator([0, 1]).components
    outputs = DifferentialOperator([*curl, [Summand((), 2)], [Summand((2,), 1)]])
    x = torch.rand(5, 3)
    whole = Levels(outputs, 3, 3, Demand(2))
    y, J, H = whole(jet_of_callable(channels, x, whole.space))
    collapsed = Levels(outputs, 3, 3, Demand(1, (0, 2)))
    assert len(collapsed.space) < len(jet_space(3, 3))
    found = collapsed(jet_of_callable(channels, x, collapsed.space))
    for level, right in zip(found, (y, J, H[..., 0, 0] + H[..., 2, 2]), strict=True):
        torch.testing.assert_close(level, right, rtol=1e-12, atol=1e-12)
