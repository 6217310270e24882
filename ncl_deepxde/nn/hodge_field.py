"""Any smooth vector field on a torus or in space, by its Hodge decomposition."""

from __future__ import annotations

import deepxde as dde
import torch
from torch import Tensor

from .base.fixed import FixedNet
from .divergence_free import DivergenceFree
from .gradient_field import GradientField

__all__ = ["HodgeField"]


class HodgeField(FixedNet):
    r"""The sum :math:`v = \eta + \nabla\varphi + c` of three orthogonal parts.

    On a flat torus these are a divergence-free field of mean 0, a gradient and a
    constant, the harmonic part. Fitted to a field,

    .. math:: \min \mathbb E\,|\hat v - \eta - \nabla\varphi - c|^2,

    they tend to its Hodge decomposition, which is unique, and the loss to 0, so that no
    noise is left in its gradients.

    Along axes without a period the sum still fits any field, but the parts are not
    unique: gradients of harmonic functions belong to either of them, unless the field
    decays.

    Give both parts the same ``scales`` where units are far from one; those of the
    first are the sizes of the constant, too.

    Args:
        solenoidal: Network of :math:`\eta`, without extra outputs. Its
            regularization is that of the sum.
        gradient: Network of :math:`\nabla\varphi`, with the same periods.
        harmonic: Whether the constant is trained, or else 0.

    Attributes:
        constant: The constant, in units of the velocity of the scales.

    Raises:
        ValueError: The parts differ in their dimension or their periods, or the first
            has extra outputs.

    Example:
        >>> sizes, options = [2, 8, 2], {"periods": 1.0}
        >>> net = HodgeField(
        ...     DivergenceFree(sizes, "tanh", "Glorot normal", **options),
        ...     GradientField(sizes, "tanh", "Glorot normal", **options),
        ... )
        >>> x = torch.rand(5, 2)
        >>> bool((net(x) == net.solenoidal(x) + net.gradient(x) + net.harmonic).all())
        True
    """

    why_no_output_transform = (
        "the outputs must stay the sum of their parts. Transform the given field "
        "instead."
    )
    why_no_feature_transform = (
        "both parts already embed their periodic axes. Transform the given field and "
        "its points instead."
    )

    constant: Tensor
    _sizes: Tensor

    def __init__(
        self,
        solenoidal: DivergenceFree,
        gradient: GradientField,
        *,
        harmonic: bool = True,
    ) -> None:
        super().__init__()
        n = solenoidal.num_inputs
        if gradient.num_inputs != n:
            raise ValueError(
                "gradient: must be a field in as many dimensions as solenoidal, "
                f"{n}, got {gradient.num_inputs}."
            )
        if len(solenoidal.fixed) != n:
            raise ValueError(
                f"solenoidal: must have no outputs but its {n} components, got "
                f"{len(solenoidal.fixed)}. End its layer_sizes with {n}."
            )
        periods = solenoidal.periods, gradient.periods
        if periods[0] != periods[1]:
            raise ValueError(
                "solenoidal and gradient: must have the same period along every axis, "
                f"got {periods[0]} and {periods[1]}. Pass the same periods to both."
            )
        self.regularizer = solenoidal.regularizer
        self.num_inputs = n
        self.solenoidal, self.gradient = solenoidal, gradient
        constant = torch.zeros(n, dtype=dde.config.real(torch))
        if harmonic:
            self.constant = torch.nn.Parameter(constant)
        else:
            self.register_buffer("constant", constant)
        sizes = [1.0] * n if solenoidal.units is None else solenoidal.units.velocity
        exact = torch.as_tensor(sizes, dtype=torch.float64)
        self.register_buffer("_sizes", exact, persistent=False)

    @property
    def harmonic(self) -> Tensor:
        """The constant c, shape (n,)."""
        return self.constant * self._sizes.to(self.constant.dtype)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the sum of the parts, shape (N, n), for inputs (N, n)."""
        total: Tensor = self.solenoidal(inputs) + self.gradient(inputs) + self.harmonic
        return total
