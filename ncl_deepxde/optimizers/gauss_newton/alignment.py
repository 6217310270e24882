r"""Which rows of a network call each residual depends on.

Residual :math:`i` of a DeepXDE term may come from row :math:`i + b` of the network's
outputs, for a condition on a slice of all points, or from two rows, for a periodic one.
Backward passes with the cotangents :math:`1`, :math:`i/n` and an irregular :math:`v_i`
give for a row :math:`j` that feeds one residual :math:`i(j)` alone the contributions

.. math:: c_j, \qquad \tfrac{i(j)}{n}\, c_j, \qquad v_{i(j)}\, c_j

to the gradient of a weight. The second tells the residual, the third that there is no
other. Some products with fixed vectors stand for :math:`c_j`. A row that feeds
several residuals, as in batch normalization or a mean over the points, is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

__all__ = [
    "Alignment",
    "DependentPointsError",
    "Rows",
    "find_rows",
    "probes",
    "signature",
]

# Of the largest gradient of a layer; a second residual shows by about its share in it.
TOLERANCE = 1e-3
# Round-off of a signature, in units of the largest one times the machine epsilon: of
# sums over a few hundred products that cancel.
ROUND_OFF = 100
GOLDEN = (5**0.5 - 1) / 2


class DependentPointsError(ValueError):
    """A residual at one point depends on other points.

    Attributes:
        residual: Number of the residual function.
    """

    def __init__(self, residual: int) -> None:
        super().__init__(f"The residual function {residual} mixes points.")
        self.residual = residual


@dataclass(frozen=True)
class Rows:
    """The rows of a network call, residual by residual.

    Attributes:
        index: Shape (M, n): the rows that each of n residuals depends on.
        is_used: Shape (M, n): whether there is such a row.
        is_lasting: Whether the same holds at other points: a row whose gradient
            vanishes today, as that of a missing measurement, may feed a residual later.
    """

    index: Tensor
    is_used: Tensor
    is_lasting: bool

    @classmethod
    def of(cls, owner: Tensor, count: int) -> Rows:
        """Sort the rows by the residual that they feed.

        Args:
            owner: Number of the residual that each row feeds, -1 for none, shape (N,).
            count: Number of residuals, n.
        """
        rows = torch.nonzero(owner >= 0).flatten()
        start = _start_of_slice(rows - owner[rows], len(owner) - count)
        if start is not None:
            index = torch.arange(start, start + count, device=owner.device)[None]
            return cls(index, torch.ones_like(index, dtype=torch.bool), True)
        rows = rows[torch.sort(owner[rows], stable=True).indices]
        number = torch.bincount(owner[rows], minlength=count)
        first = number.cumsum(0) - number
        place = torch.arange(len(rows), device=owner.device) - first[owner[rows]]
        shape = max(1, int(number.max())), count
        index = owner.new_zeros(shape)
        is_used = torch.zeros(shape, dtype=torch.bool, device=owner.device)
        index[place, owner[rows]] = rows
        is_used[place, owner[rows]] = True
        return cls(index, is_used, bool(is_used.all()) and len(rows) > 0)

    def inputs(self, h: Tensor) -> Tensor:
        """Pick rows of layer inputs (..., N, k): shape (S, n, k)."""
        return h[..., self._rows, :].reshape(-1, self.index.shape[1], h.shape[-1])

    def gradients(self, g: Tensor) -> Tensor:
        """Pick rows of gradients (..., N, k), zero where there is none: (S, n, k)."""
        found = g[..., self._rows, :]
        if not self._is_full:
            found = found * self.is_used[..., None]
        return found.reshape(-1, self.index.shape[1], g.shape[-1])

    @cached_property
    def _is_full(self) -> bool:
        return bool(self.is_used.all())

    @cached_property
    def _rows(self) -> Tensor | slice:
        """All rows in a row are seen without a copy."""
        if len(self.index) == 1 and self._is_full:
            start, count = int(self.index[0, 0]), self.index.shape[1]
            expected = torch.arange(start, start + count, device=self.index.device)
            if torch.equal(self.index[0], expected):
                return slice(start, start + count)
        return self.index


def _start_of_slice(offsets: Tensor, most: int) -> int | None:
    """Return the first row where residuals belong to rows in a row, else ``None``."""
    if not len(offsets) or bool((offsets != offsets[0]).any()):
        return None
    start = int(offsets[0])
    return start if 0 <= start <= most else None


def probes(residual: Tensor) -> list[Tensor]:
    """Return the three cotangents of a residual (n,)."""
    count = len(residual)
    ones = torch.ones_like(residual.detach())
    numbers = torch.arange(1, count + 1, device=ones.device) / count
    # Not torch's global generator, whose state belongs to the user.
    irregular = torch.arange(1, count + 1, device=ones.device).double() * GOLDEN % 1
    return [ones, numbers.to(ones), irregular.to(ones)]


def signature(h: Tensor | None, g: Tensor) -> Tensor:
    """Return products of each row's part of a gradient with fixed vectors, (N, k).

    Args:
        h: Inputs of a layer (..., N, in); none for a bias.
        g: Gradients of its outputs (..., N, out).
    """
    found = g.detach().double() @ _fixed(g)
    if h is not None:
        found = found * (h.detach().double() @ _fixed(h))
    return found.reshape(-1, *found.shape[-2:]).sum(0)


def _fixed(values: Tensor) -> Tensor:
    """Return irregular numbers in (-1, 1), shape (k, 4)."""
    numbers = torch.arange(1, 4 * values.shape[-1] + 1, device=values.device)
    return torch.sin(numbers.double() ** 2).reshape(-1, 4)


class Alignment:
    """Finds the rows of each residual once, as long as no size changes."""

    def __init__(self) -> None:
        self._sizes: tuple[int, ...] = ()
        self._found: dict[tuple[int, int], Rows] = {}

    def start(self, residuals: Sequence[Tensor]) -> None:
        """Forget what does not last, and all if the sizes of the residuals changed."""
        sizes = tuple(len(r) for r in residuals)
        is_same = sizes == self._sizes
        kept = {k: rows for k, rows in self._found.items() if rows.is_lasting}
        self._sizes, self._found = sizes, kept if is_same else {}

    def knows(self, residual: int, sizes: Sequence[int]) -> bool:
        """Tell whether the rows of network calls of these sizes are known."""
        return all((residual, size) in self._found for size in sizes)

    def learn(
        self, residual: int, seen: Sequence[Sequence[Tensor]], eps: float
    ) -> None:
        """Find the rows from signatures (N, k), those of each cotangent.

        Args:
            residual: Number of the residual function.
            seen: The signatures.
            eps: Machine epsilon of the gradients.

        Raises:
            DependentPointsError: A row feeds several residuals.
        """
        found = find_rows(seen, self._sizes[residual], residual, eps)
        self._found |= {(residual, size): rows for size, rows in found.items()}

    def rows(self, residual: int, size: int) -> Rows:
        """Return the rows of a network call with ``size`` points."""
        return self._found[residual, size]


def find_rows(
    seen: Sequence[Sequence[Tensor]], count: int, residual: int, eps: float
) -> dict[int, Rows]:
    """Return the rows by the number of points N of a network call.

    Args:
        seen: Signatures (N, k), those of each cotangent of ``probes``.
        count: Number of residuals, n.
        residual: Number of the residual function, for the error.
        eps: Machine epsilon of the gradients.

    Raises:
        DependentPointsError: A row feeds several residuals.
    """
    triples = list(zip(*seen, strict=True))
    rows = {}
    for size in {len(a) for a, _, _ in triples}:
        same = [triple for triple in triples if len(triple[0]) == size]
        floor = ROUND_OFF * eps * max(_largest(t) for triple in same for t in triple)
        owner = _owner(same, count, floor)
        _, *weights = probes(same[0][0].new_zeros(count))
        shares = [torch.where(owner < 0, 0, w[owner.clamp(min=0)]) for w in weights]
        for a, *others in same:
            scale = max(_largest(t) for t in (a, *others))
            for found, share in zip(others, shares, strict=True):
                rest = _largest(found - share[:, None] * a)
                if rest > max(TOLERANCE * scale, floor):
                    raise DependentPointsError(residual)
        rows[size] = Rows.of(owner, count)
    return rows


def _largest(values: Tensor) -> float:
    return float(values.abs().max()) if values.numel() else 0.0


def _owner(same: Sequence[Sequence[Tensor]], count: int, floor: float) -> Tensor:
    """Return the residual that each row feeds, -1 for none, shape (N,).

    Signatures below the floor are round-off: they tell no residual.
    """
    product = torch.stack([(a * b).sum(1) for a, b, _ in same]).sum(0)
    square = torch.stack([(a * a).sum(1) for a, _, _ in same]).sum(0)
    is_seen = square > floor**2
    share = torch.where(is_seen, product / square, 0)
    owner = (share * count).round().long() - 1
    return torch.where(is_seen, owner.clamp(0, count - 1), -1)
