r"""Conjugate gradients with a randomized Nystrom preconditioner.

The system :math:`(K + \mu I) a = b` with :math:`K = J J^T` is solved by products
:math:`J (J^T v)`. A sketch :math:`Y = K\Omega` with :math:`\ell` random orthonormal
columns gives an approximation :math:`K \approx U \Lambda U^T` of rank :math:`\ell`,

.. math:: P^{-1} = (\lambda_\ell + \mu)\, U (\Lambda + \mu)^{-1} U^T + (I - U U^T),

after which the condition number is about :math:`(\lambda_\ell + \mu) / \mu`.

References:
    Z. Frangella, J. A. Tropp, M. Udell, Randomized Nystrom Preconditioning (2021),
    https://arxiv.org/abs/2110.02820.
    A. Jnini, F. Vella, Dual Natural Gradient Descent for Scalable Training of
    Physics-Informed Neural Networks (2025), https://arxiv.org/abs/2505.21404.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .jacobian import Jacobian

__all__ = ["Nystrom", "conjugate_gradients", "nystrom"]

Linear = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Nystrom:
    """The approximation of a kernel by its largest eigenvalues.

    Attributes:
        vectors: Orthonormal columns, (R, rank).
        values: Shape (rank,), falling.
        scale: Mean of the kernel's diagonal.
    """

    vectors: Tensor
    values: Tensor
    scale: float

    def preconditioner(self, mu: float) -> Linear:
        """Return the product of (R,) with the inverse of the damped approximation."""
        U, factors = self.vectors, (self.values[-1] + mu) / (self.values + mu) - 1

        def apply(vector: Tensor) -> Tensor:
            return vector + U @ (factors * (U.T @ vector))

        return apply


def nystrom(jacobian: Jacobian, rank: int, seed: int) -> Nystrom:
    """Return the approximation of J J^T in float64.

    Args:
        jacobian: Jacobian of R residuals.
        rank: Number of columns of the sketch; R at most are taken.
        seed: Seed of the sketch.
    """
    size = len(jacobian.residuals)
    device = jacobian.residuals.device
    generator = torch.Generator(device).manual_seed(seed)
    omega = torch.randn(
        (size, min(rank, size)),
        generator=generator,
        dtype=torch.float64,
        device=device,
    )
    omega = torch.linalg.qr(omega).Q
    here = jacobian.rows_of.processes
    own = torch.cat(jacobian.own(omega))
    Y, square = torch.zeros_like(own), omega.new_zeros(())
    for J in jacobian.columns():
        (image,) = here.sum(J.T @ own)
        Y.addmm_(J, image)
        square += J.square().sum()
    Y = jacobian.gather(Y)
    trace = here.sum(square)[0].item()
    # The shift of the reference: the product with omega must stay definite.
    shift = (size**0.5 * torch.finfo(Y.dtype).eps * Y.norm()).item()
    Y += shift * omega
    factor = torch.linalg.cholesky(omega.T @ Y)
    B = torch.linalg.solve_triangular(factor.T, Y, upper=True, left=False)
    U, sigma, _ = torch.linalg.svd(B, full_matrices=False)
    return Nystrom(U, (sigma.square() - shift).clamp(min=0), trace / size)


def conjugate_gradients(
    A: Linear, b: Tensor, precondition: Linear, tolerance: float, limit: int
) -> tuple[Tensor, bool]:
    r"""Return the solution of :math:`A a = b`, (R,), and whether it is accurate.

    Args:
        A: Product with a positive definite matrix.
        b: Shape (R,), float64.
        precondition: Product with an approximate inverse.
        tolerance: Largest :math:`|b - A a| / |b|` of a solution.
        limit: Largest number of products with A.
    """
    a, rest = torch.zeros_like(b), b.clone()
    goal = tolerance * b.norm().item()
    z = precondition(rest)
    direction, slope = z, rest @ z
    for _ in range(limit):
        if rest.norm().item() <= goal:
            break
        image = A(direction)
        size = slope / (direction @ image)
        a = a + size * direction
        rest = rest - size * image
        z = precondition(rest)
        before, slope = slope, rest @ z
        direction = z + slope / before * direction
    reached = rest.norm().item()
    if reached > goal:
        warnings.warn(
            f"GaussNewton: conjugate gradients left {reached / b.norm().item():.1e} of "
            f"the right side after {limit} iterations, more than tolerance="
            f"{tolerance:.1e}. The damping is raised; a larger rank helps.",
            RuntimeWarning,
            stacklevel=2,
        )
    return a, reached <= goal
