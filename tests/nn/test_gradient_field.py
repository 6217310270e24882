"""Gradients of a potential: exact, periodic, scaled, differentiated by weights."""

from __future__ import annotations

import pytest
import torch
from torch.func import jacrev, jvp, vjp, vmap

from ncl_deepxde.nn import GradientField

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

# Sums over 16 units of products of numbers of size one, twice differentiated.
FACTOR = 1e3


def jacobian(net, x):
    return vmap(jacrev(lambda y: net(y[None])[0]))(x).detach()


def gradient_field(n, **options):
    return GradientField([n, 16, 16, n], "tanh", "Glorot normal", **options)


@pytest.mark.parametrize("periods", [None, 2.0, [2.0, None, 0.5]])
@pytest.mark.parametrize("activation", ["tanh", "sin", ["silu", "tanh"]])
def test_field_is_the_gradient_of_its_potential(periods, activation, dtype):
    net = GradientField([3, 16, 16, 3], activation, "Glorot normal", periods=periods)
    x = 2 * torch.rand(7, 3)
    v = net(x)
    assert v.shape == (7, 3)
    assert v.dtype == dtype
    (g,) = torch.autograd.grad(net.potential(y := x.requires_grad_()).sum(), y)
    tolerance = FACTOR * torch.finfo(dtype).eps
    assert (v - g).abs().max() < tolerance
    J = jacobian(net, x)
    assert J.abs().max() > 1e-2
    assert (J - J.transpose(1, 2)).abs().max() < tolerance


def test_periods_and_scale():
    net = gradient_field(2, periods=2.0, harmonics=2)
    x = torch.rand(7, 2)
    shift = torch.tensor([2.0, 0.0])
    eps = torch.finfo(x.dtype).eps
    assert (net(x + shift) - net(x)).abs().max() < FACTOR * eps
    assert (net(x + shift / 2) - net(x)).abs().max() > 1e-2
    twice = gradient_field(2, periods=2.0, harmonics=2, scale=1.0)
    twice.load_state_dict(net.state_dict())
    # One over the frequency 2 pi 2 / 2 by default.
    torch.testing.assert_close(twice(x), 2 * torch.pi * net(x))


def test_products_by_the_jacobian_and_gradients_by_weights():
    net, x, w = gradient_field(5, periods=1.0), torch.rand(3, 5), torch.rand(3, 5)
    forward = jvp(net, (x,), (w,))[1]
    backward = vjp(net, x)[1](w)[0]
    exact = torch.einsum("nij,nj->ni", jacobian(net, x), w)
    torch.testing.assert_close(forward, exact)
    torch.testing.assert_close(backward, exact)
    weight = net.network.layers()[0].weight
    (slope,) = torch.autograd.grad(forward.square().sum(), weight)
    direction, h = torch.rand_like(weight), 1e-5

    def moved(step):
        with torch.no_grad():
            weight.add_(step * direction)
            value = jvp(net, (x,), (w,))[1].square().sum()
            weight.sub_(step * direction)
        return value

    difference = (moved(h) - moved(-h)) / (2 * h)
    # Central differences: the error is of the order of h squared.
    torch.testing.assert_close(
        (slope * direction).sum(), difference, rtol=1e-6, atol=1e-8
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"layer_sizes": [2, 8, 3]}, "layer_sizes: the last entry must equal"),
        ({"layer_sizes": [2, 2]}, "layer_sizes: must hold the number of inputs"),
        ({"harmonics": 0}, "harmonics: must be an integer and at least 1"),
        ({"scale": -1.0}, "scale: must be positive"),
        ({"periods": [1.0]}, "periods: must be a positive number or one entry"),
        ({"activation": "nothing"}, "nothing"),
    ],
)
def test_bad_arguments(arguments, message):
    defaults = {
        "layer_sizes": [2, 8, 2],
        "activation": "tanh",
        "kernel_initializer": "Glorot normal",
    }
    with pytest.raises(ValueError, match=message):
        GradientField(**defaults | arguments)


def test_bad_uses():
    net = gradient_field(2)
    with pytest.raises(ValueError, match=r"inputs: must have shape \(N, 2\)"):
        net(torch.rand(4, 3))
    with pytest.raises(ValueError, match="would break curl v = 0"):
        net.apply_output_transform(lambda x, y: y)
