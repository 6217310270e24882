"""Loss terms: residuals at points, where some entries may be unknown."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ..distributed import SharedRows, processes
from .samplers import Sampler, checked_points

__all__ = [
    "Call",
    "Condition",
    "Penalty",
    "SoftCondition",
    "Term",
    "counted",
    "gathered",
    "named_terms",
]

LossFunction = Callable[[Tensor, Tensor], Tensor]


class SoftCondition(ABC):
    """A condition that draws its points anew at every step.

    Attributes:
        name: Name of the loss term, for logs.
        num_points: Number of points at every step.
    """

    name: str
    num_points: int

    @abstractmethod
    def draw(self, generator: torch.Generator) -> Call:
        """Return a network call at points that the generator alone decides."""


@dataclass(frozen=True)
class Condition(SoftCondition):
    """A soft initial or boundary condition at separate points.

    Args:
        name: Name of the loss term, for logs.
        sampler: Draws the points, (num_points, d+1), time last.
        num_points: Number of points at every step.
        residual: Maps inputs (N, d+1) and outputs (N, k) to a list of defects (N, 1);
            each becomes one loss term.
        has_derivatives: Whether ``residual`` differentiates the outputs by the inputs;
            if not, exact networks save the work of preparing for it.
    """

    name: str
    sampler: Sampler
    num_points: int
    residual: Callable[[Tensor, Tensor], Sequence[Tensor]]
    has_derivatives: bool = True

    def draw(self, generator: torch.Generator) -> Call:
        """See ``SoftCondition``."""
        points = checked_points(self.sampler, self.num_points, generator)
        return Call.of(self, points[processes().share(len(points), self.name)])


@dataclass(frozen=True)
class Penalty:
    """A loss term that is a function of the network and of no points.

    Args:
        name: Name of the loss term, for logs.
        function: Maps the network to a 0-dimensional tensor, which is the term itself:
            no loss function is applied to it.
    """

    name: str
    function: Callable[[torch.nn.Module], Tensor]

    def value(self, net: torch.nn.Module) -> Tensor:
        """Return the term; a ValueError tells if it is not 0-dimensional."""
        value = self.function(net)
        if not isinstance(value, Tensor) or value.ndim:
            got = tuple(value.shape) if isinstance(value, Tensor) else type(value)
            raise ValueError(
                f"Penalty {self.name!r}: function must return a 0-dimensional tensor, "
                f"got {got}. Take the sum or the mean."
            )
        return value


@dataclass(frozen=True)
class Term:
    r"""A residual whose mean square over n known entries is a term of the loss.

    .. math:: \frac{1}{n} \sum_{(i, k) \text{ known}} r_{ik}^2

    Args:
        name: Name of the term, for logs.
        residual: Shape (N, k).
        is_known: Which entries count, (N, k); all by default.
        count: The number n where other processes have more of them.
    """

    name: str
    residual: Tensor
    is_known: Tensor | None = None
    count: Tensor | None = None

    @property
    def known(self) -> Tensor | int:
        """The number of known entries of this process."""
        if self.is_known is None:
            return self.residual.numel()
        return self.is_known.sum()

    def loss(self, function: LossFunction) -> Tensor:
        """Return ``function(0, r)``, 0-dimensional, and 0 where nothing is known.

        The function sees the residual (N, k), or, where entries are missing, the n
        known ones as a column (n, 1).
        """
        r = self.residual
        if self.is_known is not None:
            r = r[self.is_known][:, None]
        return function(torch.zeros_like(r), r) if r.numel() else r.sum()

    def columns(self, weight: float) -> list[Tensor]:
        """Return k vectors (N,) whose squares add up to ``weight`` times the term."""
        count = self.known if self.count is None else self.count
        if self.is_known is None:
            return list(((weight / count) ** 0.5 * self.residual).unbind(1))
        share = weight / torch.as_tensor(count).clamp(min=1)
        r = torch.where(self.is_known, self.residual, 0)
        return list((share.sqrt() * r).unbind(1))


def counted(terms: Sequence[Term]) -> list[Term]:
    """Return terms that know how many entries all processes have."""
    here = processes()
    if here.size == 1:
        return list(terms)
    device = terms[0].residual.device
    known = [torch.as_tensor(t.known, device=device).double() for t in terms]
    counts = here.sum(*known)
    return [replace(t, count=n) for t, n in zip(terms, counts, strict=True)]


def gathered(terms: Sequence[Term]) -> list[Term]:
    """Return terms at the points of all processes, which know how they depend on them.

    What a function makes of them has, by the parameters, the right gradient as the mean
    of those of the processes.
    """
    if processes().size == 1:
        return list(terms)
    masks = [t.is_known for t in terms if t.is_known is not None]
    parts = [t.residual for t in terms]
    parts += [mask.to(parts[0]) for mask in masks]
    found = SharedRows.of([len(part) for part in parts]).gather(parts)
    known = iter(found[len(terms) :])
    return [
        Term(t.name, r, None if t.is_known is None else next(known) > 0)
        for t, r in zip(terms, found, strict=False)
    ]


@dataclass(frozen=True)
class Call:
    """One evaluation of the network, and the loss terms computed from it.

    Args:
        points: The points, (N, d+1), time last.
        terms: Maps inputs (N, d+1) and outputs (N, k) to the terms.
        has_derivatives: Whether the residuals differentiate by the inputs.
    """

    points: Tensor
    terms: Callable[[Tensor, Any], list[Term]]
    has_derivatives: bool

    @classmethod
    def of(cls, condition: Condition, points: Tensor) -> Call:
        """Return the call of a condition at its points."""

        def terms(inputs: Tensor, outputs: Tensor) -> list[Term]:
            residuals = condition.residual(inputs, outputs)
            return named_terms(residuals, condition.name, None, len(inputs))

        return cls(points, terms, condition.has_derivatives)

    def inputs(self) -> Tensor:
        """Return the points as a new leaf."""
        return self.points.detach().requires_grad_(self.has_derivatives)


def named_terms(
    residuals: Tensor | Sequence[Tensor],
    prefix: str,
    names: list[str] | None,
    rows: int,
) -> list[Term]:
    """Pair residuals with names and check that each has the shape (rows, 1)."""
    if isinstance(residuals, Tensor):
        residuals = [residuals]
    count = len(residuals)
    if names is None:
        numbered = [f"{prefix} {i}" for i in range(1, count + 1)]
        names = [prefix] if count == 1 else numbered
    if len(names) != count:
        raise ValueError(
            f"Collocation: names must hold one name for each of the {count} residuals "
            f"of {prefix}, got {names}."
        )
    for name, residual in zip(names, residuals, strict=True):
        if residual.shape != (rows, 1):
            raise ValueError(
                f"residual: {name!r} must have the shape (N, 1) = ({rows}, 1), got "
                f"{tuple(residual.shape)}. Keep the last axis by slicing, as in "
                "outputs[:, 0:1]."
            )
    return [Term(n, r) for n, r in zip(names, residuals, strict=True)]
