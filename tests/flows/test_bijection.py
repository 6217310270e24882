"""Every layer: shapes, inverse, and derivative streams equal to those of autograd."""

import pytest
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.flows import (
    ActNorm,
    Ball,
    Box,
    ConditionalSVD,
    InvertibleDenseNet,
    Moments,
    Permutation,
)

KINDS = {
    "actnorm": ActNorm,
    "densenet": lambda d: InvertibleDenseNet(d, depth=2, width=5),
    "densenet-slow": lambda d: InvertibleDenseNet(d, 3, 4, lipschitz=0.5, frequency=3),
    "svd": ConditionalSVD,
    "permutation": lambda d: Permutation([*range(1, d), 0]),
    "box": lambda d: Box([-1.2] * d, [1.1 + k for k in range(d)]),
    "ball": lambda d: Ball([0.1] * d, 1.7),
}

# Slopes of the inverses are at most 1 / (1 - 0.97) = 33, or 1e3 for a singular value
# at its floor: 1e5 eps is a safe bound and far below the 1e-10 that is promised.
ROUND_TRIP = {torch.float64: 1e-10, torch.float32: 1e-3}


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(params=[1, 2, 3])
def dim(request):
    return request.param


def build(kind, dim):
    layer = KINDS[kind](dim)
    with torch.no_grad():
        for p in layer.parameters():
            p.add_(0.3 * torch.randn_like(p))
    return layer


def coefficients_of(layer):
    """Return coefficients c(t) = c_0 + a sin(t + p) and their rates, (order + 1, T, K).

    They stand for the network of time.
    """
    start = layer.start_coefficients()
    amplitude, phase = 0.3 * torch.randn_like(start), torch.rand_like(start)

    def coefficients(t, order):
        c = [start + amplitude * torch.sin(t + phase), amplitude * torch.cos(t + phase)]
        return torch.stack(c[: order + 1])

    return coefficients


def value_of(layer, coefficients):
    """Return the map (x, t) to y, (N, d), from the value stream alone."""

    def value(x, t):
        (p,) = layer.prepare([layer], coefficients(t, 0)[:, :, None])
        return layer(x[None], p, Moments(None, len(t)))[0]

    return value


def points(n, dim):
    return 0.9 * torch.rand(n, dim) - 0.4, torch.rand(n, 1)


@pytest.mark.parametrize("n", [1, 7])
def test_streams_are_the_derivatives_of_the_value(kind, dim, n) -> None:
    layer = build(kind, dim)
    coefficients = coefficients_of(layer)
    value = value_of(layer, coefficients)
    x, t = points(n, dim)
    single = jacrev(lambda a, b: value(a[None], b[None])[0], argnums=(0, 1))
    J, rate = vmap(single)(x, t)
    # Any directions, not only unit ones: a layer sees those that earlier ones turned.
    tangents = torch.randn(dim + 1, n, dim)
    moved = torch.einsum("nij,snj->sni", J, tangents)
    expected = torch.cat([value(x, t)[None], moved])
    expected[-1] += rate[..., 0]
    moments = Moments(None, n)
    for order in 0, 1:
        (p,) = layer.prepare([layer], coefficients(t, order)[:, :, None])
        numbers = [1, 1 + dim] if order == 0 else [2 + dim]
        for S in numbers:
            y = layer(torch.cat([x[None], tangents])[:S], p, moments)
            assert y.shape == (S, n, dim)
            # A few hundred operations of eps each.
            torch.testing.assert_close(y, expected[:S], rtol=1e-11, atol=1e-12)


def test_inverse_gives_the_points_back(kind, dim, dtype) -> None:
    layer = build(kind, dim)
    x, t = points(7, dim)
    assert x.dtype == dtype
    (p,) = layer.prepare([layer], coefficients_of(layer)(t, 0)[:, :, None])
    moments = Moments(None, 7)
    y = layer(x[None], p, moments)[0]
    back = layer.inverse(y, p, moments)
    assert back.shape == (7, dim)
    assert back.dtype == dtype
    torch.testing.assert_close(back, x, rtol=0, atol=ROUND_TRIP[dtype])
    y = torch.randn(7, dim)
    again = layer(layer.inverse(y, p, moments)[None], p, moments)[0]
    torch.testing.assert_close(again, y, rtol=0, atol=ROUND_TRIP[dtype])


def test_repeated_moments_equal_one_per_point(kind, dim) -> None:
    layer = build(kind, dim)
    coefficients = coefficients_of(layer)
    t, index = torch.rand(3, 1), torch.tensor([2, 0, 0, 1, 2, 2, 1])
    streams = torch.cat([points(7, dim)[0][None], torch.randn(dim + 1, 7, dim)])
    found = []
    for times, moments in (t, Moments(index, 3)), (t[index], Moments(None, 7)):
        (p,) = layer.prepare([layer], coefficients(times, 1)[:, :, None])
        found.append(layer(streams, p, moments))
        (p,) = layer.prepare([layer], coefficients(times, 0)[:, :, None])
        found.append(layer.inverse(streams[0], p, moments))
    for few, many in zip(found[:2], found[2:], strict=True):
        # The order of additions may differ.
        torch.testing.assert_close(few, many, rtol=1e-13, atol=1e-13)


def test_layers_prepared_together_equal_layers_prepared_alone(kind, dim) -> None:
    layers = [build(kind, dim) for _ in range(3)]
    x, t = points(7, dim)
    given = torch.stack([coefficients_of(layer)(t, 0) for layer in layers], dim=2)
    together = type(layers[0]).prepare(layers, given)
    for i, layer in enumerate(layers):
        (alone,) = layer.prepare([layer], given[:, :, i : i + 1])
        moments = Moments(None, 7)
        y = layer(x[None], together[i], moments)
        torch.testing.assert_close(
            y, layer(x[None], alone, moments), rtol=1e-13, atol=1e-13
        )


@pytest.mark.parametrize("order", [(0, 0), (1, 2), (0, 2, 3), ()], ids=str)
def test_bad_order_is_refused(order) -> None:
    if order == ():
        assert Permutation(order).order.shape == (0,)
        return
    with pytest.raises(ValueError, match=r"^order: must hold each of 0..d-1 once"):
        Permutation(order)
