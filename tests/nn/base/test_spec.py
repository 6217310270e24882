"""Layers and outputs of a network: activations layer by layer, constants, channels."""

import pytest
import torch

from ncl_deepxde.nn import NCL, CurlNet, DivergenceFree
from ncl_deepxde.nn.base.spec import Constant, FieldSpec, Layers
from ncl_deepxde.potentials import Summand

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

NETWORKS = [NCL, CurlNet, DivergenceFree]


SMALL = [3, 8, 4]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("activation", ["relu", "elu", "selu", torch.nn.ReLU(), "foo"])
def test_bad_activation(network, activation) -> None:
    with pytest.raises(ValueError, match=r"^activation: must be .*Use for example"):
        network(SMALL, activation, "Glorot normal")


@pytest.mark.parametrize("number", [0, 1, 4])
def test_list_of_activations_must_fit(number) -> None:
    with pytest.raises(ValueError, match=rf"^activation: .*layer \(2\).*got {number}"):
        NCL([3, 8, 8, 4], ["tanh"] * number, "Glorot normal")


@pytest.mark.parametrize("number", [2, 3])
def test_list_of_activations_goes_layer_by_layer(number) -> None:
    names = ["tanh", "sin", "silu"][:number]
    net = NCL([3, 8, 8, 4], names, "Glorot normal")
    assert [a.name for a in net.network.activations] == ["tanh", "sin"]


def test_extras_are_channels_with_a_trained_constant_each() -> None:
    rows = [[Summand((0,), 1, 2.0)], [Summand((1, 1), 0)]]
    spec = FieldSpec(rows, 2, [Constant(1.5), Constant(0.0, True)], 2, 1)
    assert spec.num_channels == 4
    assert list(spec.outputs.components) == [*rows, [Summand((), 2)], [Summand((), 3)]]
    assert spec.outputs.order == 2
    assert spec.all_constants[2:] == [Constant(0.0, True)] * 2
    assert spec.all_constants[:2] == spec.constants


def test_layers_make_a_perceptron_of_their_widths() -> None:
    layers = Layers([7, 6], ["tanh", "sin"], "Glorot normal", None, (1.0, None), 2)
    net = layers.network(3)
    # Two harmonics on a circle, and one coordinate.
    sizes = [(layer.in_features, layer.out_features) for layer in net.layers()]
    assert sizes == [(5, 7), (7, 6), (6, 3)]
    assert layers.network(3) is not net
