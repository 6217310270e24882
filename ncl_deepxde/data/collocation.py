"""Fresh collocation points at every step, with soft conditions beside the equation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import deepxde as dde
import numpy as np
import torch

from .samplers import Sampler, checked_points

Residual = Callable[[torch.Tensor, torch.Tensor], Sequence[torch.Tensor]]
Batch = list[torch.Tensor]


@dataclass(frozen=True)
class Condition:
    """A soft initial or boundary condition with points of its own.

    Args:
        name: name of the loss term, for logs.
        sampler: draws the points, (num_points, d+1), time last.
        num_points: number of points at every step.
        residual: maps inputs (N, d+1) and outputs (N, k) to a list of defects (N, 1);
            each becomes one loss term.
        has_derivatives: whether `residual` differentiates the outputs by the inputs;
            if not, exact networks save the work of preparing for it.
    """

    name: str
    sampler: Sampler
    num_points: int
    residual: Residual
    has_derivatives: bool = True


@dataclass(frozen=True)
class Call:
    """One evaluation of the network, and the residuals computed from it.

    Args:
        points: the points, (N, d+1), time last.
        residuals: maps inputs (N, d+1) and outputs (N, k) to a list of defects (N, 1).
        has_derivatives: whether the residuals differentiate by the inputs.
    """

    points: torch.Tensor
    residuals: Residual
    has_derivatives: bool

    def inputs(self) -> torch.Tensor:
        """Return the points as a new leaf."""
        return self.points.detach().requires_grad_(self.has_derivatives)


class Collocation(dde.data.Data):  # type: ignore[misc]
    r"""Random points for a PDE and its soft conditions, new at every step.

    .. math:: L = \sum_i w_i \operatorname{mean} r_i(x_\Omega)^2
              + \sum_j w_j \operatorname{mean} c_j(x_j)^2

    The points of step k are a function of `seed` and `k // resample_every` alone: a
    resumed run needs no state of a random generator, and two models with one seed see
    the same points. They are drawn on torch's default device.

    DeepXDE evaluates the network on the domain points; each condition evaluates it on
    its own points. Backpropagating a derivative costs the more the more points share
    a network call, so this is faster than one call for all (1000 + 250 points, plain
    network 4x128, two cores: 0.85 of the time of a step).

    Args:
        pde: maps inputs (N, d+1) and outputs (N, k) to one residual (N, 1) or a list.
        sampler: draws the domain points.
        num_domain: number of domain points at every step.
        conditions: soft initial and boundary conditions.
        names: names of the residuals of `pde`; by default "pde", or "pde 1", "pde 2"...
        seed: selects the sequence of points.
        resample_every: number of steps that share their points; may be changed.
        num_test: number of fixed domain points for DeepXDE's test loss; as many as
            `num_domain` by default.

    Attributes:
        loss_names: names of all loss terms in order; empty before the first
            evaluation, because only the residuals know their number.

    Raises:
        ValueError: a bad argument, or a residual of another shape than (N, 1).
    """

    def __init__(
        self,
        pde: Callable[[torch.Tensor, torch.Tensor], torch.Tensor | Sequence[Any]],
        sampler: Sampler,
        num_domain: int,
        conditions: Sequence[Condition] = (),
        *,
        names: Sequence[str] | None = None,
        seed: int = 0,
        resample_every: int = 1,
        num_test: int | None = None,
    ) -> None:
        self.pde = pde
        self.sampler = sampler
        self.num_domain = num_domain
        self.conditions = tuple(conditions)
        self.names = None if names is None else list(names)
        self.seed = seed
        self.resample_every = resample_every
        self.num_test = num_domain if num_test is None else num_test
        self.loss_names: list[str] = []
        self.step = 0
        self._block: int | None = None
        self._train: Batch = []
        self._test: Batch = []
        self._check()

    def _check(self) -> None:
        sizes = {"num_domain": self.num_domain, "num_test": self.num_test}
        sizes["resample_every"] = self.resample_every
        sizes |= {f"num_points of {c.name!r}": c.num_points for c in self.conditions}
        for name, size in sizes.items():
            if size < 1:
                raise ValueError(f"Collocation: {name} must be at least 1, got {size}.")
        if self.seed < 0:
            raise ValueError(
                f"Collocation: seed must not be negative, got {self.seed}."
            )
        names = [*(self.names or []), *(c.name for c in self.conditions)]
        if len(set(names)) < len(names):
            raise ValueError(f"Collocation: names must differ, got {names}.")

    def state_dict(self) -> dict[str, int]:
        """Return what a checkpoint needs: the number of batches drawn so far."""
        return {"step": self.step}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Continue with the points of the step in `state`."""
        self.step = state["step"]

    def _draw(self, num_domain: int, *key: int) -> Batch:
        """Draw the domain points and those of every condition; `key` selects them."""
        words = np.random.SeedSequence((self.seed, *key)).generate_state(1, np.uint64)
        generator = torch.Generator(torch.get_default_device())
        generator.manual_seed(int(words[0]))
        wanted = [(self.sampler, num_domain)]
        wanted += [(c.sampler, c.num_points) for c in self.conditions]
        return [checked_points(s, n, generator) for s, n in wanted]

    def train_next_batch(
        self, batch_size: int | None = None
    ) -> tuple[torch.Tensor, None]:
        """Return the domain points of this step, (num_domain, d+1), and go on."""
        block = self.step // self.resample_every
        if block != self._block:
            self._train, self._block = self._draw(self.num_domain, 0, block), block
        self.step += 1
        # A new leaf every time: DeepXDE's backward pass accumulates into its .grad.
        return self._train[0].detach(), None

    def test(self) -> tuple[torch.Tensor, None]:
        """Return the fixed test points of the domain, (num_test, d+1)."""
        if not self._test:
            self._test = self._draw(self.num_test, 1)
        return self._test[0].detach(), None

    def calls(self) -> list[Call]:
        """Return the network calls of this step, in the order of the loss terms."""

        def pde(inputs: torch.Tensor, outputs: torch.Tensor) -> Sequence[torch.Tensor]:
            residuals = self.pde(inputs, outputs)
            if isinstance(residuals, torch.Tensor):
                return [residuals]
            return residuals

        return [Call(self._train[0], pde, True), *self._conditions(self._train)]

    def _conditions(self, batch: Batch) -> list[Call]:
        return [
            Call(points, c.residual, c.has_derivatives)
            for c, points in zip(self.conditions, batch[1:], strict=True)
        ]

    def losses_train(self, *arguments: Any, aux: Any = None) -> list[torch.Tensor]:
        """Return the loss terms at the points of this step, each 0-dimensional."""
        return self._losses(self._train, *arguments, aux=aux)

    def losses_test(self, *arguments: Any, aux: Any = None) -> list[torch.Tensor]:
        """Return the loss terms at the test points, each 0-dimensional."""
        return self._losses(self._test, *arguments, aux=aux)

    def _losses(
        self,
        batch: Batch,
        targets: None,
        outputs: torch.Tensor,
        loss_fn: Any,
        inputs: torch.Tensor,
        model: dde.Model,
        *,
        aux: Any,
    ) -> list[torch.Tensor]:
        # In forward mode dde.grad differentiates the network itself, aux[0].
        outputs_pde: Any = (outputs, aux[0]) if aux else outputs
        residuals = self.pde(inputs, outputs_pde)
        if isinstance(residuals, torch.Tensor):
            residuals = [residuals]
        terms = _named(residuals, "pde", self.names, len(inputs))
        for condition, call in zip(
            self.conditions, self._conditions(batch), strict=True
        ):
            x = call.inputs()
            defects = call.residuals(x, model.net(x))
            terms += _named(defects, condition.name, None, len(x))
        self.loss_names = [name for name, _ in terms]
        if not isinstance(loss_fn, (list, tuple)):
            loss_fn = [loss_fn] * len(terms)
        if len(loss_fn) != len(terms):
            raise ValueError(
                f"Collocation: loss must be one function or one for each of the "
                f"{len(terms)} terms {self.loss_names}, got {len(loss_fn)}."
            )
        return [
            f(torch.zeros_like(r), r) for f, (_, r) in zip(loss_fn, terms, strict=True)
        ]


def _named(
    residuals: Sequence[torch.Tensor], prefix: str, names: list[str] | None, rows: int
) -> list[tuple[str, torch.Tensor]]:
    """Pair residuals with names and check that each has the shape (rows, 1)."""
    count = len(residuals)
    if names is None:
        numbered = [f"{prefix} {i}" for i in range(1, count + 1)]
        names = [prefix] if count == 1 else numbered
    if len(names) != count:
        raise ValueError(
            f"Collocation: names must hold one name for each of the {count} "
            f"residuals of {prefix}, got {names}."
        )
    for name, residual in zip(names, residuals, strict=True):
        if residual.shape != (rows, 1):
            raise ValueError(
                f"Collocation: the residual {name!r} must have the shape (N, 1) = "
                f"({rows}, 1), got {tuple(residual.shape)}. Keep the last axis by "
                "slicing, as in outputs[:, 0:1]."
            )
    return list(zip(names, residuals, strict=True))
