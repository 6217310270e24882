"""Activations and their derivatives against torch."""

import math

import deepxde as dde
import numpy as np
import pytest
import torch
from torch.func import grad, vmap

from ncl_deepxde.jets import activations
from ncl_deepxde.jets.dense import dense
from ncl_deepxde.jets.jets import jet_of_callable, jet_space

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

REFERENCES = {
    "gelu": torch.nn.functional.gelu,
    "sigmoid": torch.sigmoid,
    "silu": lambda z: z * torch.sigmoid(z),
    "sin": torch.sin,
    "softplus": lambda z: torch.log1p(torch.exp(z)),
    "swish": lambda z: z * torch.sigmoid(z),
    "tanh": torch.tanh,
}
POINTS = torch.linspace(-3, 3, 14, dtype=torch.float64)


def gaussian(z):
    return torch.exp(-z * z)


def nested(f, z, order):
    found = []
    for _ in range(order + 1):
        found.append(vmap(f)(z))
        f = grad(f)
    return found


def test_every_name_has_a_reference() -> None:
    assert set(activations.NAMES) == set(REFERENCES)


@pytest.mark.parametrize("name", activations.NAMES)
def test_derivatives_are_right(name) -> None:
    found = activations.get(name).derivatives(POINTS, 6)
    right = nested(REFERENCES[name], POINTS, 6)
    assert len(found) == 7
    for n, (a, b) in enumerate(zip(found, right, strict=True)):
        assert a.shape == POINTS.shape
        # The sixth derivatives reach 1e2 and cancel terms of that size.
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-12 * math.factorial(n))


@pytest.mark.parametrize("order", range(4))
@pytest.mark.parametrize("name", [*activations.NAMES, gaussian, "LAAF-10 tanh"])
def test_a_lower_order_is_a_prefix(name, order) -> None:
    activation = activations.get(name)
    long, short = (activation.derivatives(POINTS, n) for n in (5, order))
    assert len(short) == order + 1
    for a, b in zip(short, long, strict=False):
        torch.testing.assert_close(a, b, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("name", [n for n in activations.NAMES if n != "softplus"])
def test_names_mean_what_deepxde_means(name) -> None:
    value = activations.get(name.upper()).derivatives(POINTS, 0)[0]
    right = dde.nn.activations.get(name)(POINTS)
    torch.testing.assert_close(value, right, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("z", [-800.0, -60.0, 30.0, 60.0, 800.0])
@pytest.mark.parametrize("name", activations.NAMES)
def test_far_values_are_finite(name, z) -> None:
    derivatives = activations.get(name).derivatives(torch.tensor([z]), 4)
    assert all(bool(d.isfinite().all()) for d in derivatives)
    if name != "sin":
        assert float(derivatives[2].abs()) < 1e-10


def siren(z):
    return torch.sin(30 * z)


FUNCTIONS = [
    gaussian,
    siren,
    torch.atan,
    torch.nn.functional.mish,
    torch.nn.SiLU(),
    torch.nn.Softplus(),
    torch.nn.Tanh(),
]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_any_smooth_function_works(function) -> None:
    activation = activations.get(function)
    assert (activation.module is function) == isinstance(function, torch.nn.Module)
    right = nested(function, POINTS, 4)
    for a, b in zip(activation.derivatives(POINTS, 4), right, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-11 * float(b.abs().max()))


def test_laaf_trains_its_slope() -> None:
    activation = activations.get("LAAF-10 tanh")
    (slope,) = activation.module.parameters()
    assert float(slope.detach()) == pytest.approx(0.1)
    with torch.no_grad():
        slope.mul_(3)
    found = activation.derivatives(POINTS, 2)
    tanh = torch.tanh(3 * POINTS)
    torch.testing.assert_close(found[1], 3 * (1 - tanh**2))
    torch.testing.assert_close(found[2], -18 * tanh * (1 - tanh**2))
    assert torch.autograd.grad(found[2].square().sum(), slope)[0].abs() > 1


@pytest.mark.parametrize(
    "kinked",
    [
        "relu",
        "ELU",
        "selu",
        "LAAF-10 relu",
        torch.nn.ReLU(),
        torch.nn.LeakyReLU(),
        torch.nn.functional.leaky_relu,
        torch.abs,
        lambda z: z * torch.abs(z),
        None,
    ],
)
def test_kinks_are_refused(kinked, dtype) -> None:
    with pytest.raises(ValueError, match="twice continuously differentiable") as error:
        activations.get(kinked)
    assert "'tanh'" in str(error.value)


@pytest.mark.parametrize(
    "unknown", ["mish", "", "LAAF-10 mish", "LAAF-x tanh", "LAAF", 3, ("tanh", "sin")]
)
def test_unknown_activation_is_refused(unknown) -> None:
    with pytest.raises(ValueError, match=r"activation: must be one of gelu.*'tanh'"):
        activations.get(unknown)


def test_repr_names_the_activation() -> None:
    assert repr(activations.get("Sin")) == "Activation(sin)"


MIXED = {
    "maximum": lambda z: torch.tanh(z / z.abs().max()),
    "softmax": torch.nn.Softmax(dim=-1),
    "normalized": lambda z: torch.nn.functional.layer_norm(z, z.shape[-1:]),
    "number": lambda z: torch.tanh(z / len(z)),
}


@pytest.mark.parametrize("kind", MIXED)
def test_what_is_not_elementwise_is_refused(kind) -> None:
    with pytest.raises(ValueError, match=r"^activation: must be an elementwise"):
        activations.get(MIXED[kind])


def test_numpy_and_what_fails_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^activation: .*torch.sin for np.sin"):
        activations.get(np.tanh)
    with pytest.raises(ValueError, match=r"^activation: .*LayerNorm.* fails"):
        activations.get(torch.nn.LayerNorm(8))


@pytest.mark.parametrize("order", [0, 1, 2])
def test_a_slope_that_is_trained_outside_a_module_is_trained(order) -> None:
    """Against the same layer in plain operations, differentiated by torch.func."""
    slope = dde.Variable(1.3)
    activation, space = (
        activations.get(lambda z: torch.tanh(slope * z)),
        jet_space(2, order),
    )
    assert activation.is_trained
    assert activation.module is None
    W, b, x = torch.rand(4, 2), torch.rand(4), torch.rand(5, 2)
    h = jet_of_callable(lambda x: x, x, space)
    found = dense(h, W, b, activation, space)

    def layer(x):
        return torch.tanh(slope * (x @ W.T + b))

    right = jet_of_callable(layer, x, space)
    torch.testing.assert_close(found, right, rtol=1e-12, atol=1e-12)
    grads = [torch.autograd.grad(y.square().sum(), slope)[0] for y in (found, right)]
    torch.testing.assert_close(*grads, rtol=1e-12, atol=0)
    assert not activations.get("tanh").is_trained
    assert activations.get("LAAF-10 tanh").is_trained
