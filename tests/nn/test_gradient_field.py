"""Gradients and sums of all parts: exact, periodic, trained by DeepXDE."""

from __future__ import annotations

import deepxde as dde
import pytest
import torch
from torch.func import jacrev, jvp, vjp, vmap

from ncl_deepxde.nn import DivergenceFree, GradientField, HodgeField

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

# Sums over 16 units of products of numbers of size one, twice differentiated.
FACTOR = 1e3


def jacobian(net, x):
    return vmap(jacrev(lambda y: net(y[None])[0]))(x).detach()


def gradient_field(n, **options):
    return GradientField([n, 16, 16, n], "tanh", "Glorot normal", **options)


def hodge_field(n, **options):
    solenoidal = DivergenceFree([n, 16, n], "tanh", "Glorot normal", periods=2.0)
    return HodgeField(solenoidal, gradient_field(n, periods=2.0), **options)


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


def test_parts_of_a_sum():
    net, x = hodge_field(3), torch.rand(7, 3)
    assert net(x).shape == (7, 3)
    with torch.no_grad():
        net.harmonic.copy_(torch.tensor([1.0, 2.0, 3.0]))
    total = net.solenoidal(x) + net.gradient(x) + torch.tensor([1.0, 2.0, 3.0])
    assert torch.equal(net(x), total)
    J = jacobian(net.solenoidal, x)
    eps = FACTOR * torch.finfo(x.dtype).eps
    assert J.diagonal(dim1=1, dim2=2).sum(1).abs().max() < eps
    options = {"regularization": ["l2", 1e-3], "periods": 2.0}
    solenoidal = DivergenceFree([3, 16, 3], "tanh", "Glorot normal", **options)
    sum_of_both = HodgeField(solenoidal, gradient_field(3, periods=2.0))
    assert sum_of_both.regularizer == ["l2", 1e-3]
    fixed = hodge_field(3, harmonic=False)
    assert "harmonic" not in dict(fixed.named_parameters())
    assert fixed.harmonic.tolist() == [0, 0, 0]


def test_a_sum_is_trained_to_the_parts_of_a_field():
    x = 2 * torch.rand(200, 2)
    a, b = torch.pi * x.T
    gradient = torch.stack([-a.sin(), b.cos()], dim=1)
    eta = torch.stack([b.sin(), a.cos()], dim=1)
    v = gradient + 0.5 * eta + torch.tensor([0.3, -0.2])
    net = hodge_field(2)
    data = dde.data.DataSet(
        X_train=x.numpy(), y_train=v.numpy(), X_test=x[:5].numpy(), y_test=v[:5].numpy()
    )
    model = dde.Model(data, net)
    model.compile("adam", lr=1e-2, verbose=0)
    model.train(iterations=300, display_every=300, verbose=0)
    with torch.no_grad():
        for found, exact in (
            (net.gradient(x), gradient),
            (net.solenoidal(x), 0.5 * eta),
            (net.harmonic, torch.tensor([0.3, -0.2])),
        ):
            # What 300 steps of Adam reach, with a margin of three.
            assert (found - exact).norm() < 0.05 * exact.norm()


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
    with pytest.raises(ValueError, match="must stay the sum of their parts"):
        hodge_field(2).apply_output_transform(lambda x, y: y)
    with pytest.raises(ValueError, match="apply_feature_transform: both parts already"):
        hodge_field(2).apply_feature_transform(lambda x: x)
    solenoidal = DivergenceFree([3, 8, 3], "tanh", "Glorot normal", periods=2.0)
    with pytest.raises(ValueError, match="as many dimensions as solenoidal, 3, got 2"):
        HodgeField(solenoidal, net)
    extra = DivergenceFree([2, 8, 3], "tanh", "Glorot normal", periods=2.0)
    with pytest.raises(ValueError, match="no outputs but its 2 components, got 3"):
        HodgeField(extra, net)
    for periods in (None, 1.0, [2.0, None, 2.0]):
        other = gradient_field(3, periods=periods, harmonics=2)
        with pytest.raises(ValueError, match="same period along every axis, got"):
            HodgeField(solenoidal, other)
    same = gradient_field(3, periods=2.0, harmonics=2)
    assert HodgeField(solenoidal, same)(torch.rand(4, 3)).shape == (4, 3)
