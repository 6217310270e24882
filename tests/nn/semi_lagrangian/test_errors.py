"""What a network with a solver refuses, and what it says."""

import deepxde as dde
import numpy as np
import pytest
import torch

from ncl_deepxde.nn import SemiLagrangian

BOX = (-2.0, 2.0)


def network(dim=2, **options):
    """Return a small network with a rough grid."""
    torch.manual_seed(0)
    settings = {
        "box": BOX,
        "grid": 6,
        "hidden": (12, 12),
        "tolerance": 1e-8,
        "noise": 0.5,
    }
    return SemiLagrangian(dim, **settings | options)


def inputs_for(dim, n=7):
    """Return points around the box, times on both sides of the start."""
    x = 4 * torch.rand(n, dim) - 2
    t = torch.linspace(-0.5, 1.0, n)[:, None]
    return torch.cat([x, t], dim=1)


@pytest.mark.parametrize("adjoint", [True, False])
def test_solver_that_does_not_finish_says_what_to_do(adjoint) -> None:
    inputs = inputs_for(2)
    remedy = r"SemiLagrangian: the solver gave up at .* Lower the learning rate.*"
    net = network(adjoint=adjoint, max_steps=3)
    with pytest.raises(RuntimeError, match=remedy + r"max_steps \(now 3\)"):
        net(inputs)
    net = network(adjoint=adjoint)
    with torch.no_grad():
        net.field.layers[0].weight.mul_(torch.nan)
    with pytest.raises(RuntimeError, match=remedy):
        net.transport(inputs[:, :2], 0.0, 1.0)


def test_adjoint_solve_that_does_not_finish_says_what_to_do() -> None:
    loss = torch.nan * network().density(inputs_for(2)).sum()
    with pytest.raises(RuntimeError, match="the solver gave up at 1 of the way"):
        loss.backward()


def test_every_solve_counts_its_own_steps() -> None:
    loss = network(max_steps=40).density(inputs_for(2)).sum()
    for _ in range(10):
        loss.backward(retain_graph=True)


def test_second_derivatives_are_right_or_refused() -> None:
    inputs = inputs_for(2, 3)

    def slopes(net, z):
        return torch.autograd.grad(net.density(z).sum(), z, create_graph=True)[0]

    z = inputs.clone().requires_grad_()
    first = slopes(network(), z)
    net = network(adjoint=False)
    again = slopes(net, z)
    torch.testing.assert_close(first, again, rtol=1e-6, atol=1e-6)
    with pytest.raises(RuntimeError, match=r"first derivatives only.*adjoint=False"):
        first.square().sum().backward()
    (found,) = torch.autograd.grad(again[:, 2].sum(), z)
    h = 1e-4
    step = torch.tensor([0.0, 0.0, h])
    ahead, behind = (slopes(net, z + k * step)[:, 2] for k in (1, -1))
    slope = (ahead - behind) / (2 * h)
    torch.testing.assert_close(found[:, 2], slope, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("which", [0, 1, 2], ids=["x", "t0", "t1"])
def test_second_derivatives_of_transport_are_refused(which) -> None:
    arguments = [torch.rand(5, 2), torch.rand(5, 1), torch.rand(5, 1)]
    z = arguments[which].requires_grad_()
    end = network().transport(*arguments)
    (slope,) = torch.autograd.grad(end.sum(), z, create_graph=True)
    with pytest.raises(RuntimeError, match="first derivatives only"):
        slope.square().sum().backward()


def test_mixed_precision_does_not_reach_the_solver() -> None:
    dde.config.set_default_float("float32")
    inputs, outputs = inputs_for(2), []
    for mixed in (False, True):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=mixed):
            outputs.append(network(tolerance=1e-5, adjoint=False)(inputs))
    # Half precision would show at 1e-3.
    torch.testing.assert_close(*outputs, rtol=1e-6, atol=1e-6)
    net = network(tolerance=1e-5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        with torch.no_grad():
            torch.testing.assert_close(net(inputs), outputs[0], rtol=1e-4, atol=1e-4)
        with pytest.raises(RuntimeError, match=r"mixed precision.*'float32'"):
            net(inputs)


BAD_OPTIONS = {
    "dim": [1, 4, "2", None],
    "box": [2.0, (2.0, -2.0), (0.0, 0.0), ((0.0, 0.0), 1.0, 2.0), ([0.0], 1.0), "ab"],
    "grid": [1, 0, 2.5, (5, 1), (5, 5, 5), "5", True],
    "hidden": [(), (0,), (8, 2.0), "8"],
    "start": [np.inf, np.nan, "0", None],
    "tolerance": [0, -1e-5, np.nan, "low"],
    "noise": [-1e-4, np.inf],
    "max_steps": [0, 1.5, None],
    "divergence": ["trace", None],
    "output": ["momentum", None],
}


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in BAD_OPTIONS.items() for value in values],
    ids=str,
)
def test_bad_arguments_are_named(name, value) -> None:
    with pytest.raises(ValueError, match=f"^{name}: must .*got") as error:
        SemiLagrangian(**{"dim": 2, "box": BOX} | {name: value})
    assert repr(value) in str(error.value)


def test_kinked_activation_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^activation: must be"):
        network(activation="relu")


@pytest.mark.parametrize("shape", [(3,), (5, 2), (5, 4), (0, 3), (1, 5, 3)])
def test_inputs_of_another_shape_are_refused(shape) -> None:
    for method in ("forward", "flux", "density", "log_density", "velocity"):
        with pytest.raises(ValueError, match=r"^inputs: must have shape \(N, 3\)"):
            getattr(network(), method)(torch.zeros(shape))


def test_bad_calls_are_explained() -> None:
    net, x = network(), torch.zeros(5, 2)
    with pytest.raises(ValueError, match=r"^x: must have shape \(N, 2\)"):
        net.transport(torch.zeros(5, 3), 0.0, 1.0)
    with pytest.raises(ValueError, match=r"^t1: must be .* \(5, 1\).*got.*\(5,\)"):
        net.transport(x, 0.0, torch.zeros(5))
    with pytest.raises(ValueError, match=r"^inputs: must have the dtype.*float32"):
        net(torch.zeros(5, 3, dtype=torch.float32))
    for apply in net.apply_feature_transform, net.apply_output_transform:
        with pytest.raises(ValueError, match=apply.__name__):
            apply(lambda x: x)
