"""Losses of the Hodge decomposition: exact, estimated, and when they vanish."""

from __future__ import annotations

import pytest
import torch

from ncl_deepxde.data.samplers import keyed_generator
from ncl_deepxde.problems.hodge.losses import (
    LOSSES,
    Objective,
    curl_squared,
    divergence_squared,
)
from ncl_deepxde.problems.hodge.target import PERIOD, Target

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

ROUND_OFF = 1e-20  # squares of sums of some hundred terms, float64


def points(n, number):
    return PERIOD * torch.rand(number, n) - PERIOD / 2


def quadratic(x):
    """A field with the Jacobian [[2x, z, y], [0, 2y, 0], [y, x, 3]]."""
    x, y, z = x.T
    return torch.stack([x * x + y * z, y * y, x * y + 3 * z], dim=1)


def test_exact_losses_are_those_of_a_known_jacobian():
    x = points(3, 7)
    a, b, c = x.T
    # J - J^T has the entries z, y - y = 0, -x above its diagonal.
    curl = 2 * (c**2 + a**2)
    assert curl_squared(quadratic, x).shape == (7, 1)
    torch.testing.assert_close(curl_squared(quadratic, x)[:, 0], curl)
    divergence = 2 * a + 2 * b + 3
    torch.testing.assert_close(divergence_squared(quadratic, x)[:, 0], divergence**2)


@pytest.mark.parametrize("loss", [curl_squared, divergence_squared])
@pytest.mark.parametrize("n", [2, 5])
def test_estimates_have_the_exact_value_as_their_mean(loss, n):
    M, x = torch.randn(n, n), points(n, 3)

    def field(x):
        return (x @ M).sin()

    exact = loss(field, x)[:, 0]
    many = x.repeat_interleave(40_000, dim=0)
    values = loss(field, many, keyed_generator(0)).reshape(3, -1)
    # The standard error of a mean; some in 10,000 are beyond four of them. Estimates
    # without any variance are exact.
    error = values.std(dim=1) / 200
    assert ((values.mean(dim=1) - exact).abs() < 4 * error + 1e-10).all()
    assert (error < 0.02 * exact.abs().max()).all()


def test_estimate_of_a_squared_trace_needs_two_vectors():
    """With one vector for both factors, the mean is larger by 2 |J off diagonal|^2."""
    x = points(3, 1).repeat(40_000, 1)
    w = 2.0 * torch.randint(2, x.shape) - 1
    Jw = torch.func.jvp(quadratic, (x,), (w,))[1]
    biased = (w * Jw).sum(1).square()
    exact = divergence_squared(quadratic, x[:1])
    assert biased.mean() - exact > 4 * biased.std() / 200


def test_losses_see_what_they_should():
    target, x = Target(4), points(4, 6)
    generator = keyed_generator(1)
    for exact in (None, generator):
        assert curl_squared(target.gradient, x, exact).max() < ROUND_OFF
        assert curl_squared(target.solenoidal, x, exact).min() > 1e-3
        without = curl_squared(target.solenoidal, x, keyed_generator(2))
        with_gradient = curl_squared(target, x, keyed_generator(2))
        torch.testing.assert_close(with_gradient, without)
    assert divergence_squared(target.solenoidal, x).max() < ROUND_OFF
    assert divergence_squared(target.gradient, x).min() > 1e-6


# An estimate of the divergence is 0 in the mean only.
@pytest.mark.parametrize(
    ("loss", "exact"),
    [(name, exact) for name in LOSSES for exact in (True, False)][:-1],
)
def test_loss_vanishes_for_the_right_answer_alone(loss, exact):
    target = Target(3)
    answers = {
        "projection": target,
        "curl": target.solenoidal,
        "divergence": target.gradient,
    }
    objective = Objective(target, 3, loss=loss, batch=50, exact=exact)
    (value,) = objective(answers[loss], keyed_generator(0)).values()
    assert value.shape == ()
    assert value.abs() < ROUND_OFF
    off = objective(lambda x: 1.1 * answers[loss](x), keyed_generator(0))
    assert off[loss].abs() > 1e-3


def test_projection_has_its_least_value_at_the_divergence_free_part():
    """Over fields (1 + s) eta: the mean square is least for s = 0, not for v."""
    target = Target(2)
    objective = Objective(target, 2, loss="projection", batch=4000)

    def value(s):
        net = lambda x: (1 + s) * target.solenoidal(x)  # noqa: E731
        return objective(net, keyed_generator(0))["projection"]

    assert value(0.0) < min(value(-0.1), value(0.1))
    x = points(2, 4000)
    left = target.gradient(x).square().mean()
    # Means of 4000 points with a spread of about their size.
    torch.testing.assert_close(value(0.0), left, rtol=0.1, atol=0)


def test_losses_are_differentiable_by_weights():
    target = Target(3)
    factor = torch.tensor(0.5, requires_grad=True)
    for exact in (True, False):
        objective = Objective(target, 3, loss="curl", batch=5, exact=exact)
        (loss,) = objective(
            lambda x: factor * target.solenoidal(x), keyed_generator(0)
        ).values()
        (slope,) = torch.autograd.grad(loss, factor)
        # loss = (1 - factor)^2 c
        torch.testing.assert_close(slope, -2 * loss / (1 - factor))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "l2", "batch": 5}, "loss: must be one of 'projection', 'curl'"),
        ({"loss": "curl", "batch": 0}, "batch: must be an integer and at least 1"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        Objective(Target(2), 2, **options)
