"""Transforms that would break what a network promises are refused, with the reason."""

import deepxde as dde
import pytest
import torch
from networks import ALL_NETWORKS

from ncl_deepxde.nn import NCL, CurlNet, DivergenceFree
from ncl_deepxde.nn.base.fixed import FixedNet

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

NETWORKS = [NCL, CurlNet, DivergenceFree]


SMALL = [3, 8, 4]


@pytest.mark.parametrize("network", NETWORKS)
def test_output_transform_is_refused(network) -> None:
    net = network(SMALL, "tanh", "Glorot normal")
    message = "^apply_output_transform: .*apply_feature_transform"
    with pytest.raises(ValueError, match=message):
        net.apply_output_transform(lambda x, y: y)


@pytest.mark.parametrize("name", ALL_NETWORKS)
def test_every_network_refuses_a_transform_of_its_outputs(name) -> None:
    net = ALL_NETWORKS[name].build()
    with pytest.raises(ValueError, match=r"^apply_output_transform: .*[.]$") as error:
        net.apply_output_transform(lambda x, y: y)
    # Reason, then remedy.
    assert str(error.value).count(". ") >= 1 or "must be called on" in str(error.value)


@pytest.mark.parametrize("name", ALL_NETWORKS)
def test_networks_that_refuse_features_say_why(name) -> None:
    net = ALL_NETWORKS[name].build()
    if not isinstance(net, FixedNet):
        pytest.skip("takes features of its inputs")
    with pytest.raises(ValueError, match=r"^apply_feature_transform: .*[.]$") as error:
        net.apply_feature_transform(lambda x: x)
    assert net.why_no_feature_transform in str(error.value)
    assert str(error.value).count(". ") >= 1 or "must be called on" in str(error.value)


@pytest.mark.parametrize("name", ["ncl", "lflow", "windows", "hodge-field"])
def test_frozen_parameters_stay_frozen_through_the_test_passes_of_deepxde(name) -> None:
    network = ALL_NETWORKS[name]
    net = network.build()
    net(torch.rand(50, network.num_inputs))  # starts the normalizations of a flow
    parameter = next(net.parameters())
    parameter.requires_grad_(False)
    before = parameter.detach().clone()
    box = dde.geometry.Hypercube([0.1] * network.num_inputs, [0.9] * network.num_inputs)
    data = dde.data.PDE(box, lambda x, y: y[:, :1] - 3, [], num_domain=20)
    model = dde.Model(data, net)
    model.compile("adam", lr=1e-2, verbose=0)
    model.train(iterations=4, display_every=2, verbose=0)
    torch.testing.assert_close(parameter.detach(), before, rtol=0, atol=0)
    assert not parameter.requires_grad
    assert sum(p.requires_grad for p in net.parameters()) > 0


def test_parameters_can_be_frozen_and_thawed_by_hand() -> None:
    net = NCL(SMALL, "tanh", "Glorot normal")
    first, *others = net.parameters()
    assert net.requires_grad_(False) is net
    assert not any(p.requires_grad for p in net.parameters())
    assert all(p.requires_grad for p in net.requires_grad_().parameters())
    first.requires_grad_(False)
    net.requires_grad_(False).requires_grad_(False).requires_grad_()
    assert not first.requires_grad
    assert all(p.requires_grad for p in others)
    assert all(p.requires_grad for p in net.requires_grad_().parameters())
