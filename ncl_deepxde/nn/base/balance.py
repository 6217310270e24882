"""What a network of several balance laws promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor

from ...quadrature import NODES, boundary_rule, inside_rule
from .checks import is_count

__all__ = ["BalanceNet"]


class BalanceNet(ABC):
    r"""A network of K laws :math:`\partial_t q_k + \nabla\cdot F_k = s_k`.

    Whatever its weights, the three terms of each law cancel to round-off. Laws are
    counted from 0. What is left to train is how flux and source depend on the state.

    Attributes:
        dim: Number of space dimensions d.
        laws: Number K of laws.
        sources: Laws whose source is trained, in the order of its columns.
    """

    dim: int
    laws: int
    sources: tuple[int, ...]

    @abstractmethod
    def state(self, inputs: Tensor) -> Tensor:
        """Return the densities q of all laws, (N, K), at inputs (N, d + 1)."""

    @abstractmethod
    def flux(self, inputs: Tensor, k: int) -> Tensor:
        """Return the flux of law k, (N, d), at inputs (N, d + 1), time last.

        Raises:
            ValueError: There is no such law.
        """

    @abstractmethod
    def source(self, inputs: Tensor, k: int) -> Tensor:
        """Return the source of law k, (N, 1), known and trained; 0 where it has none.

        Raises:
            ValueError: There is no such law.
        """

    def total(self, domain: Any, t: float, *, nodes: int = NODES) -> Tensor:
        r"""Return :math:`\int_\Omega q_k\,dx` of all laws, shape (K,).

        Its rate is ``supply - outflow``, exactly.

        Args:
            domain: A geometry of DeepXDE that ``quadrature.inside_rule`` knows, or a
                pair of points (Q, d) and weights (Q,).
            t: The time.
            nodes: Nodes per axis of the rule.

        Raises:
            ValueError: No rule is known for the domain.
        """
        points, weights = _rule(domain, nodes)
        return _integral(self.state(self._at(points, t)), weights)

    def supply(self, domain: Any, t: float, *, nodes: int = NODES) -> Tensor:
        r"""Return :math:`\int_\Omega s_k\,dx` of all laws, (K,); see ``total``."""
        points, weights = _rule(domain, nodes)
        inputs = self._at(points, t)
        rates = [self.source(inputs, k) for k in range(self.laws)]
        return _integral(torch.cat(rates, dim=1), weights)

    def outflow(self, domain: Any, t: float, *, nodes: int = NODES) -> Tensor:
        r"""Return :math:`\oint_{\partial\Omega} F_k\cdot n\,dS` of all laws, (K,).

        Args:
            domain: A geometry of DeepXDE that ``quadrature.boundary_rule`` knows.
            t: The time.
            nodes: Nodes per axis of the rule.

        Raises:
            ValueError: No rule is known for the domain.
        """
        points, normals, weights = boundary_rule(domain, nodes)
        inputs = self._at(points, t)
        n = normals.to(inputs)
        crossing = [(self.flux(inputs, k) * n).sum(1) for k in range(self.laws)]
        return _integral(torch.stack(crossing, dim=1), weights)

    def _at(self, points: Tensor, t: float) -> Tensor:
        """Return inputs (Q, d + 1) of the dtype and device of the network."""
        like = next(p for p in self.parameters())  # type: ignore[attr-defined]
        times = torch.full_like(points[:, :1], float(t))
        return torch.cat([points, times], dim=1).to(like)

    def _check_law(self, k: int) -> None:
        if not is_count(k, 0) or k >= self.laws:
            raise ValueError(
                f"k: must be the number of a law, 0 to {self.laws - 1}, got {k!r}."
            )


def _rule(domain: Any, nodes: int) -> tuple[Tensor, Tensor]:
    """Return points and weights of a domain, or those that were given."""
    if not isinstance(domain, tuple):
        return inside_rule(domain, nodes)
    points, weights = (torch.as_tensor(part) for part in domain)
    if points.ndim != 2 or weights.shape != points.shape[:1]:
        raise ValueError(
            "domain: must be a geometry or points (Q, d) with weights (Q,), got shapes "
            f"{tuple(points.shape)} and {tuple(weights.shape)}."
        )
    return points, weights


def _integral(values: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted sum over the points, (K,) of values (Q, K)."""
    return weights.to(values) @ values
