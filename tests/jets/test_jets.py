"""Jets against nested differentiation."""

from math import comb

import pytest
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.jets import activations
from ncl_deepxde.jets.jets import (
    compose,
    compose_adjoint,
    jet_of_callable,
    jet_space,
    product,
)

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")


def inner(x):
    """Map dim coordinates to three smooth features."""
    s = x.sum()
    return torch.stack([torch.sin(s) * x[0], torch.exp(-s * s) + x[-1], s**3 / 6])


def nested_jet(f, inputs, space):
    """Return all partial derivatives of f by reverse mode, one order after another."""
    streams, derivative, levels = [], f, []
    for _ in range(space.order + 1):
        levels.append(vmap(derivative)(inputs))
        derivative = jacrev(derivative)
    for alpha in space.indices:
        axes = [i for i, count in enumerate(alpha) for _ in range(count)]
        stream = levels[len(axes)]
        for i in axes:
            stream = stream[..., i]
        streams.append(stream)
    return torch.stack(streams)


def random_streams(space, n=3, width=2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(len(space), n, width, generator=generator).requires_grad_()


@pytest.mark.parametrize("order", range(5))
@pytest.mark.parametrize("dim", [1, 2, 3])
def test_space_lists_every_derivative_once(dim, order) -> None:
    space = jet_space(dim, order)
    assert len(space) == comb(dim + order, order) == len(set(space.indices))
    assert all(len(alpha) == dim and sum(alpha) <= order for alpha in space.indices)
    assert [space.position[alpha] for alpha in space.indices] == list(range(len(space)))
    for lower in range(order + 1):
        prefix = space.indices[: space.size(lower)]
        assert prefix == jet_space(dim, lower).indices
    assert jet_space(dim, order) is space


@pytest.mark.parametrize("name", ["tanh", "silu"])
@pytest.mark.parametrize(("dim", "order"), [(1, 4), (2, 4), (3, 3), (4, 2)])
def test_compose_is_the_chain_rule(dim, order, name) -> None:
    space, activation = jet_space(dim, order), activations.get(name)
    inputs = torch.rand(3, dim)
    z = nested_jet(inner, inputs, space)
    right = nested_jet(lambda x: activation.derivatives(inner(x), 0)[0], inputs, space)
    values = activation.derivatives(z[0], order)
    assert len(compose(values, z, space, order)) == len(space)
    found = torch.stack(compose(values, z, space, order))
    assert found.shape == (len(space), 3, 3)
    torch.testing.assert_close(found, right, rtol=1e-10, atol=1e-10)
    written = torch.full_like(found, torch.nan)
    compose(values, z, space, order, written)
    torch.testing.assert_close(written, found, rtol=0, atol=0)


@pytest.mark.parametrize("lower", range(4))
def test_streams_of_a_lower_order_are_a_prefix(lower) -> None:
    high, low = jet_space(3, 4), jet_space(3, lower)
    z = random_streams(high).detach()
    derivatives = activations.get("tanh").derivatives(z[0], 4)
    long, cut = compose(derivatives, z, high, 4), compose(derivatives, z, high, lower)
    short = compose(derivatives, z[: len(low)], low, lower)
    assert len(cut) == len(short) == len(low)
    for a, b, c in zip(long, cut, short, strict=False):
        assert torch.equal(a, b)
        assert torch.equal(a, c)


@pytest.mark.parametrize(("dim", "order"), [(1, 4), (2, 3), (3, 2), (3, 0)])
def test_adjoint_is_the_transpose_of_the_chain_rule(dim, order) -> None:
    space, activation = jet_space(dim, order), activations.get("sin")
    z, g = random_streams(space), random_streams(space, seed=1).detach()
    derivatives = activation.derivatives(z[0], order + 1)
    out = torch.stack(compose(derivatives, z, space, order))
    (right,) = torch.autograd.grad(out, z, g)
    with torch.no_grad():
        p = compose(derivatives[1:], z, space, order)
        found = compose_adjoint(p, g, space)
    assert found.shape == z.shape
    torch.testing.assert_close(found, right, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("dim", "order"), [(1, 4), (2, 4), (3, 2), (2, 0)])
def test_jet_of_callable_holds_its_derivatives(dim, order) -> None:
    space, inputs = jet_space(dim, order), torch.rand(7, dim)
    found = jet_of_callable(
        lambda x: torch.cat([torch.sin(2 * x), (x**2).prod(1, keepdim=True)], 1),
        inputs,
        space,
    )
    assert found.shape == (len(space), 7, dim + 1)
    right = nested_jet(
        lambda x: torch.cat([torch.sin(2 * x), (x**2).prod(0, keepdim=True)]),
        inputs,
        space,
    )
    torch.testing.assert_close(found, right, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(("dim", "order"), [(1, 3), (2, 2), (3, 3)])
def test_product_is_the_rule_of_leibniz(dim, order) -> None:
    space = jet_space(dim, order)
    x = torch.rand(5, dim)

    def f(x):
        return torch.cat([x.sin().sum(1, keepdim=True), x[:, :1].exp()], dim=1)

    def g(x):
        return torch.cat([x.prod(1, keepdim=True), x[:, -1:] ** 3], dim=1)

    streams = product(jet_of_callable(f, x, space), jet_of_callable(g, x, space), space)
    expected = jet_of_callable(lambda x: f(x) * g(x), x, space)
    assert streams.shape == (len(space), 5, 2)
    torch.testing.assert_close(streams, expected, rtol=1e-12, atol=1e-12)
