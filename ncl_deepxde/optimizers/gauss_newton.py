r"""Gauss-Newton in the space of the residuals.

The loss is a sum of squares, :math:`L(\theta) = |r(\theta)|^2`. With the Jacobian
:math:`J = \partial r/\partial\theta` (R x P) at fresh points, the damped step that
remembers the last one, :math:`\varphi`, solves a system of the size of the residuals:

.. math:: \delta = \mu\varphi + J^T (J J^T + \lambda I)^{-1} (r - \mu J\varphi),
    \qquad \theta \leftarrow \theta - \eta\,\delta .

References:
    J. Mueller, M. Zeinhofer, Achieving High Accuracy with PINNs via Energy Natural
    Gradient Descent (ICML 2023), https://arxiv.org/abs/2302.13163.
    G. Goldshlager, N. Abrahamsen, L. Lin, A Kaczmarz-inspired approach to accelerate
    the optimization of neural network wavefunctions (J. Comput. Phys. 2024),
    https://arxiv.org/abs/2401.10190: the momentum.
    F. Dangel, J. Mueller, M. Zeinhofer, Kronecker-Factored Approximate Curvature for
    Physics-Informed Neural Networks (NeurIPS 2024), https://arxiv.org/abs/2405.15603.
    A. Guzman-Cordero et al., Improving Energy Natural Gradient Descent through
    Woodbury, Momentum, and Randomization (2025), https://arxiv.org/abs/2505.12149.
    A. Jnini, F. Vella, Dual Natural Gradient Descent for Scalable Training of
    Physics-Informed Neural Networks (2025), https://arxiv.org/abs/2505.21404.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import deepxde as dde
import torch
from torch import Tensor

from ._damped_solve import damped_solve
from ._jacobian import Jacobian
from ._layer_path import layer_jacobian
from ._residuals import ResidualVector, collocation_of
from ._sample_path import sample_jacobian

__all__ = ["GaussNewton"]

MOST_RESIDUALS = 6000
PATHS = ("layers", "samples")


class GaussNewton(torch.optim.Optimizer):
    r"""Gauss-Newton with momentum, adaptive damping and a line search.

    A step halves :math:`\eta = 1` as long as the loss at the same points falls. Where
    less than an eighth is left, the linear model reached too far and :math:`\lambda`
    doubles; where a quarter or more is left, :math:`\lambda` falls by a constant
    factor. (Levenberg's ratio of actual to predicted decrease is no guide after a line
    search: it is near one for any small step.) Points must be independent: no batch
    normalization.

    Args:
        model: A model whose data is a ``Collocation``; compile it with the result,
            loss ``"MSE"``.
        damping: First :math:`\lambda`, in units of the mean diagonal of the kernel.
        damping_range: Smallest and largest :math:`\lambda`.
        decay: Factor of :math:`\lambda` after a good step, in (0, 1].
        momentum: :math:`\mu` in [0, 1).
        halvings: Largest number of halvings of the step.
        path: ``"layers"`` takes the Jacobian from one backward pass per residual
            function, for networks of linear layers; ``"samples"`` takes it point by
            point with ``torch.func``, for any network, several times slower.
        order: Highest derivative of the outputs in the residuals, for
            ``path="samples"``.

    Example:
        >>> model.compile(GaussNewton(model), loss_weights=weights)  # doctest: +SKIP

    Raises:
        ValueError: A bad argument or data that are not a ``Collocation``.
    """

    def __init__(
        self,
        model: dde.Model,
        *,
        damping: float = 1e-3,
        damping_range: tuple[float, float] = (1e-9, 1e2),
        decay: float = 0.8,
        momentum: float = 0.9,
        halvings: int = 6,
        path: str = "layers",
        order: int = 1,
    ) -> None:
        collocation_of(model)
        low, high = damping_range
        _check_option(
            "damping_range", damping_range, "hold 0 < low < high", 0 < low < high
        )
        _check_option(
            "damping", damping, f"lie in {damping_range}", low <= damping <= high
        )
        _check_option("decay", decay, "lie in (0, 1]", 0 < decay <= 1)
        _check_option("momentum", momentum, "lie in [0, 1)", 0 <= momentum < 1)
        _check_option("halvings", halvings, "not be negative", halvings >= 0)
        _check_option("path", path, f"be one of {PATHS}", path in PATHS)
        _check_option("order", order, "be at least 1", order >= 1)
        options = {"damping": damping, "low": low, "high": high, "decay": decay}
        options |= {"momentum": momentum, "halvings": halvings, "steps": 0}
        super().__init__(model.net.parameters(), options)
        self._model, self._path, self._order = model, path, order

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # type: ignore[override]
        """Do one step and return the loss it started from.

        Args:
            closure: Evaluates the loss at the points of this step, as DeepXDE's does.

        Raises:
            ValueError: No closure, too many residuals, or a loss that is not the sum of
                their squares.
            RuntimeError: The kernel is singular or not finite.
        """
        if closure is None:
            raise ValueError("GaussNewton: step needs a closure; train by dde.Model.")
        with torch.enable_grad():
            vector = ResidualVector(self._model)
            jacobian = self._jacobian(vector, partial(vector.observed, closure))
        self._check(jacobian.residuals, vector.loss)
        self._move(vector, jacobian)
        return vector.loss

    def _jacobian(
        self, vector: ResidualVector, observe: Callable[[], list[Tensor]]
    ) -> Jacobian:
        named = self._model.net.named_parameters()
        parameters = {name: p for name, p in named if p.requires_grad}
        if self._path == "layers":
            return layer_jacobian(observe, parameters)
        observe()
        return sample_jacobian(vector, parameters, self._order)

    def _check(self, residuals: Tensor, loss: float) -> None:
        if len(residuals) > MOST_RESIDUALS:
            raise ValueError(
                f"GaussNewton: at most {MOST_RESIDUALS} residuals (points times "
                f"equations), got {len(residuals)}. Take fewer points."
            )
        if self._model.external_trainable_variables:
            raise ValueError(
                "GaussNewton: external_trainable_variables would not be trained. Make "
                "them parameters of the network."
            )
        total = residuals.square().sum().item()
        if abs(total - loss) > 1e-3 * abs(loss):
            raise ValueError(
                f"GaussNewton: the loss must be the sum of weighted mean squares, "
                f"{total:.6g}, got {loss:.6g}. Compile with loss='MSE' and build the "
                "network without regularization."
            )

    def _move(self, vector: ResidualVector, jacobian: Jacobian) -> None:
        """Find the direction, search along it, adapt the damping."""
        (group,) = self.param_groups
        parameters = [p for p in group["params"] if p.requires_grad]
        memory = [
            group["momentum"] * self.state[p].get("direction", torch.zeros_like(p))
            for p in parameters
        ]
        rest = jacobian.residuals - jacobian.push(memory)
        a = damped_solve(jacobian.kernel(), rest, group["damping"]).to(rest.dtype)
        direction = [d + m for d, m in zip(jacobian.pull(a), memory, strict=True)]
        size = _search(
            vector, parameters, direction, jacobian.residuals, group["halvings"]
        )
        factor = group["decay"] if size >= 1 / 4 else 1.0 if size >= 1 / 8 else 2.0
        group["damping"] = min(
            max(group["damping"] * factor, group["low"]), group["high"]
        )
        group["steps"] += 1
        for p, d in zip(parameters, direction, strict=True):
            self.state[p]["direction"] = size * d


def _search(
    vector: ResidualVector,
    parameters: Sequence[Tensor],
    direction: Sequence[Tensor],
    residuals: Tensor,
    halvings: int,
) -> float:
    """Move to the best of the steps 1, 1/2, 1/4, ... and return it; 0 is to stay."""
    start = [p.clone() for p in parameters]
    best, best_loss = 0.0, residuals.square().sum().item()

    def move(size: float) -> None:
        for p, origin, d in zip(parameters, start, direction, strict=True):
            p.copy_(origin - size * d)

    for size in (0.5**k for k in range(halvings + 1)):
        move(size)
        loss = vector.value().square().sum().item()
        if loss < best_loss:
            best, best_loss = size, loss
        elif best:
            break
    move(best)
    return best


def _check_option(name: str, value: Any, rule: str, holds: bool) -> None:
    if not holds:
        raise ValueError(f"GaussNewton: {name} must {rule}, got {value!r}.")
