"""Networks of a flow: momentum or velocity, with derivatives, whatever is native."""

import pytest
import torch

from ncl_deepxde.nn import NCL, CurlNet

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

SMALL = [3, 8, 4]


@pytest.mark.parametrize("method", ["flux", "density", "velocity"])
def test_methods_check_inputs_too(method) -> None:
    net = NCL(SMALL, "tanh", "Glorot normal")
    with pytest.raises(ValueError, match=r"^inputs: must have shape \(N, 3\)"):
        getattr(net, method)(torch.rand(5, 2))


@pytest.mark.parametrize("output", ["flux", "velocity"])
@pytest.mark.parametrize("network", [NCL, CurlNet])
def test_columns_hold_what_the_output_says(network, output) -> None:
    torch.manual_seed(0)
    net, x = network(SMALL, "tanh", "Glorot normal", output=output), torch.rand(5, 3)
    y, rho = net(x), net.density(x)
    w = net.velocity(x) if output == "velocity" else net.flux(x)[:, 1:]
    torch.testing.assert_close(y[:, :3], torch.cat([rho, w], dim=1))
    torch.testing.assert_close(net.flux(x)[:, 1:], rho * net.velocity(x))
    torch.manual_seed(0)
    other = {"flux": "velocity", "velocity": "flux"}[output]
    same = network(SMALL, "tanh", "Glorot normal", output=other)
    torch.testing.assert_close(same.flux(x), net.flux(x))


def test_mean_momentum_is_the_constant_of_a_momentum() -> None:
    x = torch.rand(5, 3)
    net = NCL(SMALL, "tanh", "Glorot normal", mean_momentum=[0.7, -0.4])
    assert net.mean_momentum(x).tolist() == [0.7, -0.4]
    # A constant velocity is no mean of the momentum.
    curl = CurlNet(SMALL, "tanh", "Glorot normal", periods=1.0)
    with torch.no_grad():
        curl.bias.fill_(1.0)
    assert curl.mean_momentum(x).tolist() == [0, 0]
