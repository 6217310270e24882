"""The densely connected network is a contraction at any weights, and is inverted."""

import math

import pytest
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.flows import InvertibleDenseNet, Moments
from ncl_deepxde.flows.dense import limited


def at_rest(layer, biases):
    """Return what the layer needs at one moment."""
    (prepared,) = layer.prepare([layer], biases[None, None, None])
    return prepared


def slopes(g, x):
    """Return the spectral norms (N,) of the Jacobian of g."""
    J = vmap(jacrev(lambda z: g(z[None])[0]))(x)
    return torch.linalg.matrix_norm(J, ord=2)


def steepest(g, x, parameters, steps=60):
    """Return the largest slope that gradient ascent finds, over points and weights."""
    unknowns = [x.requires_grad_(), *parameters]
    groups = [{"params": p, "lr": 0.05 * p.abs().mean().item()} for p in unknowns]
    optimizer = torch.optim.Adam(groups, maximize=True)
    largest = 0.0
    for _ in range(steps):
        norms = slopes(g(), x)
        largest = max(largest, float(norms.detach().max()))
        optimizer.zero_grad()
        norms.sum().backward(inputs=unknowns)
        optimizer.step()
    return largest


@pytest.mark.parametrize("depth", [1, 3])
def test_map_is_the_documented_formula(depth) -> None:
    layer = InvertibleDenseNet(2, depth, 4, lipschitz=0.8, frequency=5.0)
    with torch.no_grad():
        layer.angles.uniform_(0, 3)
        for k, w in enumerate(layer.weights):
            w.mul_(3.0**k)
    x, biases = torch.randn(7, 2), layer.start_coefficients()
    h, limits = x, [1.0] * depth + [0.8]
    W = [
        w / max(1.0, float(torch.linalg.svdvals(w)[0] / c))
        for w, c in zip(layer.weights.requires_grad_(False), limits, strict=True)
    ]
    for w, b, theta in zip(W, biases.split(4), layer.angles.detach(), strict=False):
        sigma = torch.sin(5.0 * (h @ w.T + b)) / 5.0
        h = torch.cat([theta.cos() * h, theta.sin() * sigma], dim=1)
    y = layer(x[None], at_rest(layer, biases), Moments(torch.zeros(7).long(), 1))[0]
    # Nothing but the room of 8 eps below each limit.
    torch.testing.assert_close(y, x + h @ W[-1].T, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("factor", [1, 10, 100])
@pytest.mark.parametrize(("dim", "depth"), [(1, 2), (2, 3), (3, 5)])
def test_no_slope_passes_the_limit(dim, depth, factor) -> None:
    layer = InvertibleDenseNet(dim, depth, 8)
    with torch.no_grad():
        for w in layer.weights:
            w.mul_(factor)
    biases = layer.start_coefficients().requires_grad_()

    def g():
        prepared = at_rest(layer, biases)
        return lambda x: layer(x[None], prepared, Moments(None, 1))[0] - x

    found = steepest(g, torch.randn(30, dim), [*layer.parameters(), biases])
    # The weights ascend too, so that the bound is tried where it is tight.
    assert 0.9 < found <= layer.lipschitz


def test_limit_holds_in_float32() -> None:
    """One layer that turns each axis by a right angle: the bound is attained."""
    layer = InvertibleDenseNet(2, 1, 2).to(torch.float32)
    with torch.no_grad():
        layer.angles.fill_(math.pi / 2)
        layer.weights[0].copy_(1e3 * torch.eye(2))
        layer.weights[1].copy_(1e3 * torch.eye(2, 4).roll(2, 1))
    prepared = at_rest(layer, torch.zeros(2, dtype=torch.float32))
    x = torch.zeros(1, 2, dtype=torch.float32)
    found = slopes(lambda z: layer(z[None], prepared, Moments(None, 1))[0] - z, x)
    assert 0.96999 < float(found.detach()) <= 0.97


def test_the_released_activation_passes_one() -> None:
    r"""With the activation :math:`(\sin, -\sin)/\omega` the same ascent finds no bound.

    So the test above can tell. The weights are limited as in the released code.
    """
    dim, depth, omega = 2, 3, 15.0
    sizes = [dim + 8 * k for k in range(depth + 1)]
    weights = [torch.randn(4, n, requires_grad=True) for n in sizes[:-1]]
    weights.append(torch.randn(dim, sizes[-1], requires_grad=True))
    biases = [torch.rand(4, requires_grad=True) for _ in range(depth)]

    def g():
        acting = [limited(w[None], 0.97)[0] for w in weights]

        def evaluate(x):
            h = x
            for W, b in zip(acting, biases, strict=False):
                s = torch.sin(omega * (h @ W.T + b)) / omega
                h = torch.cat([h, s, -s], dim=1) / math.sqrt(2)
            return h @ acting[-1].T

        return evaluate

    assert steepest(g, torch.randn(30, dim), [*weights, *biases]) > 1.2


@pytest.mark.parametrize("limit", [0.97, 1.0])
def test_small_matrices_are_left_alone_and_large_ones_limited(limit, dtype) -> None:
    W = torch.randn(4, 5, 3) * torch.tensor([1e-3, 0.1, 10.0, 1e4])[:, None, None]
    found = limited(W, limit)
    assert torch.equal(found[:2], W[:2])
    norms = torch.linalg.matrix_norm(found[2:], ord=2)
    # Never above, and below by the room left for rounding alone.
    assert float(norms.max()) <= limit
    assert float(norms.min()) > limit * (1 - 20 * torch.finfo(dtype).eps)
    torch.testing.assert_close(found[3] / found[3].norm(), W[3] / W[3].norm())


def test_zero_matrix_has_a_gradient() -> None:
    W = torch.zeros(1, 3, 2, requires_grad=True)
    limited(W, 1.0).sum().backward()
    assert torch.equal(W.grad, torch.ones_like(W))


@pytest.mark.parametrize("factor", [1, 10, 100])
@pytest.mark.parametrize("scale", [0.0, 1.0, 1e3])
def test_inverse_converges_at_any_weights(factor, scale, dtype) -> None:
    layer = InvertibleDenseNet(2, 3, 8, lipschitz=0.999)
    with torch.no_grad():
        for w in layer.weights:
            w.mul_(factor)
    biases = factor * layer.start_coefficients()
    prepared, moments = at_rest(layer, biases), Moments(torch.zeros(500).long(), 1)
    y = scale * torch.randn(500, 2)
    with torch.no_grad():
        x = layer.inverse(y, prepared, moments)
        back = layer(x[None], prepared, moments)[0]
    limit = 32 * torch.finfo(dtype).eps * (2 + biases.abs().max() + y.norm(dim=1))
    assert bool(((back - y).norm(dim=1) <= limit).all())


def test_gradient_of_the_inverse_is_that_of_differences() -> None:
    layer = InvertibleDenseNet(2, 2, 5)
    biases = layer.start_coefficients().requires_grad_()
    y = torch.randn(3, 2, requires_grad=True)
    moments = Moments(torch.zeros(3).long(), 1)

    def inverse(y, biases, *weights):
        state = {f"weights.{k}": w for k, w in enumerate(weights)}
        with torch.nn.utils.stateless._reparametrize_module(layer, state):
            return layer.inverse(y, at_rest(layer, biases), moments)

    # Differences of a solution known to 1e-14 / 0.03, over 1e-6, and h^2 f'''.
    assert torch.autograd.gradcheck(
        inverse, (y, biases, *layer.weights), eps=1e-6, atol=1e-5, rtol=1e-5
    )


@pytest.mark.parametrize("value", [1.0, 0.0, -0.5, 1.5, math.nan])
def test_lipschitz_must_be_between_zero_and_one(value) -> None:
    with pytest.raises(ValueError, match=r"^lipschitz: .*below 1.*Use.*0.97") as error:
        InvertibleDenseNet(2, lipschitz=value)
    assert f"got {value!r}" in str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("depth", v) for v in (0, -1, 2.5)),
        *(("width", v) for v in (0, 16.0, "8")),
        *(("frequency", v) for v in (0.0, -1.0, math.inf, math.nan)),
    ],
)
def test_bad_sizes_are_named(name, value) -> None:
    with pytest.raises(ValueError, match=f"^{name}: must be .*got") as error:
        InvertibleDenseNet(2, **{name: value})
    assert repr(value) in str(error.value)
