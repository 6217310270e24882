"""Data of residuals: points by seed and step, losses of all terms, bad arguments."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from two_residuals import (
    BOX,
    START,
    by_hand,
    collocation,
    model_of,
    points_of,
    start,
    transport,
)

from ncl_deepxde.data import Collocation, Condition


def test_points_are_a_function_of_seed_and_step() -> None:
    first = points_of(collocation(seed=3), 6)
    torch.rand(5)  # the global generator plays no part
    data = collocation(seed=3)
    data.load_state_dict({"step": 4})
    for early, late in zip(first[4:], points_of(data, 2), strict=True):
        assert torch.equal(early, late)
    assert data.state_dict() == {"step": 6, "growth": 1.0}
    assert not torch.equal(first[0], points_of(collocation(seed=4), 1)[0])


def test_points_do_not_depend_on_the_conditions() -> None:
    bare = Collocation(lambda x, y: y, BOX, 5)
    for one, other in zip(points_of(bare, 3), points_of(collocation(), 3), strict=True):
        assert torch.equal(one, other)


def test_points_stay_for_resample_every_steps_without_gradients() -> None:
    data = collocation(resample_every=3)
    batches = points_of(data, 3)
    for b in batches:
        b.requires_grad_().sum().backward()
        assert torch.equal(b, batches[0])
        assert torch.equal(b.grad, torch.ones_like(b))
    assert not torch.equal(points_of(data, 1)[0], batches[0])
    data.resample_every = 1
    assert not torch.equal(*points_of(data, 2))


def test_condition_points_are_fresh_too() -> None:
    seen = []
    watch = Condition("watch", START, 7, lambda x, y: [seen.append(x) or y[:, 0:1]])
    model = model_of(Collocation(transport, BOX, 5, [watch]))
    model.train(iterations=2, display_every=100, verbose=0)
    assert {x.shape for x in seen} == {(7, 3)}
    assert len({x[0, 0].item() for x in seen}) >= 3


@pytest.mark.parametrize(
    ("loss", "mean"),
    [("MSE", lambda r: r.square().mean()), ("MAE", lambda r: r.abs().mean())],
)
def test_losses_are_means_over_their_own_rows(dtype, loss, mean) -> None:
    data = Collocation(transport, BOX, 5, [Condition("start", START, 7, start)])
    weights = [1.0, 2.0, 3.0, 4.0]
    model = model_of(data, loss=loss, loss_weights=weights)
    x, _ = data.train_next_batch()
    x_start = data._train[1].points
    assert x_start.shape == (7, 3)
    losses = model.outputs_losses_train(x, None, None)[1]
    hand = [
        mean(r) * w for r, w in zip(by_hand(model, x, x_start), weights, strict=True)
    ]
    assert losses.shape == (4,)
    # Two roundings of some 50 operations each.
    tolerance = 100 * torch.finfo(dtype).eps
    torch.testing.assert_close(
        losses, torch.stack(hand), rtol=tolerance, atol=tolerance
    )
    assert data.loss_names == ["pde 1", "pde 2", "start 1", "start 2"]


def test_each_term_may_have_its_own_loss_function() -> None:
    data = collocation(names=["mass", "momentum"])
    kinds = ["MSE", "MAE", "MSE", "zero", "MAE"]
    kinds[3] = lambda true, pred: pred.sum() * 0 + 42.0
    model = model_of(data, loss=kinds)
    losses = model.outputs_losses_train(data.train_next_batch()[0], None, None)[1]
    assert losses.shape == (5,)
    assert losses[3] == 42.0
    assert data.loss_names == ["mass", "momentum", "start 1", "start 2", "flat"]


def test_test_points_are_fixed_and_apart() -> None:
    data = collocation(num_test=11)
    before, _ = data.test()
    train = points_of(data, 2)
    after, _ = data.test()
    assert before.shape == (11, 3)
    # As numpy arrays, which DeepXDE draws and writes.
    assert np.array_equal(before, after)
    assert not np.array_equal(before[:5], train[0])
    model = model_of(data)
    losses = model.outputs_losses_test(after, None, None)[1]
    assert losses.shape == (5,)
    hand = by_hand(model, torch.as_tensor(after), data._test[1].points)
    torch.testing.assert_close(
        losses[:4], torch.stack([r.square().mean() for r in hand])
    )


def test_wrong_number_of_loss_functions_is_refused() -> None:
    data = collocation()
    model = model_of(data, loss=["MSE", "MSE"])
    with pytest.raises(ValueError, match="one for each of the 5 terms"):
        model.outputs_losses_train(data.train_next_batch()[0], None, None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_domain": 0}, "num_domain must be at least 1, got 0"),
        ({"num_test": 0}, "num_test"),
        ({"resample_every": 0}, "resample_every"),
        ({"seed": -1}, "seed must not be negative"),
        ({"names": ["a", "a"]}, "names must differ"),
        ({"conditions": [Condition("c", START, 0, start)]}, "num_points of 'c'"),
    ],
)
def test_bad_arguments_are_refused(options, message) -> None:
    with pytest.raises(ValueError, match=message):
        Collocation(transport, BOX, **({"num_domain": 5} | options))
