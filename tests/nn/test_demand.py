"""A network serves what its pde is found to ask for, to the right numbers."""

import deepxde as dde
import pytest
import torch
from torch.func import hessian, vmap

from ncl_deepxde.nn import (
    NCL,
    Continuation,
    CurlNet,
    DivergenceFree,
    InitialState,
    MomentumNCL,
    Wall,
)
from ncl_deepxde.operators import jacobian, laplacian
from ncl_deepxde.optimizers.gauss_newton.layer_path import layer_jacobian

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

SPACE = (0, 1)


def started():
    """Return a start and a wall: a disk that turns."""
    state = InitialState(
        lambda x: 2 + torch.sin(x[:, :1]),
        velocity=lambda x: torch.stack([-x[:, 1], x[:, 0]], dim=1),
        ramp=0.3,
    )
    return {"initial": state, "wall": Wall.of(dde.geometry.Disk([0, 0], 2))}


def continued():
    base = NCL([3, 5, 4], "tanh", "Glorot normal", mean_density=2.0)
    return {"initial": Continuation(base, time=0.5, ramp=0.2)}


KINDS = {
    "ncl": (NCL, {}),
    "ncl-velocity": (NCL, {"output": "velocity", "mean_density": 5.0}),
    "ncl-vector": (NCL, {"construction": "vector", "periods": 1.0}),
    "curl-flux": (CurlNet, {}),
    "curl-velocity": (CurlNet, {"output": "velocity"}),
    "free": (DivergenceFree, {}),
    "ncl-start-wall": (NCL, started),
    "ncl-continued": (NCL, continued),
    "momentum": (MomentumNCL, {"periods": 1.0}),
}


def build(kind, served=None):
    torch.manual_seed(0)
    cls, options = KINDS[kind]
    given = options() if callable(options) else options
    torch.manual_seed(0)
    sizes = [3, 7, 6, 8 if cls is MomentumNCL else 4]
    return cls(sizes, "tanh", "Glorot normal", served=served, **given)


def by_hessian(y, x, component):
    entries = (dde.grad.hessian(y, x, component=component, i=i, j=i) for i in SPACE)
    return sum(entries)


def by_laplacian(y, x, component):
    return laplacian(y, x, component, SPACE)


def residual(net, x, viscous):
    y = net(x)
    J = jacobian(y, x)
    second = torch.cat([viscous(y, x, c) for c in range(4)], dim=1)
    return second, J[:, 1, 2] + y[:, 1] * J[:, 1, 0] - second.prod(dim=1)


def values_and_gradients(net, viscous):
    x = torch.rand(5, 3, generator=torch.Generator().manual_seed(2)).requires_grad_()
    second, r = residual(net, x, viscous)
    grads = torch.autograd.grad(r.square().sum(), list(net.parameters()))
    return [second.detach(), r.detach(), *grads]


@pytest.mark.parametrize("viscous", [by_hessian, by_laplacian])
@pytest.mark.parametrize("kind", KINDS)
def test_first_and_later_steps_are_right(kind, viscous) -> None:
    right = values_and_gradients(build(kind, 0), by_hessian)
    net = build(kind)
    assert net.served == 1
    for _ in range(2):
        for found, slow in zip(values_and_gradients(net, viscous), right, strict=True):
            scale = float(slow.abs().max())
            assert float((found - slow).abs().max()) <= 1e-11 * scale
        # The mean velocity of MomentumNCL comes with all second derivatives.
        has_all = viscous is by_hessian or kind == "momentum"
        assert net.served == (2 if has_all else 1)


@pytest.mark.parametrize("kind", KINDS)
def test_laplacians_agree_with_nested_differentiation(kind) -> None:
    net, x = build(kind), torch.rand(5, 3).requires_grad_()
    H = vmap(hessian(lambda z: net(z[None])[0]))(x.detach())
    for _ in range(2):
        y = net(x)
        for c in range(4):
            right = H[:, c, 0, 0] + H[:, c, 1, 1]
            found = laplacian(y, x, c, SPACE)[:, 0]
            torch.testing.assert_close(found, right, rtol=1e-10, atol=1e-11)
        slope = dde.grad.jacobian(laplacian(y, x, 1, SPACE), x, i=0, j=2)
    assert slope.isfinite().all()


def test_first_derivatives_alone_raise_nothing() -> None:
    net, x = build("ncl"), torch.rand(5, 3).requires_grad_()
    jacobian(net(x), x).square().sum().backward()
    assert net.served == net._demand.order == 1


def test_what_the_user_says_stays() -> None:
    net = build("ncl", 1)
    values_and_gradients(net, by_laplacian)
    values_and_gradients(net, by_hessian)
    assert net.served == 1


def test_other_axes_make_second_derivatives() -> None:
    net, x = build("curl-flux"), torch.rand(5, 3).requires_grad_()
    laplacian(net(x), x, 1, (0,))
    laplacian(net(x), x, 1, (1,))
    assert net.served == 2


@pytest.mark.parametrize("viscous", [by_hessian, by_laplacian])
@pytest.mark.parametrize("served", [None, 1])
def test_layers_are_seen_in_the_step_that_notices(viscous, served) -> None:
    net, x = build("curl-velocity", served), torch.rand(5, 3).requires_grad_()
    parameters = dict(net.named_parameters())
    J = layer_jacobian(lambda: [residual(net, x, viscous)[1]], parameters)
    plain = build("curl-velocity", 0)
    r = residual(plain, x, by_hessian)[1]
    v = torch.randn(5)
    right = torch.autograd.grad(r @ v, list(plain.parameters()))
    found = torch.cat([g.flatten() for g in J.pull(v)])
    flat = torch.cat([g.flatten() for g in right])
    torch.testing.assert_close(found, flat, rtol=1e-9, atol=1e-10)


def test_single_precision() -> None:
    net = build("curl-velocity").float()
    x = torch.rand(5, 3, dtype=torch.float32).requires_grad_()
    second = by_laplacian(net(x), x, 1)
    twin = build("curl-velocity")
    z = x.detach().double().requires_grad_()
    right = by_hessian(twin(z), z, 1)
    assert second.dtype == torch.float32
    torch.testing.assert_close(second.double(), right, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("viscous", [by_hessian, by_laplacian])
def test_a_network_is_restored_whatever_it_served(viscous) -> None:
    net = build("ncl-start-wall")
    right = values_and_gradients(net, viscous)
    for again, state in [
        (build("ncl-start-wall"), net.state_dict()),
        (net, build("ncl-start-wall").state_dict()),
    ]:
        again.load_state_dict(state)
        for found, value in zip(
            values_and_gradients(again, viscous), right, strict=True
        ):
            scale = float(value.abs().max())
            assert float((found - value).abs().max()) <= 1e-12 * scale
