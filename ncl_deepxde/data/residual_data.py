"""What all data have in common whose losses are residuals at fresh points."""

from __future__ import annotations

import sys
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from typing import Any

import deepxde as dde
import numpy as np
import torch
from torch import Tensor

from ..distributed import SharesPoints, alone, one_of
from .icbc import as_conditions
from .point_density import PointDensity
from .points import FreshData
from .samplers import keyed_generator
from .terms import Call, Condition, Penalty, SoftCondition, Term, gathered

__all__ = ["ResidualData"]

# Forty looks at a hundred points chose weights of a loss five times the smallest
# (benchmarks/robustness.py); at a thousand, at most 1.04 times.
LEAST_HELD_OUT = 1000
# Selects their sequence; 0 that of the steps, 1 the test.
HELD_OUT = 2

Batch = list[Any]

Answer = Callable[[Any], Any]
"""Maps points (N, d+1), a NumPy array, to the right outputs (N, k)."""


class ResidualData(SharesPoints, FreshData):
    """Residuals at points that are new at every step, and at those of conditions.

    The points of step k are a function of ``seed`` and ``k // resample_every`` alone: a
    resumed run needs no state of a random generator, and two models with one seed see
    the same points. They are drawn on torch's default device. Of several processes each
    draws all points, and evaluates the network at its share of them.

    Args:
        sizes: Number of points at every step, by the name of the argument.
        num_test: Number of fixed points for DeepXDE's test loss.
        conditions: Soft conditions with separate points, ours and those of
            ``dde.icbc``. The latter get a quarter as many points as there are others;
            more or fewer by ``as_condition``.
        penalties: Further loss terms, last in order.
        names: Names of the loss terms besides those of conditions and penalties.
        seed: Selects the sequence of points.
        resample_every: Number of steps that share their points; may be changed.
        solution: The right outputs, for ``metrics`` in ``model.compile``.

    Attributes:
        loss_names: Names of all loss terms in order; empty before the first
            evaluation, because only the residuals know their number.
        growth: Factor of all numbers of points of a step, see ``grow``.
        can_grow: Whether there are more points than those of a step.
        density: That of the points of the first call, where it can be learned.
    """

    can_grow = False

    def __init__(
        self,
        sizes: Mapping[str, int],
        num_test: int | None,
        conditions: Sequence[Any],
        penalties: Sequence[Penalty],
        names: Sequence[str],
        *,
        seed: int,
        resample_every: int,
        solution: Answer | None = None,
    ) -> None:
        (self._size,) = sizes.values()
        self.num_test = self._size if num_test is None else num_test
        self.conditions: tuple[SoftCondition, ...]
        self.conditions = as_conditions(conditions, max(1, self._size // 4))
        self.penalties = tuple(penalties)
        self.seed, self.resample_every = seed, resample_every
        self.solution = solution
        self.loss_names: list[str] = []
        self.step, self.growth = 0, 1.0
        self.density: PointDensity | None = None
        self._block: int | None = None
        self._train: Batch = []
        self._test: Batch = []
        self._held_out: Batch = []
        self._recorded: list[Term] | None = None
        self._check({**sizes, "num_test": self.num_test}, names)

    def _check(self, sizes: Mapping[str, int], names: Sequence[str]) -> None:
        kind = type(self).__name__
        given = {**sizes, "resample_every": self.resample_every}
        given |= {f"num_points of {c.name!r}": c.num_points for c in self.conditions}
        for name, size in given.items():
            if size < 1:
                raise ValueError(f"{kind}: {name} must be at least 1, got {size}.")
        if self.seed < 0:
            raise ValueError(f"{kind}: seed must not be negative, got {self.seed}.")
        names = [*names, *(c.name for c in self.conditions)]
        names += [p.name for p in self.penalties]
        if len(set(names)) < len(names):
            raise ValueError(f"{kind}: names must differ, got {names}.")

    @abstractmethod
    def _draw_first(self, number: int, generator: torch.Generator, key: int) -> Any:
        """Draw what the first network call needs; ``key`` is 1 for the test."""

    @abstractmethod
    def _inputs(self, first: Any) -> Tensor:
        """Return the points (N, d+1) that DeepXDE evaluates the network at."""

    @abstractmethod
    def _test_inputs(self, first: Any) -> Any:
        """Return the points (N, d+1) of DeepXDE's test, which writes them to files."""

    @abstractmethod
    def _first_call(self, first: Any, net: torch.nn.Module) -> Call:
        """Return the first network call."""

    def state_dict(self) -> dict[str, Any]:
        """Return all that decides the next points."""
        state: dict[str, Any] = {"step": self.step, "growth": self.growth}
        if self.density is not None and self.density.leverages is not None:
            state["leverages"] = self.density.leverages
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue with the points of the step in ``state``."""
        self.step, self._block = int(state["step"]), None
        # Checkpoints of before have none.
        self.growth = state.get("growth", 1.0)
        if self.density is not None:
            self.density.leverages = state.get("leverages")

    def grow(self, factor: float) -> None:
        """Draw this many times as many points from the next step on."""
        self.growth, self._block = self.growth * factor, None

    @property
    def num_points(self) -> int:
        """Number of points of the first network call of a step."""
        return round(self.growth * self._size)

    def part(self, points: int) -> tuple[ResidualData, float]:
        """Return the same at some of the points of this step, and their share.

        Args:
            points: How many of the first call; each condition keeps at least one.
        """
        parts = max(1, self.num_points // points)
        few, block = copy(self), self.step // self.resample_every
        with one_of(parts):
            few._train = self._draw(self._size, 0, block, growth=self.growth)
        few.step, few._block, few.resample_every = 0, 0, sys.maxsize
        return few, 1 / parts

    def _draw(self, number: int, *key: int, growth: float = 1.0) -> Batch:
        """Draw for the first call and for every condition; ``key`` selects what."""
        generator = keyed_generator(self.seed, *key)
        first = self._draw_first(round(growth * number), generator, key[0])
        return [first, *(_grown(c, growth).draw(generator) for c in self.conditions)]

    @property
    def num_bcs(self) -> list[int]:
        """Number of points of each condition."""
        return [c.num_points for c in self.conditions]

    def train_next_batch(self, batch_size: int | None = None) -> tuple[Tensor, None]:
        """Return the points of this step, (N, d+1), and go on."""
        block = self.step // self.resample_every
        if block != self._block:
            self._train = self._draw(self._size, 0, block, growth=self.growth)
            self._block = block
        self.step += 1
        return self._inputs(self._train[0]), None

    def test(self) -> tuple[Any, Any]:
        """Return the fixed test points, (N, d+1), and the right outputs or ``None``."""
        if not self._test:
            # The first process writes them to files.
            with alone():
                self._test = self._draw(self.num_test, 1)
        points = self._test_inputs(self._test[0])
        if self.solution is None:
            return points, None
        return points, np.asarray(self.solution(np.asarray(points)))

    def calls(self, net: torch.nn.Module) -> list[Call]:
        """Return the network calls of this step, in the order of the loss terms."""
        return self._calls(self._train, net)

    def held_out_calls(self, net: torch.nn.Module) -> list[Call]:
        """Return the network calls at points that never change.

        Where points can be drawn there are many of them: a best of many looks at a few
        points would be one of chance. Else they are those of the test.
        """
        if not self._held_out:
            if self.can_grow:
                growth = max(1.0, LEAST_HELD_OUT / self._size)
                self._held_out = self._draw(self._size, HELD_OUT, growth=growth)
            else:
                self._held_out = self._draw(self.num_test, 1)
        return self._calls(self._held_out, net)

    def _calls(self, batch: Batch, net: torch.nn.Module) -> list[Call]:
        first, *calls = batch
        return [self._first_call(first, net), *calls]

    @contextmanager
    def recording(self) -> Iterator[list[Term]]:
        """Collect the terms of the evaluations inside, whose losses carry no graph."""
        self._recorded = []
        try:
            yield self._recorded
        finally:
            self._recorded = None

    def losses_train(self, *arguments: Any, aux: Any = None) -> list[Tensor]:
        """Return the loss terms at the points of this step, each 0-dimensional."""
        return self._losses(self._train, *arguments, aux=aux)

    def losses_test(self, *arguments: Any, aux: Any = None) -> list[Tensor]:
        """Return the loss terms at the test points, each 0-dimensional."""
        targets, *_, model = arguments
        if model.metrics and targets is None:
            raise ValueError(
                f"{type(self).__name__}: metrics in model.compile need the right "
                "outputs, got none. Pass it solution=..., or measure after training by "
                "model.predict and ncl_deepxde.evaluation."
            )
        with alone():
            return self._losses(self._test, *arguments, aux=aux)

    def _losses(
        self,
        batch: Batch,
        targets: Any,
        outputs: Tensor,
        loss_fn: Any,
        inputs: Tensor,
        model: dde.Model,
        *,
        aux: Any,
    ) -> list[Tensor]:
        first, *others = self._calls(batch, model.net)
        # In forward mode dde.grad differentiates the network itself, aux[0].
        terms = first.terms(inputs, (outputs, aux[0]) if aux else outputs)
        for call in others:
            x = call.inputs()
            terms += call.terms(x, model.net(x))
        self.loss_names = [t.name for t in terms] + [p.name for p in self.penalties]
        if self._recorded is not None:
            self._recorded += terms
            terms = [_detached(t) for t in terms]
        pairs = zip(gathered(terms), self._functions(loss_fn, terms), strict=True)
        if self._recorded is not None:
            return [t.loss(f).requires_grad_() for t, f in pairs]
        losses = [t.loss(f) for t, f in pairs]
        return losses + [p.value(model.net) for p in self.penalties]

    def _functions(self, loss_fn: Any, terms: Sequence[Term]) -> Sequence[Any]:
        """Return one loss function for each term."""
        if not isinstance(loss_fn, (list, tuple)):
            return [loss_fn] * len(terms)
        if len(loss_fn) != len(terms):
            raise ValueError(
                f"{type(self).__name__}: loss must be one function or one for each of "
                f"the {len(terms)} terms {[t.name for t in terms]}, got "
                f"{len(loss_fn)}."
            )
        return loss_fn


def _detached(term: Term) -> Term:
    return Term(term.name, term.residual.detach(), term.is_known)


def _grown(condition: SoftCondition, growth: float) -> SoftCondition:
    """Return a condition at more points, where it draws them from a region."""
    if growth == 1 or not isinstance(condition, Condition):
        return condition
    return replace(condition, num_points=round(growth * condition.num_points))
