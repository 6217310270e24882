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

from collections.abc import Callable
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


class GaussNewton(torch.optim.Optimizer):
    r"""Gauss-Newton with momentum, adaptive damping and a line search.

    Every step halves :math:`\eta = 1` as long as the loss at the same points falls.
    Levenberg and Marquardt's rule adapts :math:`\lambda` to the ratio of the actual
    to the predicted decrease. Points must be independent: no batch normalization.

    Args:
        model: A model whose data is a ``Collocation``; compile it with the result,
            loss ``"MSE"``.
        damping: First :math:`\lambda`, in units of the mean diagonal of the kernel.
        damping_range: Smallest and largest :math:`\lambda`.
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
        damping_range: tuple[float, float] = (1e-8, 1e2),
        momentum: float = 0.9,
        halvings: int = 6,
        path: str = "layers",
        order: int = 1,
    ) -> None:
        collocation_of(model)
        low, high = damping_range
        checks = {
            "damping_range must be 0 < low <= damping <= high": 0
            < low
            <= damping
            <= high,
            "momentum must lie in [0, 1)": 0 <= momentum < 1,
            "halvings must not be negative": halvings >= 0,
            "path must be 'layers' or 'samples'": path in ("layers", "samples"),
            "order must be at least 1": order >= 1,
        }
        for rule, holds in checks.items():
            if not holds:
                given = {"damping": damping, "damping_range": damping_range}
                given |= {"momentum": momentum, "halvings": halvings}
                given |= {"path": path, "order": order}
                raise ValueError(f"GaussNewton: {rule}, got {given[rule.split()[0]]}.")
        options = {"damping": damping, "low": low, "high": high, "momentum": momentum}
        super().__init__(model.net.parameters(), options | {"halvings": halvings})
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
            loss = closure().detach().item()
            vector = ResidualVector(self._model)
            jacobian = self._jacobian(vector)
        self._check(jacobian.residuals, loss)
        self._move(vector, jacobian)
        return loss

    def _jacobian(self, vector: ResidualVector) -> Jacobian:
        named = self._model.net.named_parameters()
        parameters = {name: p for name, p in named if p.requires_grad}
        if self._path == "layers":
            return layer_jacobian(vector, parameters)
        return sample_jacobian(vector, parameters, self._order)

    def _check(self, residuals: Tensor, loss: float) -> None:
        if len(residuals) > MOST_RESIDUALS:
            raise ValueError(
                f"GaussNewton: at most {MOST_RESIDUALS} residuals (points times "
                f"equations), got {len(residuals)}. Take fewer points."
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
        r, mu = jacobian.residuals, group["momentum"]
        memory = [
            mu * self.state[p].get("direction", torch.zeros_like(p)) for p in parameters
        ]
        rest = r - jacobian.push(memory)
        a = damped_solve(jacobian.kernel(), rest, group["damping"]).to(r.dtype)
        direction = [d.add_(m) for d, m in zip(jacobian.pull(a), memory, strict=True)]
        size, loss = self._search(vector, parameters, direction, r)
        predicted = (r - size * jacobian.push(direction)).square().sum()
        before = r.square().sum()
        ratio = ((before - loss) / (before - predicted).abs()).item()
        self._adapt(group, ratio)
        for p, d in zip(parameters, direction, strict=True):
            self.state[p]["direction"] = d * size

    def _search(
        self,
        vector: ResidualVector,
        parameters: list[Tensor],
        direction: list[Tensor],
        r: Tensor,
    ) -> tuple[float, Tensor]:
        """Move to the best of the steps 1, 1/2, 1/4, ..., or stay if none is good."""
        start = [p.clone() for p in parameters]
        best_size, best_loss = 0.0, r.square().sum()

        def move(size: float) -> None:
            for p, origin, d in zip(parameters, start, direction, strict=True):
                p.copy_(origin - size * d)

        for size in (0.5**k for k in range(self.param_groups[0]["halvings"] + 1)):
            move(size)
            with torch.enable_grad():
                loss = vector.value().square().sum()
            if loss < best_loss:
                best_size, best_loss = size, loss
            elif best_size:
                break
        move(best_size)
        return best_size, best_loss

    def _adapt(self, group: dict[str, Any], ratio: float) -> None:
        factor = 0.5 if ratio > 0.75 else 1.0 if ratio > 0.25 else 4.0
        group["damping"] = min(
            max(group["damping"] * factor, group["low"]), group["high"]
        )
