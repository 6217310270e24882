"""A sum of orthogonal parts: its formula, its training, what it refuses."""

from __future__ import annotations

import deepxde as dde
import pytest
import torch
from torch.func import jacrev, vmap

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


def test_parts_of_a_sum():
    net, x = hodge_field(3), torch.rand(7, 3)
    assert net(x).shape == (7, 3)
    with torch.no_grad():
        net.constant.copy_(torch.tensor([1.0, 2.0, 3.0]))
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


def test_bad_uses():
    net = gradient_field(2)
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


def test_without_periods_the_sum_fits_a_field_in_space():
    """Equal parts without periods; the sum alone is unique, so it is compared."""
    x = 2 * torch.rand(200, 2) - 1
    v = torch.stack([x[:, 1] + x[:, 0] ** 2, -x[:, 0] + 0.5], dim=1)
    net = HodgeField(
        DivergenceFree([2, 16, 2], "tanh", "Glorot normal"), gradient_field(2)
    )
    data = dde.data.DataSet(
        X_train=x.numpy(), y_train=v.numpy(), X_test=x[:5].numpy(), y_test=v[:5].numpy()
    )
    model = dde.Model(data, net)
    model.compile("adam", lr=1e-2, verbose=0)
    model.train(iterations=400, display_every=400, verbose=0)
    assert (net(x) - v).norm() < 0.1 * v.norm()
    J = jacobian(net.solenoidal, x)
    eps = FACTOR * torch.finfo(x.dtype).eps
    assert J.diagonal(dim1=1, dim2=2).sum(1).abs().max() < eps
    J = jacobian(net.gradient, x)
    assert (J - J.mT).abs().max() < eps
    mixed = DivergenceFree([2, 8, 2], "tanh", "Glorot normal", periods=[2.0, None])
    with pytest.raises(ValueError, match="same period along every axis, got"):
        HodgeField(mixed, gradient_field(2))
