"""The target of the Hodge decomposition, differentiated independently."""

from __future__ import annotations

import math

import pytest
import torch
from torch.func import hessian, jacrev, vmap

from ncl_deepxde.nn import DivergenceFree
from ncl_deepxde.problems.hodge.target import PERIOD, Target

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

DIMS = [2, 3, 7]
# Sums of some hundred terms of size one, times frequencies.
ROUND_OFF = 1e4 * torch.finfo(torch.float64).eps


def points(n, number=5):
    return PERIOD * torch.rand(number, n) - PERIOD / 2


def jacobian(field, x):
    return vmap(jacrev(lambda y: field(y[None])[0]))(x)


@pytest.mark.parametrize("n", DIMS)
def test_parts_are_what_they_are_called(n):
    target, x = Target(n), points(n)
    J = jacobian(target.solenoidal, x)
    assert J.abs().max() > 0.1
    assert J.diagonal(dim1=1, dim2=2).sum(1).abs().max() < ROUND_OFF
    J = jacobian(target.gradient, x)
    assert J.diagonal(dim1=1, dim2=2).sum(1).abs().max() > 0.1
    assert (J - J.transpose(1, 2)).abs().max() < ROUND_OFF
    assert torch.equal(target(x), target.gradient(x) + target.solenoidal(x))


@pytest.mark.parametrize("n", DIMS)
def test_gradient_is_that_of_the_potential(n):
    target, x = Target(n, gradient=0.7), points(n)

    def w(y):
        return target.potential(y[None])[0, 0]

    assert (vmap(jacrev(w))(x) - target.gradient(x)).abs().max() < ROUND_OFF
    J = jacobian(target.gradient, x)
    assert (vmap(hessian(w))(x) - J).abs().max() < ROUND_OFF


@pytest.mark.parametrize("n", DIMS)
def test_the_cube_of_the_points_is_a_period_and_no_less(n):
    target, x = Target(n), points(n)
    for part in (target.gradient, target.solenoidal):
        for i in range(n):
            shift = torch.zeros(n)
            shift[i] = PERIOD
            assert (part(x + shift) - part(x)).abs().max() < ROUND_OFF
            # The embedding of the released code has the period sqrt 2.
            for shorter in (PERIOD / 2, math.sqrt(2)):
                moved = part(x + shift * shorter / PERIOD)
                assert (moved - part(x)).abs().max() > 1e-2


def test_means_vanish():
    """The trapezoidal rule, whose error falls faster than any power of the nodes."""
    axis = PERIOD * (torch.arange(64) / 64 - 0.5)
    x = torch.cartesian_prod(axis, axis)
    target = Target(2)
    for part in (target.gradient, target.solenoidal):
        assert part(x).abs().max() > 1
        assert part(x).mean(dim=0).abs().max() < 1e-10


def test_parts_are_orthogonal():
    axis = PERIOD * (torch.arange(64) / 64 - 0.5)
    x = torch.cartesian_prod(axis, axis)
    target = Target(2)
    product = (target.gradient(x) * target.solenoidal(x)).sum(1)
    assert abs(product.mean()) < 1e-10 < product.abs().mean()


def test_solenoidal_part_is_a_network_of_this_package():
    """A second source: one hidden layer with the weights of the target."""
    n = 5
    target, x = Target(n), points(n)
    net = DivergenceFree([n, 128, n], "sin", "Glorot normal", periods=PERIOD, scale=1.0)
    first, last = net.network.layers()
    # Features are sorted by axis here, by cosine and sine there.
    order = torch.arange(2 * n).reshape(2, n).T.flatten()
    upper = target._u.reshape(128, n, n).permute(2, 1, 0)
    with torch.no_grad():
        first.weight.copy_(target._w[:, order])
        last.weight.copy_(upper[tuple(torch.triu_indices(n, n, 1))])
    assert (net(x) - target.solenoidal(x)).abs().max() < ROUND_OFF


def test_sizes_of_the_parts():
    n, x = 6, points(6, 2000)
    # As good as a mean of 2000 points with a spread of about its size.
    for ratio in (0.5, 1.0):
        target = Target(n, gradient=ratio)
        found = target.gradient(x).norm() / target.solenoidal(x).norm()
        assert found == pytest.approx(ratio, rel=0.05)
    scaled, drawn = Target(n, gradient=2.0), Target(n)
    assert torch.equal(scaled.solenoidal(x), drawn.solenoidal(x))


def test_weights_depend_on_the_seed_alone():
    x = points(3)
    torch.manual_seed(1)
    first = Target(3)(x)
    torch.manual_seed(2)
    assert torch.equal(Target(3)(x), first)
    assert not torch.equal(Target(3, seed=7)(x), first)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dim": 1}, "dim: must be an integer and at least 2"),
        ({"dim": 3, "gradient": 0.0}, "gradient: must be positive"),
        ({"dim": 3, "seed": -1}, "seed: must be an integer and at least 0"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        Target(**arguments)
