"""Networks that do not say what their outputs mean: told by the caller, or refused."""

import deepxde as dde
import pytest
import torch
from networks import ALL_NETWORKS, names

from ncl_deepxde import nn

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")


def fnn(outputs=4):
    return dde.nn.FNN([3, 8, outputs], "tanh", "Glorot normal")


@pytest.mark.parametrize("name", names(is_flow=True))
def test_a_flow_is_returned_as_it_is(name) -> None:
    net = ALL_NETWORKS[name].build()
    assert nn.as_flow(net) is net
    assert nn.as_flow(net, net.output, dim=2) is net


@pytest.mark.parametrize("name", names(is_flow=True))
def test_a_flow_is_not_contradicted(name) -> None:
    net = ALL_NETWORKS[name].build()
    (other,) = {"flux", "velocity"} - {net.output}
    message = rf"^output: must be '{net.output}' or None .* got '{other}'. Leave"
    with pytest.raises(ValueError, match=message):
        nn.as_flow(net, other)
    with pytest.raises(ValueError, match=r"^dim: must be 2 or None .* got 3. Leave"):
        nn.as_flow(net, dim=3)


@pytest.mark.parametrize("output", ["flux", "velocity"])
def test_a_plain_network_becomes_what_the_caller_says(output) -> None:
    net, x = fnn(), torch.rand(7, 3)
    flow = nn.as_flow(net, output, dim=2)
    assert isinstance(flow, nn.FlowNet)
    assert not isinstance(flow, nn.ContinuityLaw)
    assert (flow.output, flow.dim) == (output, 2)
    y = net(x)
    rho, w = y[:, :1], y[:, 1:3]
    m, u = (w, w / rho) if output == "flux" else (rho * w, w)
    assert torch.equal(flow(x), y)
    assert torch.equal(flow.density(x), rho)
    assert torch.equal(flow.velocity(x), u)
    assert torch.equal(flow.flux(x), torch.cat([rho, m], dim=1))
    assert list(flow.parameters()) == list(net.parameters())


def test_a_wrapped_network_is_a_plain_one() -> None:
    wrapped = torch.nn.Sequential(ALL_NETWORKS["ncl"].build())
    with pytest.raises(ValueError, match=r"^output: .* got None for a Sequential"):
        nn.as_flow(wrapped, dim=2)
    assert not isinstance(nn.as_flow(wrapped, "flux", dim=2), nn.ContinuityLaw)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dim": 2}, r"output: must be 'flux' or 'velocity' .* got None for a FNN\. S"),
        ({"output": "momentum", "dim": 2}, "output: must be one of .* got 'momentum'"),
        ({"output": "flux"}, r"dim: must be the number .* got None for a FNN\. Pass"),
        ({"output": "flux", "dim": 0}, "dim: must be an integer and at least 1, got 0"),
        ({"output": "flux", "dim": True}, "dim: must be an integer .* got True"),
    ],
)
def test_what_is_not_known_is_refused(options, message) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        nn.as_flow(fnn(), **options)


@pytest.mark.parametrize(
    "use",
    [
        nn.as_flow,
        lambda net: nn.as_flow(net, "velocity", dim=2),
        lambda net: nn.Windows([net, net], [0.5]),
        lambda net: nn.Continuation(net, 0.5, 0.1, "velocity"),
    ],
)
def test_a_velocity_without_a_density_is_no_flow(use) -> None:
    message = r"^net: must have a density, got a Incompressible, .* nn\.CurlNet"
    with pytest.raises(ValueError, match=message):
        use(ALL_NETWORKS["incompressible"].build())


def test_too_few_outputs_are_refused() -> None:
    flow = nn.as_flow(fnn(2), "flux", dim=2)
    with pytest.raises(ValueError, match=r"^net: .*\(rho, w_1..w_2\), .* got \(7, 2\)"):
        flow.flux(torch.rand(7, 3))


@pytest.mark.parametrize("thing", [None, nn.NCL, lambda x: x])
def test_what_is_no_network_is_refused(thing) -> None:
    with pytest.raises(ValueError, match=r"net: must be a network, a torch.nn.Module"):
        nn.as_flow(thing, "flux", dim=2)
