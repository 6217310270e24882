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
    Physics-Informed Neural Networks (2025), https://arxiv.org/abs/2505.21404: the
    system in the space of residuals, conjugate gradients, acceleration.
    M. K. Transtrum, J. P. Sethna, Improvements to the Levenberg-Marquardt algorithm
    for nonlinear least-squares minimization (2012), https://arxiv.org/abs/1201.5885:
    geodesic acceleration.
    Z. Frangella, J. A. Tropp, M. Udell, Randomized Nystrom Preconditioning (2021),
    https://arxiv.org/abs/2110.02820.
    Curvature-Aware Optimization for High-Accuracy Physics-Informed Neural Networks
    (2026), https://arxiv.org/abs/2604.05230: natural gradients beside quasi-Newton.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import deepxde as dde
import torch
from torch import Tensor

from ...evaluation.step_memory import check_memory
from ..unknowns import Unknowns
from .alignment import Alignment, DependentPointsError
from .balance import balance_of
from .best_weights import BestWeights
from .control import FIRST, Control
from .curve import Curve
from .damped_solve import SOLVERS, DampedSolver, SolverOptions, damped_system
from .first_step import check_first_step, dependent
from .history import StepRecord, rank_of
from .jacobian import Jacobian
from .layer_path import layer_jacobian
from .leverage import teach
from .memory import GaussNewtonMemory
from .norms import length, squares
from .residuals import ResidualVector, residual_source
from .sample_path import sample_jacobian
from .search import Corrections, search

__all__ = ["GaussNewton"]

PATHS = ("layers", "samples")


