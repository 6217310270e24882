"""The base of all networks of derivatives of potentials: sums, inputs, transforms."""

import pytest
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.jets.jets import jet_space
from ncl_deepxde.nn import NCL, CurlNet, DivergenceFree
from ncl_deepxde.nn.base.field import FieldNet
from ncl_deepxde.nn.base.spec import Constant, FieldSpec, Layers
from ncl_deepxde.potentials import Summand

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

NETWORKS = [NCL, CurlNet, DivergenceFree]


SMALL = [3, 8, 4]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("shape", [(5, 4), (5, 2), (3,), (2, 5, 3)])
def test_inputs_must_have_the_columns(network, shape) -> None:
    net = network(SMALL, "tanh", "Glorot normal")
    with pytest.raises(ValueError, match=r"^inputs: must have shape \(N, 3\)") as error:
        net(torch.rand(shape))
    assert str(shape) in str(error.value)


def test_inputs_must_have_the_dtype() -> None:
    net = NCL(SMALL, "tanh", "Glorot normal")
    message = r"^inputs: .*torch.float64, got torch.float32.*set_default_float"
    with pytest.raises(ValueError, match=message):
        net(torch.rand(5, 3, dtype=torch.float32))


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


def field(served=1):
    """Return y = (3 d_0 a_0 - d_1 a_1 + 2, a_1 with a trained constant, extra)."""
    layers = Layers([6, 5], "tanh", "Glorot normal", ["l2", 0.1], (None, None), 1)
    rows = [[Summand((0,), 0, 3.0), Summand((1,), 1, -1.0)], [Summand((), 1)]]
    constants = [Constant(2.0), Constant(-1.0, True)]
    return FieldNet(layers, FieldSpec(rows, 2, constants, 1, served))


@pytest.mark.parametrize("served", [0, 1, 2])
def test_outputs_are_the_sums_of_derivatives(served) -> None:
    """Nested reverse mode on the perceptron is a second source for the jets."""
    net, x = field(served), torch.rand(7, 2)

    def channels(x):
        return net.network.jet(x[None], jet_space(2, 0))[0, 0]

    a, J = vmap(channels)(x), vmap(jacrev(channels))(x)
    right = torch.stack([3 * J[:, 0, 0] - J[:, 1, 1] + 2, a[:, 1] - 1, a[:, 2]], dim=1)
    torch.testing.assert_close(net(x), right, rtol=1e-13, atol=1e-13)
    assert net.fixed.tolist() == [2, 0, 0]
    assert net.bias.tolist() == [-1, 0]
    assert net.regularizer == ["l2", 0.1]


def test_state_changes_with_every_weight() -> None:
    net = field()
    for weight in net.parameters():
        before = net.snapshot()
        assert net.snapshot() == before
        with torch.no_grad():
            weight.add_(1)
        assert net.snapshot() != before


@pytest.mark.parametrize("served", [-1, 3, 1.5])
def test_more_than_two_derivatives_are_not_served(served) -> None:
    with pytest.raises(ValueError, match=r"^served: must be one of None, 0, 1, 2, got"):
        field(served)
