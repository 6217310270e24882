"""Functions of a batch are told from functions of a point, round-off from a mistake."""

import deepxde as dde
import numpy as np
import pytest
import torch
from torch.func import vmap

from ncl_deepxde.jets.pointwise import (
    PointwiseCheck,
    check_torch,
    check_without_points,
)


def bump(x):
    return torch.exp(-20 * (x - 0.5).square().sum(dim=1, keepdim=True))


MIXING = {
    "maximum": lambda x: bump(x) / bump(x).max(),
    "mean": lambda x: x - x.mean(dim=0),
    "number": lambda x: x / len(x),
    "order": lambda x: x.cumsum(dim=0),
    "neighbor": lambda x: x + x.roll(1, dims=0),
    "first": lambda x: x - x[:1],
    "deviation": lambda x: x / x.std(dim=0),
    "table": lambda x: x * torch.arange(20.0)[:, None],
    "one column": lambda x: torch.cat([x, x[:, 1:] / x[:, 1:].max()], dim=1),
    "random": lambda x: x + torch.rand_like(x),
}


@pytest.mark.parametrize("kind", MIXING)
@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_functions_of_the_batch_are_refused(kind, offset, dtype) -> None:
    x = torch.rand(20, 2)

    def shifted(x):
        return MIXING[kind](x - offset)

    with pytest.raises(ValueError, match=r"^density: must be a function of each point"):
        PointwiseCheck("density", is_kept=True)(shifted, x + offset)


def cancelling(x):
    """Lose all digits of a float32 but one."""
    return (1e5 + bump(x)) - 1e5


def noise(x):
    """Return what is 0 but for round-off, in sums that depend on the batch."""
    R = torch.linalg.qr(torch.rand(50, 50, generator=torch.Generator().manual_seed(1)))[
        0
    ]
    wide = torch.sin(torch.arange(50.0) * x[:, :1])
    return ((wide @ R) @ R.T - wide).sum(dim=1, keepdim=True)


SOUND = {
    "bump": bump,
    "cancelling": cancelling,
    "noise": noise,
    "constant": lambda x: torch.full_like(x[:, :1], 2.0),
    "whole numbers": lambda x: (x > 0.5).long(),
    "jump": lambda x: torch.where(x[:, :1] > 0.5, 1.0, 1e-6),
    "huge": lambda x: 1e30 * bump(x),
    "undefined somewhere": lambda x: torch.log(x[:, :1] - 0.5),
    "infinite somewhere": lambda x: 1 / (x > 0.5),
    "row by row": vmap(lambda x: x.cumsum(dim=0) / x.max()),
    "many": lambda x: torch.sin(x @ torch.linspace(0, 9, 128).reshape(2, 64)),
}


@pytest.mark.parametrize("kind", SOUND)
@pytest.mark.parametrize("number", [1, 2, 20, 1003])
def test_functions_of_points_are_not(kind, number, dtype) -> None:
    check = PointwiseCheck("density", is_kept=True)
    check(SOUND[kind], torch.rand(number, 2))


def test_a_coordinate_that_does_not_vary_is_looked_at_again() -> None:
    check = PointwiseCheck("density", is_kept=True)
    x = torch.rand(20, 3)
    at_rest = torch.cat([x[:, :2], torch.full((20, 1), 0.5)], dim=1)

    def centered(x):
        return bump(x[:, :2]) * (1 + x[:, 2:] - x[:, 2:].mean())

    check(centered, at_rest)
    with pytest.raises(ValueError, match="each point by itself"):
        check(centered, x)


def test_what_is_known_is_not_evaluated_again() -> None:
    calls = []
    check = PointwiseCheck("density", is_kept=True)
    check(lambda x: calls.append(len(x)) or bump(x), torch.rand(500, 2))
    assert sum(calls) <= 3 * 500 + 3 * 8
    number = len(calls)
    check(lambda x: calls.append(len(x)) or bump(x), torch.rand(20, 2))
    assert len(calls) == number


def test_pictures_at_one_time_do_not_ask_again_and_again() -> None:
    calls, asked = [], []
    check = PointwiseCheck("density", is_kept=True)
    for time in (0.1, 0.2, 0.3):
        x = torch.cat([torch.rand(20, 2), torch.full((20, 1), time)], dim=1)
        check(lambda x: calls.append(len(x)) or bump(x[:, :2]), x)
        asked.append(len(calls))
    assert asked[0] == asked[-1]


def test_the_domain_is_not_left() -> None:
    """Points of the batch alone, and what lies between them."""
    corners = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 2)
    x = torch.cat([corners, torch.rand(20, 2)])

    def inside(x):
        assert (x >= 0).all()
        assert (x <= 1).all()
        return torch.sqrt(x * (1 - x))

    PointwiseCheck("density", is_kept=True)(inside, x)


def test_what_is_trained_is_refused_where_values_are_kept() -> None:
    A, x = dde.Variable(1.0), torch.rand(5, 2)
    message = r"^wall: must be a function without trainable .*dde.Variable.*loss"
    with pytest.raises(ValueError, match=message):
        PointwiseCheck("wall", is_kept=True)(lambda x: A * bump(x), x)
    with torch.no_grad(), pytest.raises(ValueError, match=message):
        PointwiseCheck("wall", is_kept=True)(lambda x: A * bump(x), x[:1])
    with pytest.raises(ValueError, match=message):
        check_without_points("wall", lambda x: A * bump(x), 2)
    PointwiseCheck("wall", is_kept=False)(lambda x: A * bump(x), x)
    net = torch.nn.Linear(2, 1).requires_grad_(False)
    PointwiseCheck("wall", is_kept=True)(net, x)
    check_without_points("wall", net, 2)


NUMPY = {
    "of tensors": lambda x: np.sin(x[:, :1]),
    "stacked": lambda x: np.hstack([x[:, :1], x[:, 1:]]),
    "arrays": lambda x: torch.as_tensor(x.numpy() ** 2),
}


@pytest.mark.parametrize("kind", NUMPY)
def test_numpy_is_refused_with_the_remedy(kind) -> None:
    message = r"^lifting: must be made of torch operations.*numpy.*torch.sin for np.sin"
    with pytest.raises(ValueError, match=message):
        check_without_points("lifting", NUMPY[kind], 2)
    with pytest.raises(ValueError, match=message):
        check_torch("lifting", NUMPY[kind], torch.rand(3, 2))


def test_a_function_that_needs_points_is_left_to_its_first_use() -> None:
    check_without_points("density", lambda x: bump(x) / bump(x).max(), 2)
    check_without_points("density", lambda x: 1 / 0, 2)


def test_inference_mode_and_torch_func() -> None:
    x = torch.rand(20, 2)
    with torch.inference_mode(), pytest.raises(ValueError, match="each point"):
        PointwiseCheck("density", is_kept=True)(MIXING["maximum"], torch.rand(20, 2))
    check = PointwiseCheck("density", is_kept=True)
    vmap(lambda z: check(MIXING["maximum"], z[None]) or z)(x)
    with pytest.raises(ValueError, match="each point"):
        check(MIXING["maximum"], x)
