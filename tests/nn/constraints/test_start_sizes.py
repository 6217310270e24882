"""States that start with far sizes: users are asked for sizes, at the first points."""

import pytest
import torch

from ncl_deepxde.nn import BalanceLaws, InitialState


def start(size):
    return InitialState(lambda x: size * (2 + torch.sin(x[:, :1])))


def build(*starts, **options):
    layers = [2, 6, 2 * len(starts)]
    given = {"laws": len(starts), "initial": starts} | options
    return BalanceLaws(layers, "tanh", "Glorot normal", **given)


@pytest.mark.parametrize("sizes", [(1, 0, 1e6), (1e-6, 1), (0, 1e-9, 1e-3)], ids=str)
def test_starts_of_far_sizes_need_sizes(sizes) -> None:
    x, starts = torch.rand(20, 2), [start(size) for size in sizes]
    net = build(*starts)
    net(x[:3])  # too few to tell
    last = len(sizes) - 1
    for _ in range(2):  # it is not used before all is well
        with pytest.raises(
            ValueError, match=rf"sizes: must be given .*, .* of law {last} and"
        ):
            net(x)
    build(*starts, sizes=[1.0] * len(sizes))(x)


@pytest.mark.parametrize("sizes", [(1, 0, 1e4), (0, 0), (1e9,), (1e9, 3e9)], ids=str)
def test_other_starts_do_not(sizes) -> None:
    build(*(start(size) for size in sizes))(torch.rand(20, 2))


def test_laws_without_a_start_do_not_count() -> None:
    build(start(1e6), None)(torch.rand(20, 2))
    build(None, None)(torch.rand(20, 2))
