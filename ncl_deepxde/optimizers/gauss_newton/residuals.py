r"""The residual vector, whose squares sum to the loss of a DeepXDE model.

.. math:: L = \sum_k w_k \frac{1}{N_k} \sum_n r_k(x_n)^2 = |r|^2, \qquad
    r_{kn} = \sqrt{w_k / N_k}\; r_k(x_n)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

import deepxde as dde
import torch
from deepxde.gradients.gradients import clear
from torch import Tensor

from ...data.residual_data import ResidualData
from ...data.sampled_objective import SampledObjective
from ...data.terms import Call, Term, counted
from ...distributed import SharedRows, processes
from .recorded import OTHER_MODEL, RecordedData

__all__ = ["ResidualSource", "ResidualVector", "residual_source"]

Forward = Callable[[Tensor], Tensor]


class ResidualSource(Protocol):
    """Where residuals come from: our data themselves, or a record of DeepXDE's."""

    loss_names: list[str]

    def recording(self) -> AbstractContextManager[list[Term]]:
        """Collect the terms of the evaluation inside, whose losses carry no graph."""
        ...

    def calls(self, net: torch.nn.Module) -> list[Call]:
        """Return the network calls of this step, in the order of the loss terms."""
        ...

    def held_out_calls(self, net: torch.nn.Module) -> list[Call]:
        """Return the same at fixed points that judge the weights."""
        ...


def residual_source(model: dde.Model) -> ResidualSource:
    """Return what gives the residuals of a model.

    Raises:
        ValueError: ``model`` is no model, its network is regularized, or its data have
            penalties or errors that are no residuals at points.
    """
    if not isinstance(model, dde.Model):
        raise ValueError(
            f"GaussNewton: model must be a deepxde.Model, got {type(model).__name__}. "
            "Write model.compile(GaussNewton(model))."
        )
    regularizer = model.net.regularizer
    if regularizer is not None and regularizer[1] != 0:
        raise ValueError(
            f"GaussNewton: the network's regularization must be None, got "
            f"{regularizer}: it is no square of residuals at points. Build the network "
            "without it, or use Adam."
        )
    if isinstance(model.data, SampledObjective):
        raise ValueError(
            "GaussNewton: model.data must have residuals at points, got a "
            "SampledObjective, whose terms are integrals. Use a Collocation, or "
            "another optimizer."
        )
    if not isinstance(model.data, ResidualData):
        return RecordedData(model)
    if model.data.penalties:
        names = [penalty.name for penalty in model.data.penalties]
        raise ValueError(
            f"GaussNewton: penalties must be empty, got {names}: they are no squares "
            "of residuals at points. Write them as a Condition, or use another "
            "optimizer such as Adam or L-BFGS."
        )
    return model.data


class ResidualVector:
    """The residuals of a model at the points of the current step.

    Args:
        model: A compiled model.
        source: What gives its residuals, where it is known.
        factors: Of the weight of each loss term, beside the model's own; ones where
            none are given.

    Attributes:
        loss: What DeepXDE's closure returned in ``observed``.
        total: The sum of weighted mean squares there, without the factors.
        names: Name of the loss term that each residual of the last evaluation
            belongs to.
    """

    def __init__(
        self,
        model: dde.Model,
        source: ResidualSource | None = None,
        factors: Sequence[float] | None = None,
    ) -> None:
        self.net = model.net
        self.loss = self.total = float("nan")
        self.names: list[str] = []
        self._model, self._source = model, source or residual_source(model)
        self._factors = factors

    def observed(self, closure: Callable[[], Tensor]) -> list[Tensor]:
        """Return the residuals, each (N,), that DeepXDE's closure computes.

        Its loss is cut off from them, so that its backward pass costs nothing: every
        network call of a step is evaluated once, and seen by all who watch the losses.

        Raises:
            ValueError: The loss weights do not fit the residuals.
        """
        with self._source.recording() as found:
            self.loss = closure().item()
        if not found:
            raise ValueError(OTHER_MODEL)
        found = counted(found)
        with torch.no_grad():
            given = zip(found, self.given_weights(), strict=True)
            columns = [c for term, w in given for c in term.columns(w)]
            (total,) = processes().sum(torch.cat(columns).double().square().sum())
            self.total = float(total)
        self.names = []
        return self._columns(found, iter(self.weights()))

    def _columns(self, terms: Sequence[Term], weights: Iterator[float]) -> list[Tensor]:
        columns = []
        for term in terms:
            found = term.columns(next(weights))
            self.names += [term.name] * len(found)
            columns += found
        return columns

    def groups(
        self, forward: Forward | None = None, *, held_out: bool = False
    ) -> Iterator[tuple[Tensor, list[Tensor]]]:
        """Yield the inputs (N, d+1) of each network call and its residuals, each (N,).

        Args:
            forward: Takes the place of the network.
            held_out: Whether at the held-out points in place of those of the step.

        Raises:
            ValueError: The loss weights do not fit the residuals.
        """
        forward, weights = forward or self.net, None
        self.names = []
        source = self._source
        calls = source.held_out_calls if held_out else source.calls
        for call in calls(self.net):
            inputs = call.inputs()
            terms = counted(call.terms(inputs, forward(inputs)))
            # The names are known from here on.
            weights = weights or iter(self.weights())
            yield inputs, self._columns(terms, weights)
            clear()

    def terms(self, *, held_out: bool = False) -> list[Tensor]:
        """Evaluate the network and return the residuals, each (N,)."""
        return [r for _, group in self.groups(held_out=held_out) for r in group]

    def value(self, *, held_out: bool = False) -> Tensor:
        """Return the vector, shape (R,), detached: a trial of a line search."""
        with torch.enable_grad(), _frozen(self.net):
            found = [r.detach() for r in self.terms(held_out=held_out)]
        return torch.cat(SharedRows.of([len(r) for r in found]).collected(found))

    def weights(self) -> list[float]:
        """Return the weight of each loss term, known after the first evaluation.

        Raises:
            ValueError: The loss weights do not fit the residuals.
        """
        given = self.given_weights()
        factors = self._factors or [1.0] * len(given)
        return [w * f for w, f in zip(given, factors, strict=True)]

    def given_weights(self) -> list[float]:
        """Return the same without the factors: the model's ``loss_weights``."""
        names, given = self._source.loss_names, self._model.loss_weights
        weights = torch.as_tensor(1.0 if given is None else given).cpu()
        # DeepXDE multiplies all terms by a single number.
        single = not weights.ndim
        found: list[float] = (
            [float(weights)] * len(names) if single else weights.tolist()
        )
        if len(found) != len(names) or not all(w >= 0 for w in found):
            raise ValueError(
                "GaussNewton: loss_weights must hold one number >= 0 for each of the "
                f"terms {names}, or be one number, got {given}."
            )
        return found


@contextmanager
def _frozen(net: torch.nn.Module) -> Iterator[None]:
    """Keep no graph for the parameters."""
    trained = [p for p in net.parameters() if p.requires_grad]
    for p in trained:
        p.requires_grad_(False)
    try:
        yield
    finally:
        for p in trained:
            p.requires_grad_()
