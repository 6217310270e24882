"""Embeddings and networks on jets against nested differentiation."""

import pytest
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.jets import activations
from ncl_deepxde.jets.jets import jet_space
from ncl_deepxde.nn import NCL
from ncl_deepxde.potentials.network import Embedding, PotentialNetwork

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")


def assert_is_jet(streams, f, inputs, space):
    """Compare streams with nested reverse-mode derivatives of a function of one x."""
    levels = []
    for _ in range(space.order + 1):
        levels.append(vmap(f)(inputs))
        f = jacrev(f)
    assert streams.shape == (len(space), *levels[0].shape)
    for alpha, found in zip(space.indices, streams, strict=True):
        right = levels[sum(alpha)]
        for i in (i for i, count in enumerate(alpha) for _ in range(count)):
            right = right[..., i]
        scale = float(levels[sum(alpha)].detach().abs().max()) + 1
        torch.testing.assert_close(found, right, rtol=0, atol=1e-12 * scale)


def literal_features(x, periods, harmonics):
    """Return cos, sin of every harmonic of the periodic coordinates of one point."""
    features = []
    for xi, period in zip(x, periods, strict=True):
        if period is None:
            features.append(xi)
            continue
        for k in range(1, harmonics + 1):
            angle = 2 * torch.pi * k * xi / period
            features += [torch.cos(angle), torch.sin(angle)]
    return torch.stack(features)


@pytest.mark.parametrize("harmonics", [1, 2, 3])
@pytest.mark.parametrize("periods", [(1.0, 2.5, None), (None, 0.5), (None, None), (3,)])
def test_embedding_is_the_jet_of_its_features(periods, harmonics) -> None:
    embedding, space = Embedding(periods, harmonics), jet_space(len(periods), 4)
    inputs = torch.rand(5, len(periods))
    num_periodic = sum(p is not None for p in periods)
    width = 2 * harmonics * num_periodic + len(periods) - num_periodic
    assert embedding.num_features == width
    streams = embedding.jet(inputs, space)
    assert_is_jet(
        streams, lambda x: literal_features(x, periods, harmonics), inputs, space
    )


def test_embedding_is_periodic_to_round_off(dtype) -> None:
    embedding, space = Embedding((0.7, 3.0, None), 3), jet_space(3, 2)
    inputs = torch.rand(7, 3)
    shifted = inputs + torch.tensor([-1.4, 3.0, 0.0])
    here, there = embedding.jet(inputs, space), embedding.jet(shifted, space)
    # The shifted coordinates round at eps, which the highest frequency multiplies.
    omega = 6 * torch.pi / 0.7
    for alpha, a, b in zip(space.indices, here, there, strict=True):
        limit = 8 * torch.finfo(dtype).eps * omega ** (sum(alpha) + 1) * 3
        assert float((a - b).abs().max()) < limit


def network(periods=(1.5, None, None), activation="tanh", hidden=(6, 5), outputs=4):
    names = activation if isinstance(activation, list) else [activation] * len(hidden)
    return PotentialNetwork(
        [*hidden, outputs],
        [activations.get(name) for name in names],
        "Glorot normal",
        Embedding(periods, 2),
    )


def literal_network(net, functions, features):
    def evaluate(x):
        h = features(x)
        *hidden, last = net.linears
        for layer, function in zip(hidden, functions, strict=True):
            h = function(layer.weight @ h + layer.bias)
        return last.weight @ h

    return evaluate


@pytest.mark.parametrize("order", range(4))
def test_network_is_the_jet_of_a_perceptron(order) -> None:
    net = network(activation=["tanh", "sin"])
    inputs, space = torch.rand(5, 3), jet_space(3, order)

    def features(x):
        return literal_features(x, (1.5, None, None), 2)

    literal = literal_network(net, [torch.tanh, torch.sin], features)
    assert_is_jet(net.jet(inputs, space), literal, inputs, space)


def test_last_layer_has_no_bias_and_the_others_start_at_zero() -> None:
    *hidden, last = network().linears
    assert last.bias is None
    assert all(bool((layer.bias == 0).all()) for layer in hidden)
    assert all(layer.weight.dtype == torch.float64 for layer in hidden)


def test_weights_come_from_the_initializer() -> None:
    torch.manual_seed(0)
    wide = network(periods=(None, None, None), hidden=(400, 300))
    # Glorot: variance 2 / (in + out); 120,000 samples give it to a few percent.
    weight = wide.linears[1].weight.detach()
    assert float(weight.var()) == pytest.approx(2 / 700, rel=0.03)


@pytest.mark.parametrize("count", [3, 5])
def test_transform_takes_the_place_of_the_embedding(count) -> None:
    net = network(periods=(None, None, None))
    first = net.linears[0]

    def transform(x):
        return torch.cat(
            [torch.sin(x), x[:, :1] * x[:, 2:], torch.exp(-(x[:, 1:2] ** 2))], dim=1
        )[:, :count]

    net.set_transform(transform, 3)
    assert (net.linears[0] is first) == (count == 3)
    assert net.linears[0].in_features == count
    inputs, space = torch.rand(5, 3), jet_space(3, 3)
    literal = literal_network(net, [torch.tanh] * 2, lambda x: transform(x[None])[0])
    assert_is_jet(net.jet(inputs, space), literal, inputs, space)


@pytest.mark.parametrize(
    ("transform", "message"),
    [
        (lambda x: x[:, 3], r"\(N, 3\), time last, but failed.*Columns are 0 to 2"),
        (lambda x: x[:, 0], r"mapped \(2, 3\) to \(2,\).*x\[:, i:i\+1\]"),
        (lambda x: x.sum(0, keepdim=True), r"mapped \(2, 3\) to \(1, 3\)"),
    ],
)
def test_bad_transform_is_refused(transform, message) -> None:
    with pytest.raises(ValueError, match=message):
        network(periods=(None, None, None)).set_transform(transform, 3)


def test_slice_beyond_the_last_column_is_refused():
    net = NCL([3, 8, 3], "tanh", "Glorot normal")
    with pytest.raises(ValueError, match=r"a slice is empty.*Columns are 0 to 2"):
        net.apply_feature_transform(lambda x: torch.cat([x[:, :2], x[:, 3:4]], dim=1))
