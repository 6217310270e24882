"""Served derivatives are what autograd would find, to any order, or say so."""

import deepxde as dde
import pytest
import torch
from torch.func import functional_call, hessian, jacfwd, jacrev, jvp, vmap

from ncl_deepxde.nn import NCL, CurlNet, DivergenceFree

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

# Both sides are round-off away from the truth: some hundred operations of eps.
CLOSE = {"rtol": 1e-10, "atol": 1e-11}


def build(kind, served, hidden=(7, 6)):
    torch.manual_seed(1)
    sizes, options = [3, *hidden, 4], {"served": served}
    if kind.startswith("ncl"):
        _, construction, output = kind.split("-")
        return NCL(
            sizes,
            "tanh",
            "Glorot normal",
            construction=construction,
            output=output,
            mean_density=5.0,
            **options,
        )
    if kind.startswith("curl"):
        output = kind.split("-")[1]
        return CurlNet(
            sizes, "silu", "Glorot normal", periods=1.0, output=output, **options
        )
    return DivergenceFree(sizes, "sin", "Glorot normal", **options)


KINDS = [
    "ncl-matrix-flux",
    "ncl-matrix-velocity",
    "ncl-vector-flux",
    "ncl-vector-velocity",
    "curl-flux",
    "curl-velocity",
    "free",
]


def points(n=5):
    return torch.rand(n, 3, generator=torch.Generator().manual_seed(2))


def single(net):
    return lambda z: net(z[None])[0]


def expected(net, x, *transforms):
    """Return the nested derivative of the network, e.g. jacrev(jacrev(net))."""
    f = single(net)
    for transform in transforms:
        f = transform(f)
    return vmap(f)(x)


def served_jacobian(y, x):
    rows = [dde.grad.jacobian(y, x, i=c) for c in range(y.shape[1])]
    return torch.stack(rows, dim=1)


def served_hessian(y, x):
    d = x.shape[1]
    entries = [
        dde.grad.hessian(y, x, component=c, i=i, j=j)
        for c in range(y.shape[1])
        for i in range(d)
        for j in range(d)
    ]
    return torch.cat(entries, dim=1).reshape(len(x), y.shape[1], d, d)


