"""Operators and residuals against independent formulas and exact solutions."""

import math

import pytest
import torch
from torch.func import hessian, jacrev, vmap

from ncl_deepxde import operators
from ncl_deepxde.operators import Flow


def columns(f, inputs):
    """Evaluate a function of one point, with a graph back to the inputs."""
    return vmap(f)(inputs)


def points(n, d, start=0.0):
    return (start + torch.rand(n, d + 1)).requires_grad_()


def any_flow(d):
    """Return smooth (rho, m, p) of one point (x, t); continuity does not hold."""
    W = torch.randn(d + 2, d + 1, generator=torch.Generator().manual_seed(d))

    def flow(x):
        waves = torch.sin(W @ x + 0.4)
        return torch.cat([2 + waves[:1], waves[1:]])

    return flow


def continuous_flow(d):
    """Return smooth (rho, m, p) with d_t rho + div m = 0, from potentials."""
    W = torch.randn(d, d + 1, generator=torch.Generator().manual_seed(d))

    def potentials(x):
        return torch.sin(W @ x) * torch.exp(0.3 * x[-1])

    def flow(x):
        J = jacrev(potentials)(x)
        rho = 5 + J[:, :d].diagonal().sum()
        return torch.cat([rho[None], -J[:, d], torch.sin(x).sum()[None]])

    return flow


@pytest.mark.parametrize("n", [1, 7])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_residuals_have_one_row_per_point(d, n) -> None:
    inputs = points(n, d)
    flow = Flow.of(inputs, columns(any_flow(d), inputs))
    assert operators.continuity(flow).shape == (n, 1)
    assert operators.incompressibility(flow).shape == (n, 1)
    assert operators.momentum(flow).shape == (n, d)


@pytest.mark.parametrize("make", [any_flow, continuous_flow])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_momentum_is_the_acceleration_times_cubed_density(d, make) -> None:
    f, inputs = make(d), points(7, d)
    flow = Flow.of(inputs, columns(f, inputs))

    def velocity(x):
        y = f(x)
        return y[1 : d + 1] / y[0]

    def literal(x):
        rho, u, Du = f(x)[0], velocity(x), jacrev(velocity)(x)
        grad_p = jacrev(f)(x)[d + 1, :d]
        return rho**2 * (rho * (Du[:, d] + Du[:, :d] @ u) + grad_p)

    right = vmap(literal)(inputs)
    torch.testing.assert_close(operators.momentum(flow), right, rtol=1e-11, atol=1e-10)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_incompressibility_is_the_divergence_of_the_velocity(d) -> None:
    f, inputs = continuous_flow(d), points(7, d)
    flow = Flow.of(inputs, columns(f, inputs))

    def literal(x):
        def velocity(z):
            y = f(z)
            return y[1 : d + 1] / y[0]

        return -(f(x)[0] ** 2) * jacrev(velocity)(x)[:, :d].diagonal().sum()

    right = vmap(literal)(inputs)[:, None]
    assert float(right.detach().abs().min()) > 0
    torch.testing.assert_close(
        operators.incompressibility(flow), right, rtol=1e-11, atol=1e-11
    )


@pytest.mark.parametrize("d", [1, 2, 3])
def test_continuity_is_zero_exactly_where_it_should_be(d) -> None:
    inputs = points(7, d)
    f = continuous_flow(d)
    residual = operators.continuity(Flow.of(inputs, columns(f, inputs)))
    assert float(residual.detach().abs().max()) < 1e-13

    def compressed(x):
        y = f(x)
        return torch.cat([y[:1] + x[-1:] ** 2, y[1:]])

    residual = operators.continuity(Flow.of(inputs, columns(compressed, inputs)))
    torch.testing.assert_close(residual, 2 * inputs[:, -1:], rtol=1e-12, atol=1e-12)


def rigid_rotation(x):
    """Solid rotation, radial density exp(-r^2), pressure with p' = rho omega^2 r."""
    omega = 1.7
    r2 = x[0] ** 2 + x[1] ** 2
    rho = torch.exp(-r2)
    u = omega * torch.stack([-x[1], x[0]])
    return torch.cat([rho[None], rho * u, (-(omega**2) * rho / 2)[None]])


