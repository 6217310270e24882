"""Fresh collocation points at every step, with soft conditions beside the equation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import deepxde as dde
import torch
from torch import Tensor

from ..distributed import SharedRows, processes
from .geometries import as_sampler
from .point_density import MOST_AXES, PointDensity
from .points import Points, numpy_points
from .residual_data import Answer, ResidualData
from .samplers import BoxSampler, Sampler, checked_points
from .scripts import script_of
from .terms import Call, Condition, Term, named_terms

__all__ = ["Collocation", "Condition"]


class Collocation(ResidualData):
    r"""Random points for a PDE and its soft conditions, new at every step.

    .. math:: L = \sum_i w_i \operatorname{mean} r_i(x_\Omega)^2
              + \sum_j w_j \operatorname{mean} c_j(x_j)^2

    The points of step k are a function of ``seed`` and ``k // resample_every`` alone: a
    resumed run needs no state of a random generator, and two models with one seed see
    the same points. They are drawn on torch's default device. Those in a box of up to
    four columns (``interior`` of an interval, rectangle, cuboid, in time or not,
    ``kronecker_box``, ``uniform_box``, ``sobol_box``) follow a density once an
    optimizer teaches them one, see :mod:`ncl_deepxde.data.point_density`; their weights
    leave the loss, as an estimate of the integral, what it is.

    DeepXDE evaluates the network on the domain points; each condition evaluates it on
    other points. Backpropagating a derivative costs the more the more points share
    a network call, so this is faster than one call for all (1000 + 250 points, plain
    network 4x128, two cores: 0.85 of the time of a step).

    Args:
        pde: Maps inputs (N, d+1) and outputs (N, k) to one residual (N, 1) or a list.
        sampler: Draws the domain points; or a DeepXDE geometry, filled by
            ``interior``.
        num_domain: Number of domain points at every step; may be changed.
        conditions: Soft initial and boundary conditions, ours and those of
            ``dde.icbc``. The latter get ``num_domain // 4`` points each where these
            come from a geometry; more or fewer by ``as_condition``.
        names: Names of the residuals of ``pde``; by default "pde", or "pde 1", ...
        seed: Selects the sequence of points.
        resample_every: Number of steps that share their points; may be changed.
        num_test: Number of fixed domain points for DeepXDE's test loss; as many as
            ``num_domain`` by default.
        solution: Maps points (N, d+1), a NumPy array, to the right outputs (N, k):
            what ``metrics`` in ``model.compile`` compare with at the test points.

    Attributes:
        loss_names: Names of all loss terms in order; empty before the first
            evaluation, because only the residuals know their number.

    Raises:
        ValueError: A bad argument, or a residual of another shape than (N, 1).
    """

    can_grow = True

    def __init__(
        self,
        pde: Callable[[Tensor, Tensor], Tensor | Sequence[Any]],
        sampler: Sampler | Any,
        num_domain: int,
        conditions: Sequence[Any] = (),
        *,
        names: Sequence[str] | None = None,
        seed: int = 0,
        resample_every: int = 1,
        num_test: int | None = None,
        solution: Answer | None = None,
    ) -> None:
        self.pde = pde
        self.sampler = as_sampler(sampler)
        self.names = None if names is None else list(names)
        self._num_residuals = 0
        super().__init__(
            {"num_domain": num_domain},
            num_test,
            conditions,
            (),
            self.names or (),
            seed=seed,
            resample_every=resample_every,
            solution=solution,
        )
        self.density = _density_of(self.sampler)

    @property
    def num_domain(self) -> int:
        """Number of domain points, from the next step on where it is changed.

        Raises:
            ValueError: It is set to a number below 1.
        """
        return self._size

    @num_domain.setter
    def num_domain(self, number: int) -> None:
        if number < 1:
            raise ValueError(
                f"Collocation: num_domain must be at least 1, got {number}."
            )
        self._size, self._block = number, None

    @classmethod
    def from_pde(
        cls,
        data: dde.data.PDE,
        *,
        num_domain: int | None = None,
        num_bc_points: int | None = None,
        names: Sequence[str] | None = None,
        seed: int = 0,
        resample_every: int = 1,
    ) -> Collocation:
        """Return data with the equation and conditions of a script, but fresh points.

        The terms of the loss, their order and their expectations are those of
        ``data``: of the points of the equation as many parts are inside, on the
        boundary, at the first time and anchors; each condition has its share.
        ``train_distribution`` plays no part. Anchors and point sets are fixed rows, of
        which each step sees some or all.

        A step of ``GaussNewton`` costs memory and time by the square of the number of
        its residuals, points times equations. So a step sees at most 600 points of the
        equation and 400 of the conditions, where the script has more: since they are
        new ones at every step, few are enough.

        Args:
            data: A ``dde.data.PDE`` or ``dde.data.TimePDE``.
            num_domain: Number of points of the equation at every step; by default
                those of ``data``, at most 600.
            num_bc_points: Number of points of all conditions together at every step,
                at least one each; by default those of ``data``, at most 400.
            names: As for the class.
            seed: As for the class.
            resample_every: As for the class.

        Raises:
            ValueError: Another class of data, no equation, auxiliary variables,
                exclusions, or a condition that ``as_condition`` refuses.

        Example:
            >>> data = Collocation.from_pde(data)  # doctest: +SKIP
            >>> model = dde.Model(data, net)  # doctest: +SKIP
        """
        script = script_of(data, num_domain, num_bc_points)
        return cls(
            data.pde,
            script.sampler,
            script.num_domain,
            script.conditions,
            names=names,
            seed=seed,
            resample_every=resample_every,
            num_test=data.num_test,
            solution=data.soln,
        )

    @property
    def can_learn(self) -> bool:
        """Whether points of a box, new at every step, can move to where they tell."""
        return self.resample_every == 1 and self.density is not None

    def learn(self, leverages: Sequence[Tensor]) -> None:
        """Move the points of the next steps to where those of this step were few.

        Args:
            leverages: Of the residuals of the loss terms in order, each (N,).
        """
        if self.density is not None and self.can_learn:
            first: _Domain = self._train[0]
            total = torch.stack(list(leverages[: self._num_residuals])).sum(dim=0)
            (points,) = SharedRows.of([len(first.points)]).gather([first.points])
            self.density.learn(points, total)

    def _draw_first(self, number: int, generator: torch.Generator, key: int) -> _Domain:
        points = checked_points(self.sampler, number, generator)
        points = points[processes().share(number, "num_domain")]
        # The test and the held-out points stay where they are.
        if key or self.density is None or self.density.leverages is None:
            return _Domain(points)
        moved = self.density.move(points)
        return _Domain(moved, self.density.weights(moved).sqrt()[:, None])

    def _inputs(self, first: _Domain) -> Tensor:
        # A new leaf every time: DeepXDE's backward pass accumulates into its .grad.
        return first.points.detach().as_subclass(Points)

    def _test_inputs(self, first: _Domain) -> Any:
        return numpy_points(first.points)

    def _first_call(self, first: _Domain, net: torch.nn.Module) -> Call:
        def terms(inputs: Tensor, outputs: Any) -> list[Term]:
            residuals = self.pde(inputs, outputs)
            found = named_terms(residuals, "pde", self.names, len(inputs))
            self._num_residuals = len(found)
            if first.roots is None:
                return found
            return [Term(t.name, first.roots * t.residual) for t in found]

        return Call(first.points, terms, has_derivatives=True)


@dataclass(frozen=True)
class _Domain:
    """Points of the equation, (N, d+1), and the roots of their weights, (N, 1)."""

    points: Tensor
    roots: Tensor | None = None


def _density_of(sampler: Sampler) -> PointDensity | None:
    """Return the density of a sampler's points, where it can be another."""
    if not isinstance(sampler, BoxSampler) or len(sampler.low) > MOST_AXES:
        return None
    return PointDensity(sampler.low, sampler.high)
