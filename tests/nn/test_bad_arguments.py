"""Bad arguments give one ValueError: argument, rule, value got, remedy."""

import math

import pytest
import torch

from ncl_deepxde.nn import NCL, CurlNet, DivergenceFree

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

NETWORKS = [NCL, CurlNet, DivergenceFree]
SMALL = [3, 8, 4]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize(
    "sizes",
    [[], [3], [3, 4], [0, 8, 1], [3, 8.0, 4], [3, -1, 4], [3, "8", 4], [3, [8], 4]],
    ids=str,
)
def test_sizes_must_be_positive_integers(network, sizes) -> None:
    with pytest.raises(ValueError, match="layer_sizes: must hold") as error:
        network(sizes, "tanh", "Glorot normal")
    assert repr(sizes) in str(error.value)
    assert "Use for example [3] + [64] * 4 + [4]" in str(error.value)


@pytest.mark.parametrize(
    ("network", "inputs"), [(NCL, 1), (CurlNet, 2), (DivergenceFree, 1)]
)
def test_least_number_of_inputs(network, inputs) -> None:
    message = f"layer_sizes: the first entry.*at least {inputs + 1}, got {inputs}"
    with pytest.raises(ValueError, match=message):
        network([inputs, 8, 4], "tanh", "Glorot normal")
    network([inputs + 1, 8, inputs + 1], "tanh", "Glorot normal")


@pytest.mark.parametrize("network", NETWORKS)
def test_least_number_of_outputs(network) -> None:
    message = "layer_sizes: the last entry must be at least 3.*got 2.*Further outputs"
    with pytest.raises(ValueError, match=message):
        network([3, 8, 2], "tanh", "Glorot normal")


BAD_OPTIONS = {
    "construction": ["hodge", None, ["matrix"]],
    "periods": [0, -1.0, math.nan, math.inf, [1.0] * 4, [1.0], [1.0, 0.0], "1"],
    "harmonics": [0, -1, 1.5, "1"],
    "served": [-1, 3, 1.5, "1"],
    "scale": [0.0, -1.0, math.nan, math.inf],
    "output": ["momentum", None, ""],
    "mean_density": ["fixed", [1.0, 2.0]],
    "mean_momentum": ["fixed", [1.0], 1.0, [1.0, 2.0, 3.0]],
}


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in BAD_OPTIONS.items() for value in values],
    ids=str,
)
def test_bad_options_are_named(network, name, value) -> None:
    if name.startswith("mean") and network is not NCL:
        pytest.skip("NCL alone takes means")
    if name == "output" and network is DivergenceFree:
        pytest.skip("DivergenceFree has no density")
    with pytest.raises(ValueError, match=f"^{name}: must .*got") as error:
        network(SMALL, "tanh", "Glorot normal", **{name: value})
    assert str(value) in str(error.value)


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


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("shape", [(5, 4), (5, 2), (3,), (2, 5, 3)])
def test_inputs_must_have_the_columns(network, shape) -> None:
    net = network(SMALL, "tanh", "Glorot normal")
    with pytest.raises(ValueError, match=r"^inputs: must have shape \(N, 3\)") as error:
        net(torch.rand(shape))
    assert str(shape) in str(error.value)


@pytest.mark.parametrize("method", ["flux", "density", "velocity"])
def test_methods_check_inputs_too(method) -> None:
    net = NCL(SMALL, "tanh", "Glorot normal")
    with pytest.raises(ValueError, match=r"^inputs: must have shape \(N, 3\)"):
        getattr(net, method)(torch.rand(5, 2))


def test_inputs_must_have_the_dtype() -> None:
    net = NCL(SMALL, "tanh", "Glorot normal")
    message = r"^inputs: .*torch.float64, got torch.float32.*set_default_float"
    with pytest.raises(ValueError, match=message):
        net(torch.rand(5, 3, dtype=torch.float32))


@pytest.mark.parametrize("network", NETWORKS)
def test_output_transform_is_refused(network) -> None:
    net = network(SMALL, "tanh", "Glorot normal")
    message = "^apply_output_transform: .*apply_feature_transform"
    with pytest.raises(ValueError, match=message):
        net.apply_output_transform(lambda x, y: y)


def test_feature_transform_and_periods_exclude_each_other() -> None:
    net = NCL(SMALL, "tanh", "Glorot normal", periods=[1.0, None])
    with pytest.raises(ValueError, match=r"^apply_feature_transform: .*periods=None"):
        net.apply_feature_transform(torch.sin)


def test_time_column_out_of_range_in_a_transform() -> None:
    net = NCL(SMALL, "tanh", "Glorot normal")
    with pytest.raises(ValueError, match=r"shape \(N, 3\), time last.*0 to 2"):
        net.apply_feature_transform(lambda x: torch.stack([x[:, 0], x[:, 3]], dim=1))
    x = torch.rand(5, 3)
    assert net(x).shape == (5, 4), "a refused transform leaves the network as it was"
