r"""Adam in the eigenbasis of Shampoo's preconditioner.

References:
    N. Vyas et al., SOAP: Improving and Stabilizing Shampoo using Adam (ICLR 2025),
    https://arxiv.org/abs/2409.11321.
    S. Wang et al., Gradient Alignment in Physics-informed Neural Networks: A
    Second-Order Optimization Perspective (2025), https://arxiv.org/abs/2502.00604:
    its use for equations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import deepxde as dde
import torch
from torch import Tensor

from .unknowns import Unknowns, check_all_trained

__all__ = ["SOAP"]

TINY = 1e-8


class SOAP(torch.optim.Optimizer):
    r"""Adam, seen from axes along which the gradients of a matrix are uncorrelated.

    With the gradient G of a matrix (m, n), decaying means of :math:`G G^T` and
    :math:`G^T G` and their eigenvectors :math:`Q_L, Q_R`,

    .. math:: W \leftarrow W - \eta\, Q_L \,
        \frac{Q_L^T M Q_R}{\sqrt{V} + \epsilon} \, Q_R^T ,

    where M is the decaying mean of G and V that of the squares of :math:`Q_L^T G Q_R`,
    both without the bias of their start. Eigenvectors follow the means by one step of
    orthogonal iteration now and then. The first step only begins all means. A step
    costs some products of matrices, whatever the number of points. Vectors have
    one basis, that of :math:`g g^T`.

    Args:
        params: A ``deepxde.Model``, whose network and ``external_trainable_variables``
            are trained; or numbers, vectors and matrices, or groups of them.
        lr: :math:`\eta`; three times that of Adam is a good start.
        betas: Decay of the means of gradients and of their squares, in [0, 1).
        basis_decay: Decay of the means that the bases come from, in [0, 1).
        basis_every: Number of steps between two turns of the bases.

    Raises:
        ValueError: An argument is out of its range.

    Example:
        >>> optimizer = SOAP(torch.nn.Linear(3, 2).parameters(), lr=0.01)
        >>> model.compile(SOAP(model), external_trainable_variables=C)  # doctest: +SKIP
    """

    def __init__(
        self,
        params: Any,
        lr: float = 0.01,
        *,
        betas: tuple[float, float] = (0.95, 0.95),
        basis_decay: float = 0.95,
        basis_every: int = 10,
    ) -> None:
        if not lr > 0:
            raise ValueError(f"SOAP: lr must be positive, got {lr!r}.")
        for name, value in (
            ("betas[0]", betas[0]),
            ("betas[1]", betas[1]),
            ("basis_decay", basis_decay),
        ):
            if not 0 <= value < 1:
                raise ValueError(f"SOAP: {name} must lie in [0, 1), got {value!r}.")
        if basis_every < 1:
            raise ValueError(
                f"SOAP: basis_every must be at least 1, got {basis_every!r}."
            )
        options = {"lr": lr, "betas": betas, "basis_decay": basis_decay}
        model = params if isinstance(params, dde.Model) else None
        given = params if model is None else model.net.parameters()
        super().__init__(given, {**options, "basis_every": basis_every})
        self._unknowns = None if model is None else Unknowns(self, model)
        self._is_checked = False
        shapes = [p.shape for group in self.param_groups for p in group["params"]]
        if any(len(shape) > 2 for shape in shapes):
            raise ValueError(
                "SOAP: params must have at most two dimensions, got the shapes "
                f"{[tuple(shape) for shape in shapes]}. Use Adam instead."
            )

    def state_numbers(self) -> int:
        """Return how many numbers it keeps, and computes beside, for all weights."""
        count = 0
        for p in (p for group in self.param_groups for p in group["params"]):
            n = p.shape[-1] if p.ndim else 1
            m = p.numel() // max(n, 1)
            # The gradient and two means; means of products and their bases, and what a
            # turn of the larger computes.
            count += 3 * m * n + 2 * (m**2 + n**2) + 3 * max(m, n) ** 2
        return count

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # type: ignore[override]
        """Do one step and return the loss it started from, if there is a closure."""
        if self._unknowns is not None:
            self._unknowns.adopt()
        if not self._is_checked:
            check_all_trained(self, closure)
            self._is_checked = True
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None or not p.numel():
                    continue
                G = p.grad.reshape(-1, p.shape[-1] if p.ndim else 1)
                state = self.state[p]
                if "steps" not in state:
                    _begin(state, G)
                    continue
                p.sub_(_direction(state, G, group).reshape(p.shape), alpha=group["lr"])
                _follow(state, G, group)
        return loss


def _begin(state: dict[str, Any], G: Tensor) -> None:
    """Set up the means and the bases of a parameter with its first gradient."""
    state["steps"] = 0
    state["mean"], state["square"] = torch.zeros_like(G), torch.zeros_like(G)
    for side, product in (("left", G @ G.T), ("right", G.T @ G)):
        state[side] = product
        # From the largest eigenvalue on.
        state[f"{side}_basis"] = torch.linalg.eigh(product)[1].flip(1)


def _direction(state: dict[str, Any], G: Tensor, group: dict[str, Any]) -> Tensor:
    """Return Adam's direction, found in the bases, (m, n)."""
    beta, beta_square = group["betas"]
    left, right = state["left_basis"], state["right_basis"]
    state["steps"] += 1
    mean = state["mean"].lerp_(G, 1 - beta) / (1 - beta ** state["steps"])
    turned = left.T @ G @ right
    square = state["square"].lerp_(turned.square(), 1 - beta_square)
    size = (square / (1 - beta_square ** state["steps"])).sqrt() + TINY
    direction: Tensor = left @ ((left.T @ mean @ right) / size) @ right.T
    return direction


def _follow(state: dict[str, Any], G: Tensor, group: dict[str, Any]) -> None:
    """Update the means that the bases come from, and now and then the bases."""
    share = 1 - group["basis_decay"]
    state["left"].lerp_(G @ G.T, share)
    state["right"].lerp_(G.T @ G, share)
    if state["steps"] % group["basis_every"]:
        return
    for axis, side in enumerate(("left", "right")):
        basis, mean = state[f"{side}_basis"], state[side]
        # Sorted by size, or else the factorization would mix them up.
        order = (basis * (mean @ basis)).sum(dim=0).argsort(descending=True)
        state["square"] = state["square"].index_select(axis, order)
        state[f"{side}_basis"] = torch.linalg.qr(mean @ basis[:, order])[0]
