"""Collocation data: which points, which losses, which errors."""

from __future__ import annotations

import math

import deepxde as dde
import numpy as np
import pytest
import scipy.stats
import torch

from ncl_deepxde.data import Collocation, Condition, initial_slice, uniform_box

BOX = uniform_box([0.0, -1.0, 2.0], [1.0, 3.0, 2.5])
START = initial_slice(uniform_box([0.0, -1.0], [1.0, 3.0]), 2.0)


def transport(inputs, outputs):
    """Two residuals of outputs (f, g): f_t + g_x and g_t - f_y."""
    f_t = dde.grad.jacobian(outputs, inputs, i=0, j=2)
    g_x = dde.grad.jacobian(outputs, inputs, i=1, j=0)
    g_t = dde.grad.jacobian(outputs, inputs, i=1, j=2)
    f_y = dde.grad.jacobian(outputs, inputs, i=0, j=1)
    return [f_t + g_x, g_t - f_y]


def start(inputs, outputs):
    return [outputs[:, 0:1] - inputs[:, 0:1], outputs[:, 1:2] - inputs[:, 1:2] ** 2]


def flat(inputs, outputs):
    return [dde.grad.jacobian(outputs, inputs, i=0, j=0)]


def collocation(**options):
    conditions = (
        Condition("start", START, 7, start),
        Condition("flat", START, 3, flat),
    )
    return Collocation(transport, BOX, 5, conditions, **options)


def model_of(data, **options):
    model = dde.Model(data, dde.nn.FNN([3, 8, 2], "tanh", "Glorot normal"))
    model.compile("adam", lr=1e-3, verbose=0, **options)
    return model


def points_of(data, steps):
    return [data.train_next_batch()[0] for _ in range(steps)]


def by_hand(model, x, x_start):
    """The five defects by torch.func, an independent differentiation."""
    jacobian = torch.func.vmap(torch.func.jacrev(model.net))
    J, y = jacobian(x), model.net(x_start)
    return [
        J[:, 0, 2] + J[:, 1, 0],
        J[:, 1, 2] - J[:, 0, 1],
        y[:, 0] - x_start[:, 0],
        y[:, 1] - x_start[:, 1] ** 2,
    ]


def test_points_are_a_function_of_seed_and_step() -> None:
    first = points_of(collocation(seed=3), 6)
    torch.rand(5)  # the global generator plays no part
    data = collocation(seed=3)
    data.load_state_dict({"step": 4})
    for early, late in zip(first[4:], points_of(data, 2), strict=True):
        assert torch.equal(early, late)
    assert data.state_dict() == {"step": 6}
    assert not torch.equal(first[0], points_of(collocation(seed=4), 1)[0])


def test_points_do_not_depend_on_the_conditions() -> None:
    bare = Collocation(lambda x, y: y, BOX, 5)
    for one, other in zip(points_of(bare, 3), points_of(collocation(), 3), strict=True):
        assert torch.equal(one, other)


def test_points_are_fresh_leaves_on_the_default_device(dtype: torch.dtype) -> None:
    batches = points_of(collocation(), 4)
    assert {b.shape for b in batches} == {(5, 3)}
    assert {b.dtype for b in batches} == {dtype}
    assert {b.device.type for b in batches} == {torch.get_default_device().type}
    values = torch.cat(batches).flatten().tolist()
    assert len(set(values)) == len(values)


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


@pytest.mark.parametrize(
    ("loss", "mean"),
    [("MSE", lambda r: r.square().mean()), ("MAE", lambda r: r.abs().mean())],
)
def test_losses_are_means_over_their_own_rows(dtype, loss, mean) -> None:
    data = Collocation(transport, BOX, 5, [Condition("start", START, 7, start)])
    weights = [1.0, 2.0, 3.0, 4.0]
    model = model_of(data, loss=loss, loss_weights=weights)
    x, _ = data.train_next_batch()
    x_start = data._train[1]
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


def test_condition_may_hold_a_derivative() -> None:
    data = Collocation(lambda x, y: y[:, 0:1], BOX, 5, [Condition("c", START, 3, flat)])
    model = model_of(data)
    x, _ = data.train_next_batch()
    losses = model.outputs_losses_train(x, None, None)[1]
    J = torch.func.vmap(torch.func.jacrev(model.net))(data._train[1])
    torch.testing.assert_close(losses[1], J[:, 0, 0].square().mean())
    assert data.loss_names == ["pde", "c"]


def test_test_points_are_fixed_and_apart() -> None:
    data = collocation(num_test=11)
    before, _ = data.test()
    train = points_of(data, 2)
    after, _ = data.test()
    assert before.shape == (11, 3)
    assert torch.equal(before, after)
    assert before is not after
    assert not torch.equal(before[:5], train[0])
    model = model_of(data)
    losses = model.outputs_losses_test(after, None, None)[1]
    assert losses.shape == (5,)
    hand = by_hand(model, after, data._test[1])
    torch.testing.assert_close(
        losses[:4], torch.stack([r.square().mean() for r in hand])
    )


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


def test_bad_sampler_is_refused() -> None:
    with pytest.raises(ValueError, match=r"n = 5, got \(4, 3\)"):
        Collocation(transport, lambda n, g: BOX(n - 1, g), 5).train_next_batch()
