r"""The curve along which a step is searched.

.. math:: \theta(\eta) = \theta_0 - \eta\, d - \eta^2\, c

A straight line has :math:`c = 0`. Geodesic acceleration bends it so that residuals
change linearly along it to second order: with the second derivative of the residuals
along the direction, from one more evaluation,

.. math:: r'' \approx \frac{2}{h} \Bigl(\frac{r(\theta_0 - h d) - r}{h} + J d\Bigr),
    \qquad c = \tfrac12 J^T (J J^T + \lambda I)^{-1} r'' .

References:
    M. K. Transtrum, J. P. Sethna, Improvements to the Levenberg-Marquardt algorithm
    for nonlinear least-squares minimization (2012), https://arxiv.org/abs/1201.5885.
    A. Jnini, F. Vella, Dual Natural Gradient Descent for Scalable Training of
    Physics-Informed Neural Networks (2025), https://arxiv.org/abs/2505.21404.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .jacobian import Jacobian
from .norms import length
from .residuals import ResidualVector

__all__ = ["Curve"]

# As Transtrum and Sethna advise; a step of size eta has eta times the ratio.
PROBE = 0.1
LARGEST_RATIO = 0.75


class Curve:
    """The parameters on their way along a direction, from where they stand.

    Args:
        parameters: Moved in place.
        direction: One tensor per parameter, d.

    Attributes:
        ratio: Twice the norm of the acceleration :math:`2 c` over that of the velocity
            :math:`d`, for the whole step.
    """

    def __init__(
        self, parameters: Sequence[Tensor], direction: Sequence[Tensor]
    ) -> None:
        self.parameters, self.direction = parameters, direction
        self.ratio = 0.0
        self._start = [p.clone() for p in parameters]
        self._bend = [torch.zeros_like(p) for p in parameters]

    def move(self, size: float) -> None:
        r"""Go to :math:`\theta(\eta)`; a curve bent too much there is left straight."""
        bend = size**2 if size * self.ratio <= LARGEST_RATIO else 0.0
        lines = zip(self._start, self.direction, self._bend, strict=True)
        for p, (origin, d, c) in zip(self.parameters, lines, strict=True):
            p.copy_(origin - size * d - bend * c)

    def accelerate(
        self,
        vector: ResidualVector,
        jacobian: Jacobian,
        solve: Callable[[Tensor], list[Tensor]],
    ) -> None:
        """Bend the curve.

        Args:
            vector: The residuals at the points of this step.
            jacobian: Where the parameters stand.
            solve: Maps (R,) to a direction.
        """
        self.move(PROBE)
        slope = (vector.value() - jacobian.residuals) / PROBE
        second = 2 / PROBE * (slope + jacobian.push(self.direction))
        self.move(0.0)
        if torch.isfinite(second).all():
            self._bend = [c / 2 for c in solve(second)]
            self.ratio = 4 * length(self._bend) / (length(self.direction) or 1.0)