def layered_shear(x):
    """Steady shear u = (sin y, 0) of a density that varies across, no pressure."""
    rho = 2 + torch.cos(3 * x[1])
    m = torch.stack([rho * torch.sin(x[1]), 0 * x[0]])
    return torch.cat([rho[None], m, (4 + 0 * x[0])[None]])


def moving_vortices(x):
    """Taylor-Green vortices of constant density, carried by a uniform wind."""
    wind = torch.tensor([0.6, -0.3])
    y = 2 * math.pi * (x[:2] - wind * x[2])
    u = torch.stack([torch.sin(y[0]) * torch.cos(y[1]), -torch.cos(y[0]) * y[1].sin()])
    rho = torch.full_like(x[:1], 1.5)
    p = rho / 4 * (torch.cos(2 * y[0]) + torch.cos(2 * y[1]))
    return torch.cat([rho, rho * (u + wind), p])


def carried_density(x):
    """A density wave carried by a uniform wind in three dimensions."""
    wind = torch.tensor([0.6, -0.3, 1.0])
    rho = 2 + torch.sin((torch.tensor([1.0, 2.0, -1.0]) * (x[:3] - wind * x[3])).sum())
    return torch.cat([rho[None], rho * wind, torch.zeros(1)])


@pytest.mark.parametrize(
    ("solution", "d"),
    [
        (rigid_rotation, 2),
        (layered_shear, 2),
        (moving_vortices, 2),
        (carried_density, 3),
    ],
)
def test_residuals_vanish_at_solutions_of_euler(solution, d) -> None:
    inputs = points(7, d, start=-0.5)
    flow = Flow.of(inputs, columns(solution, inputs))
    # The terms are at most about 1e2.
    for residual in (
        operators.continuity(flow),
        operators.incompressibility(flow),
        operators.momentum(flow),
    ):
        assert float(residual.detach().abs().max()) < 1e-12


def test_flow_names_the_columns() -> None:
    inputs = points(5, 2)
    f = any_flow(2)
    flow = Flow.of(inputs, columns(f, inputs))
    J = vmap(jacrev(f))(inputs)
    y = vmap(f)(inputs)
    for found, right in [
        (flow.rho, y[:, :1]),
        (flow.rho_t, J[:, 0, 2:]),
        (flow.grad_rho, J[:, 0, :2]),
        (flow.m, y[:, 1:3]),
        (flow.m_t, J[:, 1:3, 2]),
        (flow.Dm, J[:, 1:3, :2]),
        (flow.grad_p, J[:, 3, :2]),
    ]:
        assert found.shape == right.shape
        torch.testing.assert_close(found, right)


@pytest.mark.parametrize("number", [2, 3, 5])
def test_flow_refuses_other_outputs(number) -> None:
    inputs = points(5, 2)
    outputs = inputs[:, :1].expand(5, number)
    with pytest.raises(ValueError, match=rf"4 columns.*got {number}.*layer_sizes to 4"):
        Flow.of(inputs, outputs)


@pytest.mark.parametrize("n", [1, 7])
def test_divergence_of_a_curl_of_a_field(n) -> None:
    W = torch.randn(3, 3)

    def b(x):
        return torch.sin(W @ x)

    x = torch.rand(n, 3)
    A = operators.curl(vmap(jacrev(b))(x))
    assert A.shape == (n, 3, 3)
    assert torch.equal(A, -A.transpose(1, 2))
    right = vmap(lambda z: jacrev(b)(z) - jacrev(b)(z).T)(x)
    torch.testing.assert_close(A, right)

    def matrix_field(z):
        return operators.curl(jacrev(b)(z)[None])[0]

    def field(z):
        return operators.row_divergence(jacrev(matrix_field)(z)[None])[0]

    v = vmap(field)(x)
    assert v.shape == (n, 3)
    H = vmap(hessian(b))(x)
    laplacian = H.diagonal(dim1=2, dim2=3).sum(2)
    torch.testing.assert_close(v, laplacian - torch.einsum("njij->ni", H))
    D = operators.divergence(vmap(jacrev(field))(x))
    assert D.shape == (n, 1)
    assert float(D.abs().max()) < 1e-12


def test_divergence_refuses_rectangles() -> None:
    with pytest.raises(ValueError, match=r"J: .*got \(5, 3, 4\). Cut the time column"):
        operators.divergence(torch.zeros(5, 3, 4))