@pytest.mark.parametrize("n", [1, 7])
@pytest.mark.parametrize("served", [0, 1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_first_and_second_derivatives_are_right(kind, served, n) -> None:
    net, x = build(kind, served), points(n).requires_grad_()
    y = net(x)
    J, H = served_jacobian(y, x), served_hessian(y, x)
    assert (y.shape, J.shape, H.shape) == ((n, 4), (n, 4, 3), (n, 4, 3, 3))
    plain = x.detach()
    torch.testing.assert_close(y, net(plain), **CLOSE)
    torch.testing.assert_close(J, expected(net, plain, jacrev), **CLOSE)
    torch.testing.assert_close(H, expected(net, plain, hessian), **CLOSE)


@pytest.mark.parametrize("served", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_single_entries_equal_rows(kind, served) -> None:
    net, x = build(kind, served), points().requires_grad_()
    y = net(x)
    J = expected(net, x.detach(), jacfwd)
    for c in range(4):
        for i in range(3):
            entry = dde.grad.jacobian(y, x, i=c, j=i)
            assert entry.shape == (5, 1)
            torch.testing.assert_close(entry[:, 0], J[:, c, i], **CLOSE)


def residual_loss(net, x, order):
    """Mix outputs, first and second derivatives nonlinearly, as a pde would."""
    y = net(x)
    J = served_jacobian(y, x)
    loss = (J[:, 1] * y[:, :1] + y[:, 1:2] * J[:, 0]).square().mean()
    loss = loss + (y * J[:, :, 2]).sum().square()
    if order == 2:
        viscous = sum(dde.grad.hessian(y, x, component=1, i=i, j=i) for i in range(2))
        loss = loss + (J[:, 2, :1] - 0.1 * viscous).square().mean()
    return loss


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("served", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_parameter_gradients_equal_plain_autograd(kind, served, order) -> None:
    grads = []
    for net in build(kind, 0), build(kind, served):
        x = points().requires_grad_()
        residual_loss(net, x, order).backward()
        grads.append([p.grad for p in net.parameters()])
    for plain, fast in zip(*grads, strict=True):
        scale = plain.abs().max()
        assert float(scale) > 0
        assert float((fast - plain).abs().max()) <= 1e-10 * float(scale)


@pytest.mark.parametrize("served", [0, 1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_gradient_of_loss_by_inputs_is_right_or_marked_unknown(kind, served) -> None:
    net, x = build(kind, served), points().requires_grad_()

    def loss(z):
        y = net(z)
        return (y[:, 0] * y[:, 1]).sum(), y

    def loss_with_gradient(z):
        J = vmap(jacrev(single(net)))(z)
        y = net(z)
        return (J[:, 0, 1] * y[:, 1]).sum() + J[:, 1].square().sum()

    value, y = loss(x)
    J = served_jacobian(y, x)
    full = (J[:, 0, 1] * y[:, 1]).sum() + J[:, 1].square().sum()
    right = torch.func.grad(loss_with_gradient)(x.detach())
    (found,) = torch.autograd.grad(full, x, retain_graph=True)
    torch.testing.assert_close(found, right, **CLOSE)
    (found,) = torch.autograd.grad(full, x, create_graph=True)
    torch.testing.assert_close(found, right, **CLOSE)
    full.backward(retain_graph=True)
    known = x.grad.isfinite()
    torch.testing.assert_close(x.grad[known], right[known], **CLOSE)
    x.grad = None
    value.backward()
    torch.testing.assert_close(
        x.grad, torch.func.grad(lambda z: loss(z)[0])(x.detach()), **CLOSE
    )


def test_backward_costs_no_pass_for_the_gradient_of_inputs() -> None:
    net, x = build("ncl-matrix-flux", 1), points().requires_grad_()
    residual_loss(net, x, 1).backward()
    assert x.grad.isnan().all()


@pytest.mark.parametrize("served", [1, 2])
@pytest.mark.parametrize("kind", ["ncl-matrix-flux", "ncl-vector-velocity", "free"])
def test_second_differentiation_reaches_parameters(kind, served) -> None:
    grads = []
    for net in build(kind, 0), build(kind, served):
        x = points().requires_grad_()
        y = net(x)
        (g,) = torch.autograd.grad(y[:, 1].sum(), x, create_graph=True)
        (h,) = torch.autograd.grad((g * y[:, :1]).sum(), x, create_graph=True)
        (k,) = torch.autograd.grad(h[:, 0].square().sum(), x, create_graph=True)
        (h.square().sum() + k[:, 2].sum()).backward()
        grads.append((h.detach(), k.detach(), *(p.grad for p in net.parameters())))
    for plain, fast in zip(*grads, strict=True):
        scale = float(plain.abs().max())
        assert float((fast - plain).abs().max()) <= 1e-10 * scale + 1e-13


def partial(f, i):
    return lambda z: torch.func.grad(f)(z)[i]


@pytest.mark.parametrize("served", [1, 2])
@pytest.mark.parametrize(
    "kind", ["ncl-matrix-flux", "ncl-vector-flux", "curl-velocity"]
)
def test_third_derivatives_are_right(kind, served) -> None:
    net, x = build(kind, served, (4,)), points(2).requires_grad_()
    y = net(x)

    def right(component, *axes):
        def f(z):
            return net(z[None])[0, component]

        for i in axes:
            f = partial(f, i)
        return vmap(f)(x.detach())

    row = dde.grad.jacobian(y, x, i=0)
    curvature = dde.grad.hessian(y, x, component=2, i=0, j=1)
    for j in range(3):
        third = dde.grad.hessian(row, x, component=1, i=2, j=j)
        torch.testing.assert_close(third[:, 0], right(0, 1, 2, j), **CLOSE)
        third = dde.grad.jacobian(curvature, x, i=0, j=j)
        torch.testing.assert_close(third[:, 0], right(2, 0, 1, j), **CLOSE)
    if kind == "ncl-matrix-flux":
        fourth = dde.grad.hessian(curvature, x, component=0, i=0, j=2)
        torch.testing.assert_close(fourth[:, 0], right(2, 0, 1, 0, 2), **CLOSE)


@pytest.mark.parametrize("served", [0, 1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_inputs_computed_from_other_tensors(kind, served) -> None:
    net = build(kind, served)
    seed = points().requires_grad_()

    def loss(s, differentiate):
        z = torch.sin(s) + 0.3 * s
        y = net(z)
        J = differentiate(y, z)
        return (y[:, 0] * J[:, 1, 2]).sum()

    def nested(y, z):
        return vmap(jacrev(single(net)))(z)

    loss(seed, served_jacobian).backward()
    right = torch.func.grad(lambda s: loss(s, nested))(seed.detach())
    torch.testing.assert_close(seed.grad, right, **CLOSE)


@pytest.mark.parametrize("served", [1, 2])
def test_frozen_parameters_still_serve(served) -> None:
    net, x = build("ncl-vector-flux", served), points().requires_grad_()
    net.requires_grad_(False)
    y = net(x)
    H = served_hessian(y, x)
    torch.testing.assert_close(H, expected(net, x.detach(), hessian), **CLOSE)


@pytest.mark.parametrize("served", [0, 1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_forward_mode_of_deepxde_agrees(kind, served) -> None:
    net, x = build(kind, served), points()
    dde.config.set_default_autodiff("forward")
    try:
        y = (net(x), net)
        J = [dde.grad.jacobian(y, x, i=1, j=j)[0] for j in range(3)]
        H = dde.grad.hessian(y, x, component=1, i=0, j=2)[0]
    finally:
        dde.config.set_default_autodiff("reverse")
    right = expected(net, x, jacrev)[:, 1]
    torch.testing.assert_close(torch.cat(J, dim=1), right, **CLOSE)
    right = expected(net, x, jacrev, jacrev)[:, 1, 0, 2]
    torch.testing.assert_close(H[:, 0], right, **CLOSE)


@pytest.mark.parametrize("served", [0, 1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_transforms_of_torch_func(kind, served) -> None:
    net, x = build(kind, served), points()
    J = expected(net, x, jacrev)
    torch.testing.assert_close(expected(net, x, jacfwd), J, **CLOSE)
    tangent = points().flip(0)
    value, slope = jvp(net, (x,), (tangent,))
    torch.testing.assert_close(value, net(x), **CLOSE)
    torch.testing.assert_close(slope, torch.einsum("nci,ni->nc", J, tangent), **CLOSE)
    batch = torch.stack([x, x.flip(0)])
    values = vmap(net)(batch)
    assert values.shape == (2, 5, 4)
    torch.testing.assert_close(values[1], net(x.flip(0)), **CLOSE)


def test_gradients_of_functional_parameters() -> None:
    net, x = build("ncl-matrix-flux", 1), points()
    parameters = dict(net.named_parameters())

    def loss(theta):
        return functional_call(net, theta, (x,)).square().sum()

    found = torch.func.grad(loss)({k: p.detach() for k, p in parameters.items()})
    net(x).square().sum().backward()
    for key, p in parameters.items():
        torch.testing.assert_close(found[key], p.grad, **CLOSE)


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("kind", KINDS)
def test_values_do_not_depend_on_the_mode(kind, context) -> None:
    net, x = build(kind, 1), points()
    with context():
        quiet = net(x)
    assert not quiet.requires_grad
    torch.testing.assert_close(quiet, net(x.requires_grad_()), **CLOSE)


def test_further_derivatives_refuse_other_parameters() -> None:
    net, x = build("ncl-matrix-flux", 1), points().requires_grad_()
    row = torch.autograd.grad(net(x)[:, 0].sum(), x, create_graph=True)[0][:, 0].sum()
    torch.autograd.grad(row, x, retain_graph=True)
    with torch.no_grad():
        net.bias += 1
    with pytest.raises(
        RuntimeError, match=r"parameters have changed.*evaluate the net"
    ):
        torch.autograd.grad(row, x)
    others = {k: 2 * p.detach() for k, p in net.named_parameters()}
    y = functional_call(net, others, (x,))
    (row,) = torch.autograd.grad(y[:, 0].sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="parameters have changed"):
        torch.autograd.grad(row[:, 0].sum(), x)
