"""Tangents of features: forward, second derivatives and transposed, by autograd."""

import pytest
import torch
from torch.func import grad, jacrev, vmap

from ncl_deepxde.jets import activations
from ncl_deepxde.potentials.features import (
    AxisFeatures,
    CallableFeatures,
    Coordinates,
    Features,
    features_of,
)
from ncl_deepxde.potentials.network import Embedding, PotentialNetwork

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

N, DIM, WIDTH = 5, 3, 4


def embed(x):
    """Return the features of one point on one circle, with two harmonics, written anew.

    The first axis has the period 1.5, the others are not periodic.
    """
    angles = [2 * torch.pi * k * x[0] / 1.5 for k in (1, 2)]
    on_circle = [f(a) for a in angles for f in (torch.cos, torch.sin)]
    return torch.stack([*on_circle, x[1], x[2]])


def mixed(x):
    return torch.stack([x[0].sin() * x[1], (x[1] * x[2]).exp()])


CASES = {
    "axes": (lambda x: AxisFeatures(Embedding((1.5, None, None), 2), x), embed),
    "coordinates": (Coordinates, lambda x: x),
    "callable": (lambda x: CallableFeatures(vmap(mixed), x), mixed),
}


@pytest.fixture(params=CASES)
def case(request):
    """Features at points, those points, and the same features of one point."""
    build, literal = CASES[request.param]
    x = torch.rand(N, DIM)
    return build(x), x, literal


def test_values_and_tangents(case) -> None:
    features, x, literal = case
    torch.testing.assert_close(features.value, vmap(literal)(x))
    weight = torch.randn(WIDTH, features.value.shape[1])
    right = vmap(jacrev(lambda x: weight @ literal(x)))(x).transpose(1, 2)
    found = features.push(weight).expand(N, DIM, WIDTH)
    torch.testing.assert_close(found, right, rtol=1e-12, atol=1e-12)


def test_laplacian(case) -> None:
    features, x, literal = case
    H = vmap(jacrev(jacrev(literal)))(x)
    right = H.diagonal(dim1=2, dim2=3).sum(2)
    torch.testing.assert_close(features.laplacian(), right, rtol=1e-11, atol=1e-11)


def test_pull_is_the_gradient_of_the_pairing(case) -> None:
    features, x, literal = case
    weight = torch.randn(WIDTH, features.value.shape[1])
    z_bar, Z_bar = torch.randn(N, WIDTH), torch.randn(N, DIM, WIDTH)

    def pairing(x, z_bar, Z_bar):
        def z(x):
            return weight @ literal(x)

        return z_bar @ z(x) + (Z_bar * jacrev(z)(x).T).sum()

    right = vmap(grad(pairing))(x, z_bar, Z_bar)
    found = features.pull(weight, z_bar, Z_bar)
    torch.testing.assert_close(found, right, rtol=1e-11, atol=1e-11)


def network(periods):
    tanh = [activations.get("tanh")]
    return PotentialNetwork([6, 2], tanh, "Glorot normal", Embedding(periods, 1))


def test_a_network_has_the_features_of_its_first_layer() -> None:
    x = torch.rand(N, DIM)
    plain = network([None] * DIM)
    assert isinstance(features_of(plain, x), Coordinates)
    assert isinstance(features_of(network([1.0, None, None]), x), AxisFeatures)
    plain.set_transform(torch.sin, DIM)
    found = features_of(plain, x)
    assert isinstance(found, CallableFeatures)
    assert torch.equal(found.value, torch.sin(x))


def test_features_must_have_all_derivatives() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Features()
