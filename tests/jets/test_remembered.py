"""Values kept for the last points are those of the points at hand."""

import copy
import pickle

import pytest
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.nn import NCL, InitialState

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")


def density(x):
    return 4 + torch.sin(5 * x).prod(dim=1, keepdim=True)


def hard_network():
    return NCL([3, 8, 3], "tanh", "Glorot normal", initial=InitialState(density))


def test_remembered_points_are_compared_by_value():
    net = hard_network()
    x = torch.rand(10, 3)
    first = net(x)
    x[:, 2] += 0.5  # the same tensor with other values
    assert (net(x) - first).abs().max() > 1e-3
    x[:, 2] -= 0.5
    torch.testing.assert_close(net(x), first)


def test_remembered_points_are_compared_by_dtype():
    net = hard_network()
    x = torch.full((4, 3), 0.5)
    assert net(x).dtype == torch.float64
    assert net.float()(x.float()).dtype == torch.float32


def test_what_is_remembered_can_be_differentiated_later():
    net = hard_network()
    x = torch.rand(10, 3)
    with torch.inference_mode():
        net(x)
    with torch.no_grad():
        first = net(x)
    y = net(x)
    y.square().sum().backward()
    torch.testing.assert_close(y.detach(), first)
    inputs = x.clone().requires_grad_()
    with torch.no_grad():
        net(inputs)
    (gx,) = torch.autograd.grad(net(inputs)[:, 0].sum(), inputs)
    torch.testing.assert_close(gx, vmap(jacrev(lambda z: net(z[None])[0, 0]))(x))


def test_pickle_and_deepcopy():
    net = hard_network()
    x = torch.rand(10, 3)
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        torch.testing.assert_close(other(x), net(x))
