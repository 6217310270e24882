r"""Moving Gaussians at points of space-time: density, potential flow, transport.

Component k has the weight :math:`w_k`, the center :math:`c_k` and the standard
deviation :math:`\sigma_k`, functions of time. With :math:`z = (x - c)/\sigma`,
:math:`s = |z|^2/2`, :math:`p = w\,(2\pi)^{-d/2}\sigma^{-d}` its density is
:math:`p\,e^{-s}`, and that density has the potential :math:`\phi` with

.. math:: \nabla\phi = p\,\sigma\,F_d(s)\,z, \qquad \Delta\phi = p\,e^{-s},

for :math:`F_d(s) = \int_0^1\tau^{d-1}e^{-s\tau^2}d\tau` (``boys``), because
:math:`\nabla\cdot(z F_d) = d F_d - 2s F_{d+2} = e^{-s}`. In the plane this is
:math:`(1 - e^{-s})\,z/2s`, the gradient of the exponential integral of the paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from .boys import boys

__all__ = ["GaussianTerms"]


@dataclass(frozen=True)
class GaussianTerms:
    r"""K Gaussians at N points of space and time.

    Of points that share their time all but z may have a single row.

    Attributes:
        z: :math:`(x - c)/\sigma`, shape (N, d, K).
        sigma: Standard deviations, (N, K).
        log_peak: :math:`\log p`, (N, K).
        drift: :math:`\dot c`, (N, d, K).
        growth: :math:`\dot\sigma/\sigma`, (N, K).
        exchange: :math:`\dot w/w`, (N, K).
    """

    z: Tensor
    sigma: Tensor
    log_peak: Tensor
    drift: Tensor
    growth: Tensor
    exchange: Tensor

    @cached_property
    def s(self) -> Tensor:
        r""":math:`|z|^2/2`, shape (N, K)."""
        return self.z.square().sum(dim=1) / 2

    @cached_property
    def log_density(self) -> Tensor:
        r""":math:`\log\sum_k p\,e^{-s}`, shape (N, 1)."""
        return torch.logsumexp(self.log_peak - self.s, dim=1, keepdim=True)

    @cached_property
    def share(self) -> Tensor:
        r"""What part of the density is that of each Gaussian, (N, K)."""
        return torch.exp(self.log_peak - self.s - self.log_density)

    def gradient(self) -> Tensor:
        r"""Return :math:`\nabla\phi = \sum_k p\,\sigma F_d\,z`, shape (N, d)."""
        d = self.z.shape[1]
        return _sum(self.log_peak.exp() * self.sigma * boys(self.s, d), self.z)

    def potential_momentum(self) -> Tensor:
        r"""Return :math:`m = -\partial_t\nabla\phi`, shape (N, d).

        With :math:`\dot z = -\dot c/\sigma - (\dot\sigma/\sigma) z`,

        .. math:: m = \sum_k p\,\Big[F_d\,\dot c - F_{d+2}\,(z\cdot\dot c)\,z
            + \dot\sigma\,e^{-s} z - \frac{\dot w}{w}\,\sigma F_d\,z\Big] ,

        where :math:`F_d = (2s F_{d+2} + e^{-s})/d`. The first two terms are the field
        of a dipole outside of the Gaussian; on a line they add up to
        :math:`e^{-s}\dot c`.
        """
        d, s = self.z.shape[1], self.s
        p, decay, upper = (
            self.log_peak.exp(),
            torch.exp(-s),
            boys(s, self.z.shape[1] + 2),
        )
        lower = (2 * s * upper + decay) / d
        along = (self.z * self.drift).sum(dim=1)
        radial = self.sigma * (self.growth * decay - self.exchange * lower)
        return _sum(p * lower, self.drift) + _sum(p * (radial - upper * along), self.z)

    def transport_velocity(self) -> Tensor:
        r"""Return the mean of :math:`\dot c + \dot\sigma z`, shape (N, d).

        Every Gaussian moves and grows as a whole; at a point the velocities are
        averaged by the components' shares of the density there, so that density times
        velocity is what the Gaussians carry. Needs constant weights.
        """
        widening = self.growth * self.sigma
        return _sum(self.share, self.drift) + _sum(self.share * widening, self.z)

    def score(self) -> Tensor:
        r"""Return :math:`\nabla\log\rho`, shape (N, d)."""
        return -_sum(self.share / self.sigma, self.z)


def _sum(factor: Tensor, vector: Tensor) -> Tensor:
    """Return the sum over the components, (N, d), from (N, K) and (N, d, K)."""
    return (factor[:, None] * vector).sum(dim=2)
