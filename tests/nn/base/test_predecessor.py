"""What a network needs to know of another that it goes on from."""

import pytest
import torch
from networks import ALL_NETWORKS, names

from ncl_deepxde import nn
from ncl_deepxde.nn.base.predecessor import Continuable, Predecessor

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")


def inputs_of(network, n=7):
    # On both sides of the seams of windows.
    return torch.rand(n, network.num_inputs)


def started(network):
    net = network.build()
    net(torch.randn(64, network.num_inputs))  # LFlow normalizes by its first points
    return net.eval()


@pytest.mark.parametrize("name", names(is_flow=True))
def test_derivatives_of_the_flux_are_those_of_the_flow(name) -> None:
    net = started(ALL_NETWORKS[name])
    if not isinstance(net, Continuable):
        pytest.skip("is continued by differentiating it")
    x = inputs_of(ALL_NETWORKS[name])
    levels = net.flux_levels(x, min(1, net.most_served))
    torch.testing.assert_close(levels[0][:, :3], net.flux(x))
    J = torch.func.vmap(torch.func.jacrev(lambda z: net.flux(z[None])[0]))(x)
    for level in levels[1:]:
        torch.testing.assert_close(level[:, :3], J, rtol=1e-9, atol=1e-9)
    assert net.mean_momentum(x).shape == (len(net.paced(3)),)
    before = net.snapshot()
    with torch.no_grad():
        for p in net.parameters():
            p.add_(0.5)
    assert net.snapshot() != before


@pytest.mark.parametrize("contract", [Continuable, Predecessor])
def test_contracts_must_be_kept(contract) -> None:
    with pytest.raises(TypeError, match="abstract"):
        contract()


@pytest.mark.parametrize("name", names(is_flow=True))
def test_every_flow_can_be_a_predecessor(name) -> None:
    """Levels and state of the continuation, at times before its seam."""
    if name == "semi-lagrangian":
        pytest.skip("torch.func does not differentiate its adjoint solve")
    net = started(ALL_NETWORKS[name])
    then = nn.Continuation(net, 1.5, 0.1)
    assert isinstance(then, Predecessor)
    x = inputs_of(ALL_NETWORKS[name])
    assert (then.net, then.time) == (net, 1.5)
    levels = then.levels(x, 0)
    torch.testing.assert_close(levels[0][:, :3], net.flux(x))
    paced = net.paced(3) if isinstance(net, Continuable) else (1, 2)
    assert then.mean_momentum(x).shape == (len(paced),)
    before = then.snapshot()
    assert then.snapshot() == before
    with torch.no_grad():
        for p in net.parameters():
            p.add_(0.5)
    assert then.snapshot() != before
