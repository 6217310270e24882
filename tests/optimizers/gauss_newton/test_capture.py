"""Uses of linear layers, reported in place of their sums."""

import pytest
import torch
from torch.func import vmap
from torch.nn.functional import linear

from ncl_deepxde.jets import activations
from ncl_deepxde.jets.dense import dense
from ncl_deepxde.jets.jets import jet_space
from ncl_deepxde.optimizers.gauss_newton.capture import LayerCapture

SPACE = jet_space(2, 1)
TANH = activations.get("tanh")

# Each maps inputs (3, 5, 2), a weight (4, 2) and a bias (4,) to (3, 5, 4).
LAYERS = {
    "linear": lambda h, W, b: linear(h, W, b).tanh(),
    "dense on jets": lambda h, W, b: dense(h, W, b, TANH, SPACE),
    "LAAF on jets": lambda h, W, b: dense(
        h, W, b, activations.get("LAAF-5 tanh"), SPACE
    ),
}


def arguments():
    h = torch.randn(len(SPACE), 5, 2)
    return h, torch.randn(4, 2).requires_grad_(), torch.randn(4).requires_grad_()


def sums(uses, weight, bias):
    """Add up the products of uses."""
    of_weight = sum(torch.einsum("sno,sni->oi", g, h) for h, g in uses[id(weight)])
    of_bias = sum(g.reshape(-1, len(bias)).sum(0) for _, g in uses[id(bias)])
    return of_weight, of_bias


@pytest.fixture(params=LAYERS)
def layer(request):
    return LAYERS[request.param]


def test_uses_add_up_to_the_gradient(layer) -> None:
    h, *parameters = arguments()
    g = torch.randn(3, 5, 4)
    right = torch.autograd.grad(layer(h, *parameters), parameters, g)
    capture = LayerCapture(parameters)
    with capture:
        out = layer(h, *parameters)
    with capture.recording() as uses:
        found = torch.autograd.grad(out, parameters, g, allow_unused=True)
    assert found == (None, None)
    for a, b in zip(sums(uses, *parameters), right, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


def test_uses_in_derivatives_by_the_inputs_count_too(layer) -> None:
    h, *parameters = arguments()
    h.requires_grad_()

    def slope():
        (found,) = torch.autograd.grad(
            layer(h, *parameters).sum(), h, create_graph=True
        )
        return found.square().sum()

    right = torch.autograd.grad(slope(), parameters)
    capture = LayerCapture(parameters)
    with capture:
        loss = slope()
    with capture.recording() as uses:
        found = torch.autograd.grad(loss, parameters, allow_unused=True)
    assert found == (None, None)
    for a, b in zip(sums(uses, *parameters), right, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


def test_other_weights_have_their_gradients_as_ever(layer) -> None:
    h, *parameters = arguments()
    g = torch.randn(3, 5, 4)
    right = torch.autograd.grad(layer(h, *parameters), parameters, g)
    capture = LayerCapture([])
    with capture:
        out = layer(h, *parameters)
    with capture.recording() as uses:
        found = torch.autograd.grad(out, parameters, g)
    assert not uses
    for a, b in zip(found, right, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


def test_backward_passes_outside_are_not_recorded(layer) -> None:
    h, *parameters = arguments()
    capture = LayerCapture(parameters)
    with capture:
        out = layer(h, *parameters).sum()
    with capture.recording() as uses:
        pass
    out.backward()
    assert not uses


def test_transforms_see_the_plain_layer() -> None:
    h, weight, bias = arguments()
    with LayerCapture([weight, bias]):
        found = vmap(lambda x: linear(x, weight, bias))(h)
    torch.testing.assert_close(found, linear(h, weight, bias))
