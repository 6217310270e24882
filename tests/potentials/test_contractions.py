"""Contracted tangents against the row divergence of an antisymmetric matrix."""

import pytest
import torch
from torch.func import jacrev, vmap
from torch.utils._python_dispatch import TorchDispatchMode

from ncl_deepxde.jets import activations
from ncl_deepxde.potentials.contractions import matrix_field, vector_field
from ncl_deepxde.potentials.network import Embedding, PotentialNetwork

EXTRAS, SCALE = 2, 1.7
CONTRACTIONS = {"matrix": matrix_field, "vector": vector_field}


def network(name, periods, hidden=(7, 6), harmonics=2):
    n = len(periods)
    potentials = {"matrix": n * (n - 1) // 2, "vector": n}[name]
    net = PotentialNetwork(
        [*hidden, potentials + EXTRAS],
        [activations.get(a) for a in ("tanh", "silu", "sin")[: len(hidden)]],
        "Glorot normal",
        Embedding(periods, harmonics),
    )
    for layer in net.layers()[:-1]:
        torch.nn.init.normal_(layer.bias)
    return net


def features(periods, harmonics=2):
    """Return the map of one point to its features, written anew."""

    def embed(x):
        found = []
        for value, period in zip(x, periods, strict=True):
            angles = [2 * torch.pi * k * value / (period or 1) for k in (1, 2)]
            on_circle = [f(a) for a in angles for f in (torch.cos, torch.sin)]
            found += on_circle[: 2 * harmonics] if period else [value]
        return torch.stack(found)

    return embed


def literal(name, net, embed, num_axes):
    """Return the map of one point to (v, extras) by the definition."""
    hidden = [
        *zip(
            net.layers()[:-1],
            (torch.tanh, torch.nn.functional.silu, torch.sin),
            strict=False,
        )
    ]

    def channels(x):
        h = embed(x)
        for layer, activation in hidden:
            h = activation(layer.weight @ h + layer.bias)
        return net.layers()[-1].weight @ h

    def matrix(x):
        if name == "vector":
            J = jacrev(channels)(x)[:num_axes]
            return J - J.T
        a, rows, k = channels(x), [[0 * x[0]] * num_axes for _ in range(num_axes)], 0
        for i in range(num_axes):
            for j in range(i + 1, num_axes):
                rows[i][j], rows[j][i] = a[k], -a[k]
                k += 1
        return torch.stack([torch.stack(row) for row in rows])

    def field(x):
        v = torch.einsum("ijj->i", jacrev(matrix)(x))
        return torch.cat([SCALE * v, channels(x)[-EXTRAS:]])

    return field


@pytest.fixture(params=sorted(CONTRACTIONS))
def name(request):
    return request.param


PERIODS = [[None] * 2, [1.5] * 3, [None, 2.0, None, 0.7], [1.3] * 5, [None] * 6]


@pytest.mark.parametrize("hidden", [(7,), (7, 6), (5, 8, 6)], ids=len)
@pytest.mark.parametrize("periods", PERIODS, ids=len)
def test_field_is_the_row_divergence(name, periods, hidden) -> None:
    net = network(name, periods, hidden)
    field = literal(name, net, features(periods), len(periods))
    for points in 1, 7:
        x = torch.rand(points, len(periods))
        found = CONTRACTIONS[name](net, x, SCALE)
        assert found.shape == (points, len(periods) + EXTRAS)
        expected = vmap(field)(x)
        # Both sum some hundred products, each with a relative error of 1e-16.
        torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-11)


def test_features_may_be_any_function(name) -> None:
    def embed(x):
        return torch.stack([x[0].sin() * x[1], (x[1] * x[2]).exp(), x[2], x.prod()])

    net = network(name, [None] * 3)
    net.set_transform(lambda x: torch.stack([embed(y) for y in x]), 3)
    field = literal(name, net, embed, 3)
    x = torch.rand(4, 3)
    torch.testing.assert_close(
        CONTRACTIONS[name](net, x, SCALE), vmap(field)(x), rtol=1e-11, atol=1e-11
    )


class LargestTensor(TorchDispatchMode):
    """Note the number of entries of the largest tensor that is computed."""

    entries = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        if isinstance(out, torch.Tensor):
            self.entries = max(self.entries, out.numel())
        return out


@pytest.mark.parametrize("points", [1, 20])
def test_no_tensor_holds_all_derivatives_of_the_matrix(name, points) -> None:
    n, width = 30, 5
    net = network(name, [None] * n, (width, width))
    x = torch.rand(points, n, requires_grad=True)
    with LargestTensor() as largest:
        v = CONTRACTIONS[name](net, x)
        (g,) = torch.autograd.grad(v, x, torch.randn_like(v), create_graph=True)
        g.square().sum().backward()
    # The tangents of a layer, or the output weights as a matrix, once for all points.
    assert largest.entries <= max(points * n * width, n * n * width)
