"""Collocation data: which points, which losses, which errors."""

from __future__ import annotations

import math

import deepxde as dde
import numpy as np
import pytest
import scipy.stats
import torch
from two_residuals import (
    BOX,
    START,
    collocation,
    flat,
    model_of,
    points_of,
    start,
    transport,
)

from ncl_deepxde.data import Collocation, Condition, initial_slice, uniform_box


def test_points_are_fresh_leaves_on_the_default_device(dtype: torch.dtype) -> None:
    batches = points_of(collocation(), 4)
    assert {b.shape for b in batches} == {(5, 3)}
    assert {b.dtype for b in batches} == {dtype}
    assert {b.device.type for b in batches} == {torch.get_default_device().type}
    values = torch.cat(batches).flatten().tolist()
    assert len(set(values)) == len(values)


def test_number_of_points_may_be_changed_also_where_steps_share_them() -> None:
    data = Collocation(transport, BOX, 5, resample_every=10)
    before = points_of(data, 2)
    data.num_domain = 8
    after = points_of(data, 2)
    assert [len(x) for x in before + after] == [5, 5, 8, 8]
    assert torch.equal(*after)
    assert data.num_domain == 8
    message = r"^Collocation: num_domain must be at least 1, got 0"
    with pytest.raises(ValueError, match=message):
        data.num_domain = 0


@pytest.mark.parametrize("column", [0, 1, 2])
def test_points_are_uniform(column: int) -> None:
    data = Collocation(transport, BOX, 20, seed=1)
    x = torch.cat(points_of(data, 500)).numpy()[:, column]
    low, high = [(0.0, 1.0), (-1.0, 3.0), (2.0, 2.5)][column]
    assert low <= x.min() < x.max() < high
    # A fixed seed: no flaky test. 1e-3 would be passed by 999 of 1000 seeds.
    law = scipy.stats.uniform(low, high - low)
    assert scipy.stats.kstest(x, law.cdf).pvalue > 1e-3
    # Between steps: the lag correlation of n numbers is 1/sqrt(n) wide; 4 of these.
    steps = x.reshape(500, 20)
    lag = np.corrcoef(steps[1:].ravel(), steps[:-1].ravel())[0, 1]
    assert abs(lag) < 4 / math.sqrt(steps[1:].size)


def test_condition_may_hold_a_derivative() -> None:
    data = Collocation(lambda x, y: y[:, 0:1], BOX, 5, [Condition("c", START, 3, flat)])
    model = model_of(data)
    x, _ = data.train_next_batch()
    losses = model.outputs_losses_train(x, None, None)[1]
    J = torch.func.vmap(torch.func.jacrev(model.net))(data._train[1].points)
    torch.testing.assert_close(losses[1], J[:, 0, 0].square().mean())
    assert data.loss_names == ["pde", "c"]


# torch's forward mode itself calls the deprecated function.
@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:FutureWarning")
def test_forward_mode_gives_the_same_losses() -> None:
    def slope(inputs, outputs):
        f_t = dde.grad.jacobian(outputs, inputs, i=0, j=2)
        return f_t[0] if isinstance(f_t, tuple) else f_t

    losses = []
    data = Collocation(slope, BOX, 5, [Condition("start", START, 7, start)])
    model = model_of(data)
    x, _ = data.train_next_batch()
    try:
        for mode in ("reverse", "forward"):
            dde.config.set_default_autodiff(mode)
            losses.append(model.outputs_losses_train(x, None, None)[1])
    finally:
        dde.config.set_default_autodiff("reverse")
    torch.testing.assert_close(*losses)


def evaluate(data):
    model = model_of(data)
    model.outputs_losses_train(data.train_next_batch()[0], None, None)


@pytest.mark.parametrize(
    ("pde", "options", "message"),
    [
        (lambda x, y: y[:, 0], {}, r"'pde' must have the shape .* \(5,\)"),
        (lambda x, y: [y[:, 0:1], y], {}, r"'pde 2' must have .* \(5, 2\)"),
        (lambda x, y: [y[:2, 0:1]], {"names": ["mass"]}, "'mass' must have"),
        (transport, {"names": ["mass"]}, "names must hold one name for each of the 2"),
    ],
)
def test_bad_residual_is_refused(pde, options, message) -> None:
    with pytest.raises(ValueError, match=message):
        evaluate(Collocation(pde, BOX, 5, **options))


def test_bad_condition_residual_is_refused() -> None:
    bad = Condition("start", START, 7, lambda x, y: [y[:, 0]])
    with pytest.raises(ValueError, match=r"'start' must have .* \(7, 1\), got \(7,\)"):
        evaluate(Collocation(transport, BOX, 5, [bad]))


def test_bad_sampler_is_refused() -> None:
    with pytest.raises(ValueError, match=r"n = 5, got \(4, 3\)"):
        Collocation(transport, lambda n, g: BOX(n - 1, g), 5).train_next_batch()


def test_points_grow_and_go_on_so() -> None:
    def fresh():
        start = Condition("start", initial_slice(uniform_box([0.0], [1.0])), 4, equal)
        return Collocation(
            lambda x, y: y, uniform_box([0.0, 0.0], [1.0, 1.0]), 10, [start]
        )

    def equal(x, y):
        return [y]

    data = fresh()
    data.train_next_batch()
    test = data.test()[0]
    data.grow(1.5)
    points, _ = data.train_next_batch()
    assert len(points) == 15
    (_, call) = data.calls(torch.nn.Linear(2, 1))
    assert len(call.points) == 6
    assert len(data.test()[0]) == len(test) == 10
    other = fresh()
    other.load_state_dict(data.state_dict())
    assert torch.equal(other.train_next_batch()[0], data.train_next_batch()[0])
    # Checkpoints of before know no growth.
    other.load_state_dict({"step": 3})
    assert len(other.train_next_batch()[0]) == 10
