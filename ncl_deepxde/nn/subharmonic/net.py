"""A density that is never negative, of constant mass, with exact continuity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any

import deepxde as dde
import torch
from torch import Tensor

from ...potentials.network import Initializer
from ..base.checks import (
    check_choice,
    check_counts,
    check_dtype,
    check_positive,
    is_count,
)
from ..base.contract import OUTPUTS, ContinuityLaw
from ..base.fixed import FixedNet
from .gaussians import GaussianTerms
from .parts import Mixture, Swirl

__all__ = ["SubharmonicNCL"]

MOMENTA = ("subharmonic", "transport")
# Its square is representable in float32.
LEAST_FLOOR = 1e-15


class SubharmonicNCL(FixedNet, ContinuityLaw):
    r"""A mixture of moving Gaussians with :math:`\partial_t\rho + \nabla\cdot m = 0`.

    The density is the Laplacian of a subharmonic potential :math:`\phi`,

    .. math:: \rho = \Delta\phi = M \sum_{k=1}^K w_k(t)\,
        \mathcal N\big(x;\, c_k(t), \sigma_k(t)^2 I\big), \qquad \sum_k w_k = 1,

    so :math:`\rho > 0`, and its integral over space is :math:`M` at all times. Centers,
    widths and weights are a network of the time; their rates come with them as jets.
    The momentum is in closed form, without a second derivative:

    - ``"subharmonic"``: :math:`m_i = -\partial_t\partial_i\phi + \sum_j \partial_j
      A_{ij}` with a network :math:`A(x, t) = -A^T` (the stream function in the plane).
      The first part decays as :math:`|x|^{-d}` because the mass is constant, far
      slower than the density: the velocity is large where the density is small.
    - ``"transport"``: constant weights, and :math:`m_i = \sum_k \rho_k (\dot c_k +
      \dot\sigma_k (x - c_k)/\sigma_k)_i + \sum_j \partial_j(\rho A_{ij})`. Every term
      has the factor :math:`\rho`, so the velocity needs no division and is tame
      everywhere.

    Both move the Gaussians alike but for divergence-free terms. Outputs have the
    columns ``(rho, m_1..m_d, extras...)``; derivatives of them are plain autograd.

    Args:
        dim: Number of space dimensions d, any; the inputs are ``(x_1..x_d, t)``.
        components: Number K of Gaussians.
        hidden: Widths of the hidden layers of the network of the time.
        solenoidal: Widths of the network of :math:`A` and of the extras, ``None`` for
            a momentum without :math:`A`. On a line there is no :math:`A`.
        activation: Activation of both networks, as for :class:`NCL`, one for all
            layers.
        kernel_initializer: For example ``"Glorot normal"``.
        regularization: As for ``dde.nn.FNN``.
        construction: ``"subharmonic"`` or ``"transport"``.
        total_mass: :math:`M`, or where it starts from.
        learn_mass: Whether ``log_mass``, :math:`\log M`, is trained.
        spread: Length scale of the flow. Both networks see :math:`x` in units of it;
            the centers start from a normal distribution of this standard deviation.
        width: Standard deviation that the Gaussians start from, by default ``spread``.
        duration: Time scale of the flow; both networks see :math:`t` in units of it.
        output: ``"flux"`` or ``"velocity"``: whether columns 1..d hold :math:`m` or
            :math:`u = m/\rho`.
        extras: Number of free outputs, for example a pressure.
        floor: Density, in units of :math:`M/\text{spread}^d`, below which the velocity
            of the construction ``"subharmonic"`` fades out: :math:`u = m\rho/(\rho^2 +
            \text{floor}^2)`. The flux does not depend on it.

    Raises:
        ValueError: An argument is out of its range.

    References:
        J. Richter-Powell, Y. Lipman, R. T. Q. Chen, Neural Conservation Laws: A
        Divergence-Free Perspective (NeurIPS 2022), section 7.1,
        https://arxiv.org/abs/2210.01741. There the weights have any sum, A is constant
        in time, and beyond the plane the mass is infinite.

    Example:
        >>> net = SubharmonicNCL(2, components=4)
        >>> net.dim
        2
    """

    why_no_feature_transform = (
        "the Gaussians live in the coordinates of the inputs. Set spread and duration "
        "to the scales of space and time instead."
    )

    log_mass: Tensor

    def __init__(
        self,
        dim: int,
        *,
        components: int = 16,
        hidden: Sequence[int] = (64, 64),
        solenoidal: Sequence[int] | None = (64, 64, 64),
        activation: Any = "tanh",
        kernel_initializer: str | Initializer = "Glorot normal",
        regularization: Any = None,
        construction: str = "subharmonic",
        total_mass: float = 1.0,
        learn_mass: bool = False,
        spread: float = 1.0,
        width: float | None = None,
        duration: float = 1.0,
        output: str = "flux",
        extras: int = 0,
        floor: float = 1e-8,
    ) -> None:
        super().__init__()
        width = spread if width is None else width
        check_counts(dim=(dim, 1), components=(components, 1), extras=(extras, 0))
        check_positive(total_mass=total_mass, spread=spread, width=width)
        check_positive(duration=duration)
        _check_floor(floor)
        _check_widths(hidden, solenoidal, extras)
        check_choice("construction", construction, MOMENTA)
        check_choice("output", output, OUTPUTS)
        self.dim, self.output, self.construction = dim, output, construction
        self.regularizer = regularization
        self.spread, self.floor = float(spread), float(floor)
        log_mass = torch.tensor(math.log(total_mass), dtype=dde.config.real(torch))
        if learn_mass:
            self.log_mass = torch.nn.Parameter(log_mass)
        else:
            self.register_buffer("log_mass", log_mass)
        common = {"spread": float(spread), "duration": float(duration)}
        self.mixture = Mixture(
            dim,
            components,
            hidden,
            activation,
            kernel_initializer,
            width=width,
            is_exchanging=construction == "subharmonic",
            **common,
        )
        self.swirl = None
        if solenoidal is not None and (dim > 1 or extras):
            self.swirl = Swirl(
                dim, extras, solenoidal, activation, kernel_initializer, **common
            )

    def forward(self, inputs: Tensor) -> Tensor:
        """Return (rho, m or u, extras), (N, C), for inputs (N, d + 1), time last."""
        return torch.cat(self._evaluate(inputs, self.output), dim=1)

    def flux(self, inputs: Tensor) -> Tensor:
        """See ``FlowNet``."""
        return torch.cat(self._evaluate(inputs, "flux")[:2], dim=1)

    def velocity(self, inputs: Tensor) -> Tensor:
        """See ``FlowNet``."""
        return self._evaluate(inputs, "velocity")[1]

    def density(self, inputs: Tensor) -> Tensor:
        """See ``FlowNet``."""
        return self.log_density(inputs).exp()

    def log_density(self, inputs: Tensor) -> Tensor:
        r"""Return :math:`\log\rho`, (N, 1), finite where the density underflows.

        Args:
            inputs: Shape (N, d + 1), time last.
        """
        with torch.autocast(inputs.device.type, enabled=False):
            gaussians: GaussianTerms = self.mixture(self._checked(inputs))
            return self.log_mass + gaussians.log_density

    def _evaluate(self, inputs: Tensor, output: str) -> tuple[Tensor, Tensor, Tensor]:
        """Return the density, momentum or velocity, and the extras."""
        with torch.autocast(inputs.device.type, enabled=False):
            gaussians: GaussianTerms = self.mixture(self._checked(inputs))
            unit = self.log_mass.exp() / self.spread**self.dim
            rho = gaussians.log_density.exp() * self.spread**self.dim
            if self.construction == "transport":
                swirl, extras = self._swirl(inputs, gaussians.score())
                u = gaussians.transport_velocity() + swirl
                w = u if output == "velocity" else unit * rho * u
                return unit * rho, w, extras
            swirl, extras = self._swirl(inputs, None)
            m = gaussians.potential_momentum() * self.spread**self.dim + swirl
            inverse = rho / (rho.square() + self.floor**2)
            w = m * inverse if output == "velocity" else unit * m
            return unit * rho, w, extras

    def _swirl(self, inputs: Tensor, score: Tensor | None) -> tuple[Tensor, Tensor]:
        if self.swirl is None:
            return torch.zeros_like(inputs[:, : self.dim]), inputs[:, :0]
        found: tuple[Tensor, Tensor] = self.swirl(inputs, score)
        return found

    def _checked(self, inputs: Tensor) -> Tensor:
        if inputs.ndim != 2 or inputs.shape[1] != self.dim + 1:
            raise ValueError(
                f"inputs: must have shape (N, {self.dim + 1}), got "
                f"{tuple(inputs.shape)}. The columns are (x_1..x_{self.dim}, t), as "
                f"dim={self.dim} says."
            )
        check_dtype("inputs", inputs, self.log_mass.dtype)
        return inputs


def _check_floor(floor: Any) -> None:
    if not isinstance(floor, Real) or not LEAST_FLOOR <= float(floor) < math.inf:
        raise ValueError(
            f"floor: must be at least {LEAST_FLOOR} and finite, got {floor!r}. Use the "
            'flux, or construction="transport", where the density is lower.'
        )


def _check_widths(hidden: Any, solenoidal: Any, extras: int) -> None:
    given = {"hidden": hidden} | (
        {} if solenoidal is None else {"solenoidal": solenoidal}
    )
    for name, widths in given.items():
        sizes = list(widths) if isinstance(widths, Sequence) else []
        if not sizes or not all(is_count(n, 1) for n in sizes):
            raise ValueError(
                f"{name}: must hold at least one hidden width, positive integers, got "
                f"{widths!r}. Use for example (64, 64)."
            )
    if solenoidal is None and extras:
        raise ValueError(
            f"extras: need the network of space and time, got extras={extras} and "
            "solenoidal=None. Give solenoidal widths, for example (64, 64)."
        )
