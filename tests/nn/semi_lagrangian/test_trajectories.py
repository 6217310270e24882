"""The solver of trajectories: known solutions, tolerance, gradients, its end."""

import deepxde as dde
import pytest
import torch

from ncl_deepxde.nn import SemiLagrangian

BOX = (-2.0, 2.0)
START = 0.25


def network(dim=2, **options):
    """Return a small network with a rough grid."""
    torch.manual_seed(0)
    settings = {
        "box": BOX,
        "grid": 6,
        "hidden": (12, 12),
        "start": START,
        "tolerance": 1e-8,
        "noise": 0.5,
    }
    return SemiLagrangian(dim, **settings | options)


def inputs_for(dim, n=7):
    """Return points around the box, times on both sides of the start and at it."""
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


def network_like(net, **options):
    """Return a network with the same weights and other options."""
    other = network(net.dim, **options)
    other.load_state_dict(net.state_dict())
    return other


@pytest.mark.parametrize("adjoint", [True, False])
def test_every_row_meets_the_tolerance_except_in_training(adjoint) -> None:
    net = network(tolerance=1e-6, adjoint=adjoint)
    with torch.no_grad():
        net.field.layers[-1].weight.mul_(6.0)
    inputs = inputs_for(2, 2000)
    inputs[1:, 2] = START
    error = {}
    with torch.no_grad():
        right = network_like(net, tolerance=1e-10).log_density(inputs)[0]
    for training in (True, False):
        net.train(training)
        error[training] = float((net.log_density(inputs)[0] - right).detach().abs())
    assert error[False] < 20 * 1e-6
    assert error[True] > 10 * error[False]
    x, t0 = inputs[:, :2], inputs[:, 2:]
    end = net.transport(x, t0, START)[0]
    right = network_like(net, tolerance=1e-10).transport(x, t0, START)[0]
    assert float((end - right).detach().abs().max()) < 20 * 1e-6


def gradients(net, inputs):
    """Return the gradients of a loss by the inputs and all parameters."""
    z = inputs.clone().requires_grad_()
    out = net(z)
    loss = (out * torch.linspace(0.5, 1.5, out.numel()).reshape(out.shape)).sum()
    return torch.autograd.grad(loss, [z, *net.parameters()])


@pytest.mark.parametrize("divergence", ["exact", "hutchinson"])
@pytest.mark.parametrize("dim", [2, 3])
def test_adjoint_gradients_are_those_of_the_steps(dim, divergence, dtype) -> None:
    tolerance = {torch.float64: 1e-8, torch.float32: 1e-5}[dtype]
    inputs = inputs_for(dim)
    found, right = (
        gradients(
            network(dim, adjoint=a, divergence=divergence, tolerance=tolerance), inputs
        )
        for a in (True, False)
    )
    assert len(found) == 1 + 1 + 3 * 3
    for g, h in zip(found, right, strict=True):
        assert (g.shape, g.dtype) == (h.shape, dtype)
        # Two discretizations, each within some 20 local errors.
        assert float((g - h).abs().max()) < 50 * tolerance * float(h.abs().max())


def test_velocity_is_asked_for_between_the_two_times_only(monkeypatch) -> None:
    net, seen = network(), []
    plain = net.field.with_divergence

    def watched(x, t):
        seen.append(t.detach())
        return plain(x, t)

    monkeypatch.setattr(net.field, "with_divergence", watched)
    inputs = inputs_for(2)
    low, high = inputs[:, 2:].clamp(max=START), inputs[:, 2:].clamp(min=START)
    density = net.density(inputs)
    num_forward = len(seen)
    density.sum().backward()
    times = torch.stack(seen)
    assert len(times) > num_forward > 10
    assert (times > low - 1e-12).all()
    assert (times < high + 1e-12).all()


def test_gradient_of_transport_is_that_of_differences() -> None:
    net = network()
    inputs = inputs_for(2, 1).requires_grad_()

    def end(z):
        return net.transport(z[:, :2], z[:, 2:], 0.9).sum()

    (found,) = torch.autograd.grad(end(inputs), inputs)
    h = 1e-4
    for i, step in enumerate(h * torch.eye(3)):
        with torch.no_grad():
            slope = (end(inputs + step) - end(inputs - step)) / (2 * h)
        # The solver's 1e-8, divided by h, and h^2.
        assert float(found[0, i]) == pytest.approx(float(slope), abs=1e-5)
