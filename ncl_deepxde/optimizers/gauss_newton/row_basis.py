r"""A few rows that span the Jacobian, as far as a damping can tell.

Residuals of smooth problems in few dimensions are nearly linear combinations of a few:
the eigenvalues :math:`\kappa_i` of :math:`J J^T` fall fast. With an orthonormal basis
:math:`B` (P x r) of the span of r rows and :math:`F = J B`,

.. math:: J J^T = F F^T + E, \qquad
    (F F^T + E + \mu I)^{-1} b \approx a = \frac{b - F z}{\mu}, \qquad
    z = (F^T F + \mu I)^{-1} F^T b,

where :math:`\mu` is the damping, and the solution of Gauss-Newton is

.. math:: d = J^T a = B z + (I - B B^T) J^T a .

To first order it holds what the basis lacks: a direction with eigenvalue :math:`e` of
:math:`E` has the relative error :math:`e / \mu`. Cost: :math:`2 R P r` in place of
:math:`R P \min(R, P)`, with no other large matrix.

References:
    Y. Chen, E. N. Epperly, J. A. Tropp, R. J. Webber, Randomly pivoted Cholesky
    (CPAM 2024), https://arxiv.org/abs/2207.06503: rows are drawn by what is left.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .jacobian import Jacobian

__all__ = ["RowBasis"]

# Rows looked at first, as a share of the smaller size: 1/64 of the work.
SAMPLE = 1 / 8
# Where more than half of the sample's eigenvalues matter, all rows may be independent.
LARGEST_SHARE = 1 / 2
# Up to here the basis costs less than the matrix.
LARGEST_RANK = 1 / 3
# Eigenvalues left out, in units of the damping. Where b is noise, the solution errs by
# 2 x 1e-5^(3/2) = 6e-8 of its norm (1e-5 s / mu against 1 / (2 sqrt(mu)), with the
# singular value s = 3e-3 sqrt(mu)).
NEGLIGIBLE = 1e-5
# Some more of the sample's eigenvalues save passes over the Jacobian.
MARGIN = 1e-3
LEAST_BLOCK = 16


class RowBasis:
    """The basis of a step's Jacobian; it grows as smaller dampings ask for more.

    Args:
        jacobian: At the points of the step.
        seed: Seed of the choice of rows.

    Attributes:
        B: Orthonormal columns, (P, r), float64.
        F: The product J B, (R, r).
        gram: The product F^T F, (r, r).
        scale: Mean of the diagonal of J J^T; known once there is a basis.
    """

    def __init__(self, jacobian: Jacobian, seed: int) -> None:
        self._jacobian = jacobian
        r = jacobian.residuals
        self._generator = torch.Generator(r.device).manual_seed(seed)
        size = sum(shape.numel() for shape in jacobian.shapes)
        self._most = min(len(r), size)
        self.B, self.F, self.gram = (
            r.new_zeros(shape, dtype=torch.float64)
            for shape in ((size, 0), (len(r), 0), (0, 0))
        )
        self.scale = 0.0
        self._left = torch.ones_like(r, dtype=torch.float64)
        self._largest_left = torch.inf
        sample = self._rows(max(1, int(SAMPLE * self._most)))
        self._start(sample)

    def _start(self, sample: Tensor) -> None:
        K = sample @ sample.T
        self._values, self._sample = K.diagonal(), sample
        if torch.isfinite(K).all():
            values, vectors = torch.linalg.eigh(K)
            self._values, self._sample = values.flip(0), vectors.flip(1).T @ sample

    def reaches(self, damping: float) -> bool:
        r"""Grow until the rest is negligible; whether that needs few rows.

        Args:
            damping: :math:`\lambda`, in units of the mean diagonal of J J^T.
        """
        count = self._count(damping)
        if not 0 < count <= LARGEST_SHARE * len(self._values):
            return False
        if not self.scale:
            self._grow(self._sample[: self._count(MARGIN * damping)])
            if not math.isfinite(self.scale):
                return False
        while self._largest_left > NEGLIGIBLE * damping * self.scale:
            rank = self.B.shape[1]
            if rank > LARGEST_RANK * self._most:
                return False
            if not self._left.any():
                return True
            self._grow(self._rows(max(LEAST_BLOCK, rank // 4)))
        return True

    def _count(self, damping: float) -> int:
        """Return how many eigenvalues of the sample matter."""
        # The sample's eigenvalues grow with its size, unlike the mean of the diagonal.
        share = len(self._values) / len(self._left)
        least = NEGLIGIBLE * damping * share * self._values.mean()
        # Below round-off their signs are random.
        return int((self._values.abs() > least).sum())

    def _rows(self, count: int) -> Tensor:
        """Draw rows of J by what is left of their squares, (count, P)."""
        count = min(count, int(torch.count_nonzero(self._left)))
        index = torch.multinomial(self._left, count, generator=self._generator)
        return self._jacobian.select(index.sort().values)

    def _grow(self, rows: Tensor) -> None:
        """Add the span of rows to the basis."""
        new, is_first = rows.T, not self.scale
        # Twice: the first difference may be small, and its round-off along the basis.
        for _ in range(2):
            new = torch.linalg.qr(new - self.B @ (self.B.T @ new)).Q
        images, squares = [], []
        for J in self._jacobian.rows():
            images.append(J @ new)
            if is_first:
                squares.append(J.square().sum(1))
        image = self._jacobian.gather(torch.cat(images))
        if is_first:
            self._left = self._jacobian.gather(torch.cat(squares))
            self.scale = self._left.mean().item()
        # Differences of squares below their round-off are none.
        floor = torch.finfo(torch.float64).eps * self.scale
        left = self._left - image.square().sum(1)
        self._left = torch.where(left > floor, left, 0)
        cross, square = self.F.T @ image, image.T @ image
        upper = torch.cat([self.gram, cross], dim=1)
        self.gram = torch.cat([upper, torch.cat([cross.T, square], dim=1)])
        self.B = torch.cat([self.B, new], dim=1)
        self.F = torch.cat([self.F, image], dim=1)
        # No eigenvalue left exceeds the trace; rows drawn at random show the largest.
        trace = self._left.sum().item()
        shown = torch.linalg.eigvalsh(square)[-1].item()
        self._largest_left = trace if is_first else min(trace, shown)
