"""What every network promises: its type says what is true of it."""

import copy
import inspect
import pickle

import deepxde as dde
import numpy as np
import pytest
import torch
from networks import ALL_NETWORKS, names

from ncl_deepxde import nn
from ncl_deepxde.evaluation import continuity_error

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

# Relative to the largest single term of the sum.
LIMIT = 1e-11


def inputs_of(network, n=7):
    # On both sides of the seams of windows.
    return torch.rand(n, network.num_inputs)


def started(network):
    net = network.build()
    net(torch.randn(64, network.num_inputs))  # LFlow normalizes by its first points
    return net.eval()


def test_every_public_network_is_in_the_list() -> None:
    public = {c for c in map(vars(nn).get, nn.__all__) if inspect.isclass(c)}
    networks = {
        c
        for c in public
        if issubclass(c, torch.nn.Module) and not inspect.isabstract(c)
    }
    built = [network.build() for network in ALL_NETWORKS.values()]
    assert {c for c in networks if any(isinstance(n, c) for n in built)} == networks


@pytest.mark.parametrize("name", ALL_NETWORKS)
def test_types_say_what_a_network_obeys(name) -> None:
    network = ALL_NETWORKS[name]
    net = network.build()
    assert isinstance(net, dde.nn.pytorch.NN)
    assert isinstance(net, nn.FlowNet) == network.is_flow
    assert isinstance(net, nn.ContinuityLaw) == network.has_law
    assert isinstance(net, nn.VelocityNet) == network.is_velocity


@pytest.mark.parametrize("name", names(is_flow=True))
def test_continuity_holds_where_the_type_says_so(name) -> None:
    net = started(ALL_NETWORKS[name])
    rng = np.random.default_rng(0)
    points, times = rng.random((20, 2)), rng.random((20, 1))
    error = continuity_error(net, points, times).relative
    assert error < LIMIT if isinstance(net, nn.ContinuityLaw) else error > 1e3 * LIMIT


@pytest.mark.parametrize("name", names(is_flow=True))
def test_flow_has_the_parts_of_its_flux(name) -> None:
    network = ALL_NETWORKS[name]
    net, x = started(network), inputs_of(network)
    assert (net.dim, net.output) == (2, network.output)
    y = net(x)
    flux, rho, u = net.flux(x), net.density(x), net.velocity(x)
    assert (flux.shape, rho.shape, u.shape) == ((7, 3), (7, 1), (7, 2))
    close = {"rtol": 1e-12, "atol": 1e-12}
    torch.testing.assert_close(rho, flux[:, :1], **close)
    torch.testing.assert_close(rho * u, flux[:, 1:], **close)
    w = flux[:, 1:] if network.output == "flux" else u
    torch.testing.assert_close(y[:, :3], torch.cat([rho, w], dim=1), **close)


@pytest.mark.parametrize("name", ALL_NETWORKS)
def test_copies_keep_the_type_and_the_outputs(name) -> None:
    network = ALL_NETWORKS[name]
    net, x = started(network), inputs_of(network)
    for other in copy.deepcopy(net), pickle.loads(pickle.dumps(net)):
        assert type(other) is type(net)
        torch.testing.assert_close(other(x), net(x), rtol=0, atol=0)


@pytest.mark.parametrize("name", ALL_NETWORKS)
def test_no_method_of_ours_is_overridden(name) -> None:
    """Bases are abstract or final: what is concrete there nobody replaces."""
    ours = [
        c
        for c in type(ALL_NETWORKS[name].build()).__mro__
        if c.__module__.startswith("ncl_deepxde.")
    ]
    wrong = [
        f"{c.__name__}.{method} over {base.__name__}"
        for i, c in enumerate(ours)
        for base in ours[i + 1 :]
        for method, value in vars(base).items()
        if inspect.isfunction(value)
        and not method.startswith("__")
        and not getattr(value, "__isabstractmethod__", False)
        and inspect.isfunction(vars(c).get(method))
    ]
    assert wrong == []


@pytest.mark.parametrize("name", ALL_NETWORKS)
def test_no_points_have_no_values(name) -> None:
    network = ALL_NETWORKS[name]
    net = network.build()
    methods = [net, *([net.flux, net.density, net.velocity] if network.is_flow else [])]
    some = torch.rand(2, network.num_inputs)
    for method in methods:
        shape = (0, method(some).shape[1])
        assert method(torch.empty(0, network.num_inputs)).shape == shape
        x = torch.empty(0, network.num_inputs, requires_grad=True)
        y = method(x)
        assert y.shape == shape
        assert dde.grad.jacobian(y, x, i=0, j=0).shape == (0, 1)
        dde.grad.clear()
