"""The equation x + g(x) = y is solved for any contraction g, far away and tight."""

import math

import pytest
import torch
from torch.func import jacrev

from ncl_deepxde.flows.solve import damped_newton, solve_residual

FREQUENCY = 15.0


def kepler(y, slope, Q=None, shift=0.0):
    r"""Return the residual of :math:`x + L\,Q\sin(\omega x + s)/\omega = y`.

    With Q = 1 this is the equation of Kepler, whose slope comes down to 1 - L.
    """
    Q = torch.eye(y.shape[-1], dtype=y.dtype) if Q is None else Q

    def residual(streams):
        angle = FREQUENCY * streams[:1] + shift
        g = torch.cat([angle.sin() / FREQUENCY, angle.cos() * streams[1:]])
        r = streams + slope * g @ Q.T
        return torch.cat([r[:1] - y, r[1:]])

    return residual


def rotation(dim):
    return torch.linalg.qr(torch.randn(dim, dim))[0]


@pytest.mark.parametrize("scale", [1.0, 1e3])
@pytest.mark.parametrize("slope", [0.97, 0.999, 0.99999])
@pytest.mark.parametrize("dim", [1, 2, 3])
def test_tight_contractions_converge(dim, slope, scale, dtype) -> None:
    y = scale * torch.randn(2000, dim)
    for Q in torch.eye(dim), rotation(dim):
        residual, count = kepler(y, slope, Q), []

        def counted(streams, residual=residual, count=count):
            count.append(1)
            return residual(streams)

        x = solve_residual(counted, y)
        r = residual(x[None])[0]
        # 32 eps is the promise; the sine of 15 x rounds 15 x.
        limit = 32 * torch.finfo(dtype).eps * (1 + y.norm(dim=1))
        assert bool((r.norm(dim=1) <= limit).all())
        # Newton without damping needed up to 871, or did not end.
        assert len(count) < 80


def test_rounding_does_not_stop_the_search() -> None:
    """Where it leaves Newton no way down, the contraction itself goes on."""
    y = 1e3 * torch.randn(20000, 3, dtype=torch.float32)
    residual = kepler(y, 0.99999)
    r = residual(solve_residual(residual, y)[None])[0]
    limit = 32 * torch.finfo(torch.float32).eps * (1 + y.norm(dim=1))
    assert bool((r.norm(dim=1) <= limit).all())


def test_rows_do_not_influence_each_other() -> None:
    y = torch.cat([torch.randn(20, 2), torch.zeros(3, 2), 1e4 * torch.randn(5, 2)])
    together = solve_residual(kepler(y, 0.999), y)
    for i, row in enumerate(y[:, None]):
        alone = solve_residual(kepler(row, 0.999), row)
        # Both solve to 1e-14 (1 + |y|), with slopes down to 1e-3.
        limit = 1e-10 * (1 + float(row.norm()))
        torch.testing.assert_close(alone[0], together[i], rtol=0, atol=limit)


def test_value_is_the_same_with_gradients() -> None:
    """The round-off of r divided by a slope of 1e-5 would move the point."""
    y = 1e3 * torch.randn(500, 1, dtype=torch.float32)
    with torch.no_grad():
        expected = solve_residual(kepler(y, 0.99999), y)
    found = solve_residual(kepler(y.requires_grad_(), 0.99999), y)
    torch.testing.assert_close(found, expected, rtol=1e-7, atol=0)


def test_gradients_are_those_of_the_implicit_function() -> None:
    Q, y = rotation(2), torch.randn(5, 2, requires_grad=True)
    slope = torch.tensor(0.9, requires_grad=True)
    shift = torch.tensor([0.3, -2.0], requires_grad=True)

    def solve(y, slope, shift):
        return solve_residual(kepler(y, slope, Q, shift), y)

    # Differences over 1e-6 of a solution known to 1e-15 / 0.1, and h^2 f'''.
    assert torch.autograd.gradcheck(solve, (y, slope, shift), atol=1e-6, rtol=1e-6)
    x = solve(y, slope, shift)
    rows = [torch.autograd.grad(c.sum(), y, retain_graph=True)[0] for c in x.unbind(1)]
    bend = slope * torch.cos(FREQUENCY * x + shift)
    expected = torch.linalg.inv(torch.eye(2) + Q * bend[:, None, :])
    # Both are right to 1e-14 times condition numbers of at most (1.9 / 0.1)^2.
    torch.testing.assert_close(torch.stack(rows, 1), expected, rtol=1e-10, atol=1e-10)


def test_functorch_finds_the_same_gradient() -> None:
    y = torch.randn(3, 2)
    J = jacrev(lambda y: solve_residual(kepler(y, 0.9), y))(y)
    x = solve_residual(kepler(y, 0.9), y)
    slope = 1 / (1 + 0.9 * torch.cos(FREQUENCY * x))
    expected = torch.zeros(3, 2, 3, 2)
    for n in range(3):
        expected[n, :, n] = slope[n].diag()
    torch.testing.assert_close(J, expected, rtol=1e-11, atol=1e-12)


def test_second_derivatives_are_refused() -> None:
    y = torch.randn(3, 1, requires_grad=True)
    x = solve_residual(kepler(y, 0.9), y)
    (g,) = torch.autograd.grad(x.sum(), y, create_graph=True)
    message = "^inverse: can be differentiated once only"
    with pytest.raises(RuntimeError, match=message):
        torch.autograd.grad(g.sum(), y)

    def solve(z):
        return solve_residual(kepler(z, 0.9), z).sum()

    with pytest.raises(RuntimeError, match=message):
        jacrev(jacrev(solve))(y.detach())


def test_gradient_of_a_loss_needs_no_second_derivative() -> None:
    slope = torch.tensor(0.9, requires_grad=True)
    y = torch.randn(3, 1)
    x = solve_residual(kepler(y, slope), y)
    (found,) = torch.autograd.grad(x.square().sum(), slope, create_graph=True)
    x = x.detach()
    dx = -(FREQUENCY * x).sin() / FREQUENCY / (1 + 0.9 * (FREQUENCY * x).cos())
    assert float(found.detach()) == pytest.approx(float((2 * x * dx).sum()), rel=1e-10)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_numbers_that_are_not_finite_are_named(bad) -> None:
    y = torch.tensor([[0.3], [bad]])
    with pytest.raises(RuntimeError, match=r"^inverse: .*not finite.*parameters"):
        solve_residual(kepler(y, 0.9), y)


def test_no_solution_ends_with_an_error() -> None:
    def residual(streams):  # x^2 + 1: no contraction, no root
        return torch.cat([streams[:1].square() + 1, 2 * streams[:1] * streams[1:]])

    with pytest.raises(RuntimeError, match=r"^inverse: no convergence in 500 steps"):
        solve_residual(residual, torch.tensor([[0.7]]))


def test_damping_alone_gives_the_jacobian_of_the_solution() -> None:
    y = torch.randn(50, 2)
    residual = kepler(y, 0.99)
    x, J = damped_newton(residual, y, torch.full((50,), 1e-15))
    expected = 1 + 0.99 * torch.cos(FREQUENCY * x)
    torch.testing.assert_close(J, torch.diag_embed(expected), rtol=0, atol=1e-12)
