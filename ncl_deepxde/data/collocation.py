"""Fresh collocation points at every step, with soft conditions beside the equation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from .residual_data import ResidualData
from .samplers import Sampler, checked_points
from .terms import Call, Condition, Term, named_terms

__all__ = ["Collocation", "Condition"]


class Collocation(ResidualData):
    r"""Random points for a PDE and its soft conditions, new at every step.

    .. math:: L = \sum_i w_i \operatorname{mean} r_i(x_\Omega)^2
              + \sum_j w_j \operatorname{mean} c_j(x_j)^2

    The points of step k are a function of ``seed`` and ``k // resample_every`` alone: a
    resumed run needs no state of a random generator, and two models with one seed see
    the same points. They are drawn on torch's default device.

    DeepXDE evaluates the network on the domain points; each condition evaluates it on
    other points. Backpropagating a derivative costs the more the more points share
    a network call, so this is faster than one call for all (1000 + 250 points, plain
    network 4x128, two cores: 0.85 of the time of a step).

    Args:
        pde: Maps inputs (N, d+1) and outputs (N, k) to one residual (N, 1) or a list.
        sampler: Draws the domain points.
        num_domain: Number of domain points at every step.
        conditions: Soft initial and boundary conditions.
        names: Names of the residuals of ``pde``; by default "pde", or "pde 1", ...
        seed: Selects the sequence of points.
        resample_every: Number of steps that share their points; may be changed.
        num_test: Number of fixed domain points for DeepXDE's test loss; as many as
            ``num_domain`` by default.

    Attributes:
        loss_names: Names of all loss terms in order; empty before the first
            evaluation, because only the residuals know their number.

    Raises:
        ValueError: A bad argument, or a residual of another shape than (N, 1).
    """

    def __init__(
        self,
        pde: Callable[[Tensor, Tensor], Tensor | Sequence[Any]],
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
        self.names = None if names is None else list(names)
        super().__init__(
            {"num_domain": num_domain},
            num_test,
            conditions,
            (),
            self.names or (),
            seed=seed,
            resample_every=resample_every,
        )

    def _draw_first(self, number: int, generator: torch.Generator, key: int) -> Tensor:
        return checked_points(self.sampler, number, generator)

    def _inputs(self, first: Tensor) -> Tensor:
        # A new leaf every time: DeepXDE's backward pass accumulates into its .grad.
        return first.detach()

    def _first_call(self, first: Tensor, net: torch.nn.Module) -> Call:
        def terms(inputs: Tensor, outputs: Any) -> list[Term]:
            residuals = self.pde(inputs, outputs)
            return named_terms(residuals, "pde", self.names, len(inputs))

        return Call(first, terms, has_derivatives=True)
