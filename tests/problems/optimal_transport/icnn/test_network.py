"""Convex potentials: convex where they should be, with the right gradient."""

from __future__ import annotations

import pytest
import torch

from ncl_deepxde.problems.optimal_transport.icnn import ConvexPair
from ncl_deepxde.problems.optimal_transport.icnn.network import ConvexNetwork


@pytest.mark.parametrize("n", [1, 7])
@pytest.mark.parametrize("has_parabola", [True, False])
@pytest.mark.parametrize("dim", [1, 2, 3])
def test_gradient_is_that_of_the_function(dim, has_parabola, n):
    f = ConvexNetwork(dim, (8, 8, 8), has_parabola)
    x = torch.randn(n, dim)
    assert f(x).shape == (n, 1)
    found = f.gradient(x)
    assert found.shape == (n, dim)
    h = 1e-6
    for i in range(dim):
        step = torch.nn.functional.one_hot(torch.tensor(i), dim) * h
        slope = (f(x + step) - f(x - step))[:, 0] / (2 * h)
        # Round-off over the step, and its square.
        assert torch.allclose(found[:, i], slope, atol=1e-8)
    with torch.no_grad():
        assert not f.gradient(x).requires_grad
    assert found.requires_grad


def midpoint_defect(f, n=5000, scale=3.0):
    """Largest f((x + y)/2) - (f(x) + f(y))/2, which is negative for convex f."""
    x, y = scale * torch.randn(2, n, 2)
    with torch.no_grad():
        return float((f((x + y) / 2) - (f(x) + f(y)) / 2).max())


def test_positive_weights_make_it_convex_and_negative_ones_do_not():
    f = ConvexNetwork(2, (8, 8, 8), has_parabola=False)
    assert midpoint_defect(f) > 1e-3
    f.make_convex()
    assert midpoint_defect(f) < 1e-12


def test_penalty_is_for_negative_weights():
    f = ConvexNetwork(2, (8, 8), has_parabola=True)
    entries = torch.cat([W.weight.flatten() for W in f.from_layer])
    expected = entries[entries < 0].square().sum()
    assert f.convexity_penalty().shape == ()
    assert torch.allclose(f.convexity_penalty(), expected)
    f.make_convex()
    assert f.convexity_penalty() == 0
    assert max(W.weight.max() for W in f.from_layer) > 0


def test_parabola_is_the_only_one_to_start_with():
    net = ConvexPair(2, (8,))
    bare = ConvexPair(2, (8,), has_parabola=False)
    bare.load_state_dict({k: v for k, v in net.state_dict().items() if "log" not in k})
    x = torch.randn(5, 2)
    assert torch.allclose(net.transport(x), bare.transport(x) + x)
    assert torch.allclose(net(x), bare(x) + x.square().sum(dim=1, keepdim=True) / 2)


@pytest.mark.parametrize(("dim", "widths"), [(0, (8,)), (2, ()), (2, (8, 0))])
def test_bad_sizes_are_refused(dim, widths):
    with pytest.raises(ValueError, match="dim and widths: must be positive"):
        ConvexPair(dim, widths)
