"""Dense layers on jets against the plain formula and against autograd."""

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.func import jacfwd, jacrev
from torch.nn.functional import gelu, linear
from torch.overrides import TorchFunctionMode

from ncl_deepxde.jets import activations
from ncl_deepxde.jets.dense import affine, dense
from ncl_deepxde.jets.jets import compose, jet_of_callable, jet_space

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")


def layer(space, num_in=2, num_out=3):
    h = torch.randn(len(space), 3, num_in, requires_grad=True)
    weight = torch.randn(num_out, num_in, requires_grad=True)
    bias = torch.randn(num_out, requires_grad=True)
    return h, weight, bias


def written_out(h, weight, bias, activation, space):
    z = torch.cat([linear(h[:1], weight, bias), linear(h[1:], weight)])
    derivatives = activation.derivatives(z[0], space.order)
    return torch.stack(compose(derivatives, z, space, space.order))


def custom(z):
    return torch.exp(-z * z)


@pytest.mark.parametrize("order", [0, 1, 2, 3])
@pytest.mark.parametrize("name", [*activations.NAMES, custom])
def test_dense_gradients(name, order) -> None:
    space, activation = jet_space(2, order), activations.get(name)

    def function(h, weight, bias):
        return dense(h, weight, bias, activation, space)

    assert function(*layer(space)).shape == (len(space), 3, 3)
    assert gradcheck(function, layer(space))
    if order < 3:
        assert gradgradcheck(function, layer(space))


@pytest.mark.parametrize("frozen", [(0,), (1, 2), (0, 2)])
def test_dense_differentiates_only_what_is_asked(frozen) -> None:
    space, activation = jet_space(2, 2), activations.get("tanh")
    arguments = layer(space)
    for i in frozen:
        arguments[i].requires_grad_(False)
    asked = [a for i, a in enumerate(arguments) if i not in frozen]
    out = dense(*arguments, activation, space)
    g = torch.randn_like(out)
    plain = written_out(*arguments, activation, space)
    right = torch.autograd.grad(plain, asked, g)
    for create_graph in False, True:
        found = torch.autograd.grad(
            out, asked, g, retain_graph=True, create_graph=create_graph
        )
        for a, b in zip(found, right, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


def test_dense_is_a_layer_on_the_composed_function() -> None:
    space, activation = jet_space(3, 3), activations.get("gelu")
    _, weight, bias = layer(space, num_in=3)
    inputs = torch.rand(4, 3)

    def features(x):
        return torch.stack([x.prod(dim=1), x.sin().sum(dim=1), x[:, 0] ** 3], dim=1)

    found = dense(
        jet_of_callable(features, inputs, space), weight, bias, activation, space
    )
    right = jet_of_callable(
        lambda x: gelu(linear(features(x), weight, bias)), inputs, space
    )
    torch.testing.assert_close(found, right, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("transform", [jacfwd, jacrev])
def test_dense_inside_transforms(transform) -> None:
    space, activation = jet_space(2, 1), activations.get("tanh")
    h, weight, bias = (a.detach() for a in layer(space))

    def function(w):
        return dense(h, w, bias, activation, space)

    right = torch.autograd.functional.jacobian(function, weight)
    torch.testing.assert_close(transform(function)(weight), right)


class Doubling(TorchFunctionMode):
    """Doubles affine maps, and nothing else."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        found = func(*args, **(kwargs or {}))
        return 2 * found if func is affine else found


def test_a_mode_overrides_the_affine_map_of_a_layer() -> None:
    space, activation = jet_space(2, 1), activations.get("tanh")
    h, weight, bias = layer(space)
    with Doubling():
        found = dense(h, weight, bias, activation, space)
    right = dense(h, 2 * weight, 2 * bias, activation, space)
    torch.testing.assert_close(found, right, rtol=1e-12, atol=1e-12)


def test_only_the_value_of_an_affine_map_has_the_bias() -> None:
    h, weight, bias = layer(jet_space(2, 2))
    right = h @ weight.T + torch.stack([bias, *[0 * bias] * 5])[:, None]
    torch.testing.assert_close(affine(h, weight, bias), right, rtol=1e-14, atol=1e-14)
