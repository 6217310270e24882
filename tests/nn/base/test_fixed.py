"""Transforms that would break what a network promises are refused, with the reason."""

import pytest
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