class GaussNewton(torch.optim.Optimizer):
    r"""Gauss-Newton that sets its damping and points itself and keeps the best weights.

    A step follows a curve, bent by the second derivative of the residuals, and returns
    to the floor of the valley by corrections; it is halved until the loss at its points
    falls. :math:`\lambda` falls after full steps and rises after short ones. Where a
    step learns its points by heart, later ones see more.

    Every iterate is judged at held-out points: at least a thousand further points of a
    ``Collocation``, the test of other data of ours, the points of the first step for
    data of DeepXDE. Between steps, and so at the end, the network holds the best
    weights by these points. An iterate that is worse by orders of magnitude is lost:
    training goes on from the best weights, with a larger damping.

    Residuals are taken from what the data gives to the loss function: any data of
    DeepXDE and of this package whose losses are mean squares. A residual may depend on
    several points (a periodic condition), but no point may feed several residuals of
    one term: batch normalization, dropout and means over the points are refused at the
    first step. The model's ``external_trainable_variables`` are trained too, and saved.

    Args:
        model: The model; compile it with the result, loss ``"MSE"``, without ``lr`` and
            ``decay``.
        damping: First :math:`\lambda`, in units of the mean diagonal of the kernel.
        damping_range: Smallest and largest :math:`\lambda`.
        decay: Factor of :math:`\lambda` after a good step, in (0, 1].
        momentum: :math:`\mu` in [0, 1), where a step has fewer residuals than there are
            parameters; others need none.
        halvings: Largest number of halvings of the step.
        path: ``"layers"`` takes the Jacobian from one backward pass per residual
            function, for networks of linear layers; ``"samples"`` takes it point by
            point with ``torch.func``, for any network, several times slower.
        order: Highest derivative of the outputs in the residuals, for
            ``path="samples"``.
        solver: ``"kernel"`` factors the matrix of the residuals, ``"gram"`` that of the
            parameters, ``"cg"`` none: conjugate gradients with a Nystrom
            preconditioner. ``"auto"`` solves in the span of a few rows where these
            suffice; else it takes the smaller matrix, and ``"cg"`` where both are
            larger than 6000.
        rank: Rank of the preconditioner.
        tolerance: Largest :math:`|b - A a| / |b|` that conjugate gradients leave. What
            the linear model removes from the residuals is inexact by this share of
            them; the step still descends, as long as the share removed is larger.
        iterations: Most iterations of conjugate gradients. A step that ends here is
            used as it is, with a warning, and :math:`\lambda` doubles.
        acceleration: Whether steps are bent by the second derivative of the residuals
            along them, where twice the norm of the second order is below 0.75 of the
            first: one more evaluation and solution. By default where a step has at
            least as many residuals as there are parameters.
        corrections: Most corrections of a trial, see :mod:`.search`, where a step has
            at least as many residuals as there are parameters: fewer would be learned
            by heart. None by ``"cg"``.
        growth: Whether data that can draw more points are asked to.
        aim: Whether points of a ``Collocation`` in a box move to where the fit is
            uncertain, with weights that keep the loss what it is, see
            :mod:`ncl_deepxde.data.point_density`; where a step has at least as many
            residuals as there are parameters.
        balance: Whether the terms of the loss get weights, beside ``loss_weights``, by
            which all answer the parameters equally strongly at the first step, see
            :mod:`.balance`. The losses in the history are weighted so.
        report: Whether the history tells the rank of the kernel, which costs as much as
            a step.

    Attributes:
        history: What each step did, since the optimizer was made.

    Example:
        >>> model.compile(GaussNewton(model), loss_weights=weights)  # doctest: +SKIP

    Raises:
        ValueError: A bad argument, losses that are no mean squares at points (integral
            equations, operators, penalties, regularization), or mixed precision.
    """

    def __init__(
        self,
        model: dde.Model,
        *,
        damping: float = 1e-3,
        damping_range: tuple[float, float] = (1e-20, 1e2),
        decay: float = 0.5,
        momentum: float = 0.9,
        halvings: int = 6,
        path: str = "layers",
        order: int = 1,
        solver: str = "auto",
        rank: int = 500,
        tolerance: float = 1e-2,
        iterations: int = 100,
        acceleration: bool | None = None,
        corrections: int = 3,
        growth: bool = True,
        aim: bool = True,
        balance: bool = False,
        report: bool = False,
    ) -> None:
        self._source, self._data = residual_source(model), model.data
        if dde.config.mixed:
            raise ValueError(
                "GaussNewton: the float type must be float32 or float64, got mixed. "
                "Start a new process without set_default_float('mixed')."
            )
        low, high = damping_range
        _check_options(
            ("damping_range", damping_range, "hold 0 < low < high", 0 < low < high),
            ("damping", damping, f"lie in {damping_range}", low <= damping <= high),
            ("decay", decay, "lie in (0, 1]", 0 < decay <= 1),
            ("momentum", momentum, "lie in [0, 1)", 0 <= momentum < 1),
            ("corrections", corrections, "not be negative", corrections >= 0),
            ("halvings", halvings, "not be negative", halvings >= 0),
            ("path", path, f"be one of {PATHS}", path in PATHS),
            ("order", order, "be at least 1", order >= 1),
        )
        options = {"damping": damping, "low": low, "high": high, "decay": decay}
        # Without "lr" DeepXDE's decay ends in a KeyError before we can explain.
        options |= {"momentum": momentum, "halvings": halvings, "steps": 0, "lr": 1.0}
        super().__init__(model.net.parameters(), options | FIRST)
        self._model, self._path, self._order = model, path, order
        self._solver = _solver_options(solver, rank, tolerance, iterations)
        self._acceleration, self._corrections = acceleration, corrections
        self._grows, self._aims = growth, aim
        self._balances, self._has_report = balance, report
        self.history: list[StepRecord] = []
        self._control, self._best = Control(self), BestWeights(self)
        self._unknowns, self._alignment = Unknowns(self, model), Alignment()
        self.memory = GaussNewtonMemory(self._jacobian, self._trained, self._solver)
        self._is_checked = False

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # type: ignore[override]
        """Do one step and return the loss it started from.

        Args:
            closure: Evaluates the loss at the points of this step, as DeepXDE's does.

        Raises:
            ValueError: No closure, a loss that is no sum of squares, no memory for it.
            RuntimeError: The kernel is singular, or it or the residuals not finite.
        """
        if closure is None:
            raise ValueError("GaussNewton: step needs a closure; train by dde.Model.")
        self._unknowns.adopt()
        parameters = list(self._trained().values())
        if not self._is_checked:
            check_memory(self._model)
        is_continued = self._best.enter(parameters)
        factors = self.param_groups[0].get("balance") if self._is_checked else None
        vector, jacobian = self._linearized(closure, factors)
        if not self._is_checked:
            check_first_step(self._model, vector, jacobian, self._trained())
        if self._balances and factors is None:
            factors = self._balanced(vector, jacobian)
            vector, jacobian = self._linearized(closure, factors)
        self._judge_start(vector, parameters, is_continued=is_continued)
        self._is_checked = True
        record = self._move(vector, jacobian, parameters)
        self._judge(vector, parameters, record)
        return vector.loss

    def _linearized(
        self, closure: Callable[[], Any], factors: list[float] | None
    ) -> tuple[ResidualVector, Jacobian]:
        """Return the residuals at the points of this step and their Jacobian."""
        if self._data is not self._model.data:
            self._source, self._data = residual_source(self._model), self._model.data
        vector = ResidualVector(self._model, self._source, factors)
        with torch.enable_grad():
            jacobian = self._jacobian(vector, partial(vector.observed, closure))
        self._check(jacobian.residuals, vector)
        return vector, jacobian

    def _balanced(self, vector: ResidualVector, jacobian: Jacobian) -> list[float]:
        """Return the factors of the terms, those of a checkpoint where they fit."""
        group, terms = self.param_groups[0], self._source.loss_names
        if len(group.get("balance", [])) != len(terms):
            group["balance"] = balance_of(jacobian, vector.names, terms)
        found: list[float] = group["balance"]
        return found

    def _trained(self) -> dict[str, Tensor]:
        """Return the parameters of the network by name, then the unknowns."""
        named = {**dict(self._model.net.named_parameters()), **self._unknowns.named()}
        return {n: p for n, p in named.items() if p.requires_grad and p.numel()}

    def _jacobian(
        self,
        vector: ResidualVector,
        observe: Callable[[], list[Tensor]],
        alignment: Alignment | None = None,
    ) -> Jacobian:
        parameters = self._trained()
        try:
            if self._path == "layers":
                return layer_jacobian(observe, parameters, alignment or self._alignment)
            observe()
            unknowns = self._unknowns.named()
            inside = {n: p for n, p in parameters.items() if n not in unknowns}
            return sample_jacobian(vector, inside, self._order, unknowns=unknowns)
        except DependentPointsError as error:
            raise ValueError(dependent(vector.names[error.residual])) from None

    def _check(self, residuals: Tensor, vector: ResidualVector) -> None:
        total, loss = vector.total, vector.loss
        if not math.isfinite(squares(residuals)):
            raise RuntimeError(
                "GaussNewton: the residuals are not finite. Check them for divisions "
                "and roots, or start with a larger damping."
            )
        if abs(total - loss) > 1e-3 * abs(loss):
            raise ValueError(
                f"GaussNewton: the loss must be the sum of weighted mean squares, "
                f"{total:.6g}, got {loss:.6g}. Compile with loss='MSE' and build the "
                "network without regularization."
            )

    def _judge_start(
        self, vector: ResidualVector, parameters: list[Tensor], *, is_continued: bool
    ) -> None:
        """Know the loss at the held-out points of the best weights."""
        group, weights = self.param_groups[0], vector.weights()
        is_known = self._is_checked and weights == group.get("weights")
        if not is_continued:
            for p in parameters:
                self.state[p].clear()
            self._best.start(parameters, squares(vector.value(held_out=True)))
        elif not is_known:
            # Losses of other weights of the terms, or at other points, are no measure.
            here = [p.clone() for p in parameters]
            self._best.show(parameters)
            self._best.start(parameters, squares(vector.value(held_out=True)))
            for p, value in zip(parameters, here, strict=True):
                p.copy_(value)
        group["weights"] = weights

    def _move(
        self, vector: ResidualVector, jacobian: Jacobian, parameters: list[Tensor]
    ) -> StepRecord:
        """Find the direction, search along it, adapt the dampings."""
        group, damping = self._control.group, self._control.damping
        start = [p.clone() for p in parameters]
        shape = len(jacobian.residuals), sum(p.numel() for p in parameters)
        is_determined = shape[0] >= shape[1]
        system = damped_system(jacobian, self._solver, seed=group["steps"])
        solver = system.at(damping)
        # Points that tell less than all keep the last direction.
        momentum = 0.0 if is_determined else group["momentum"]
        curve = Curve(parameters, self._direction(jacobian, solver, momentum))
        wanted = self._acceleration
        if is_determined if wanted is None else wanted:
            curve.accelerate(vector, jacobian, solver.solve)
        corrections = Corrections(
            vector.value,
            lambda damping: system.at(damping).solve,
            group["correction_damping"],
            damping,
            self._corrections if solver.is_direct and is_determined else 0,
        )
        if self._aims and is_determined:
            teach(self._model.data, jacobian, solver, seed=group["steps"])
        loss = squares(jacobian.residuals)
        left = jacobian.residuals - jacobian.push(curve.direction)
        predicted = loss - squares(left)
        found = search(curve, corrections, loss, predicted, group["halvings"])
        group["correction_damping"] = corrections.damping
        group["steps"] += 1
        for p, d in zip(parameters, curve.direction, strict=True):
            self.state[p]["direction"] = found.size * d
        moved = [p - s for p, s in zip(parameters, start, strict=True)]
        record = StepRecord(
            step=group["steps"],
            loss=loss,
            left=found.loss,
            damping=damping,
            size=found.size,
            ratio=_ratio(loss - found.loss, predicted),
            corrections=found.corrections,
            norm=length(moved),
            shape=shape,
            rank=rank_of(jacobian) if self._has_report else None,
        )
        self._control.adapt(record, is_accurate=solver.is_accurate)
        return record

    def _direction(
        self, jacobian: Jacobian, solver: DampedSolver, momentum: float
    ) -> list[Tensor]:
        memory = [
            momentum * self.state[p].get("direction", torch.zeros_like(p))
            for p in self._trained().values()
        ]
        rest = jacobian.residuals - jacobian.push(memory)
        return [d + m for d, m in zip(solver.solve(rest), memory, strict=True)]

    def _judge(
        self, vector: ResidualVector, parameters: list[Tensor], record: StepRecord
    ) -> None:
        """Judge the iterate at the held-out points; one that is lost is left."""
        loss = squares(vector.value(held_out=True))
        is_kept = self._best.leave(parameters, loss)
        best = self._best.loss
        record = replace(record, held_out=loss, best=best, is_kept=is_kept)
        if is_kept:
            self._control.forgive()
        else:
            self._control.lose(record)
            for p in parameters:
                self.state[p]["direction"].zero_()
        if self._grows:
            self._control.grow(record, self._model.data)
        self.history.append(record)


def _ratio(actual: float, predicted: float) -> float:
    return actual / predicted if predicted > 0 else 0.0


def _solver_options(
    kind: str, rank: int, tolerance: float, iterations: int
) -> SolverOptions:
    _check_options(
        ("solver", kind, f"be one of {SOLVERS}", kind in SOLVERS),
        ("rank", rank, "be at least 1", rank >= 1),
        ("tolerance", tolerance, "lie in (0, 1)", 0 < tolerance < 1),
        ("iterations", iterations, "be at least 1", iterations >= 1),
    )
    return SolverOptions(kind, rank, tolerance, iterations)


def _check_options(*options: tuple[str, Any, str, bool]) -> None:
    """Refuse an option (name, value, rule, whether it holds) that breaks its rule."""
    for name, value, rule, holds in options:
        if not holds:
            raise ValueError(f"GaussNewton: {name} must {rule}, got {value!r}.")
