"""The residuals of any DeepXDE data whose losses are mean squares.

DeepXDE's data classes hand the error of every term to the loss function. A loss
function that keeps what it is given sees them all: of equations, conditions, measured
points, whatever the class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from typing import Any

import deepxde as dde
import torch
from torch import Tensor

from ...data.terms import Call, Term
from ...distributed import SharedLoss, WholeLoss

__all__ = ["OTHER_MODEL", "RecordedData"]

LossFunction = Callable[[Tensor, Tensor], Tensor]

# Their errors at one point are sums over others, or no errors at points.
REFUSED = (
    dde.data.IDE,
    dde.data.FPDE,
    dde.data.PDEOperator,
    dde.data.PDEOperatorCartesianProd,
    dde.data.Triple,
    dde.data.TripleCartesianProd,
    dde.data.Quadruple,
    dde.data.QuadrupleCartesianProd,
    dde.data.MfFunc,
    dde.data.MfDataSet,
)


OTHER_MODEL = (
    "GaussNewton: model must be the one that is trained, got another. Write "
    "model.compile(GaussNewton(model))."
)


class Recorder(SharedLoss):
    """A loss function that keeps the errors.

    Args:
        functions: Loss functions that the model was compiled with, one for all terms or
            one for each.

    Attributes:
        errors: Output minus target of each term, shapes (n, k).
    """

    def __init__(self, functions: LossFunction | Sequence[LossFunction]) -> None:
        self._functions = functions
        self.errors: list[Tensor] = []

    def __call__(self, target: Tensor, output: Tensor) -> Tensor:
        """Keep the error and return the loss, cut off from its graph."""
        error = output - target
        functions, number = self._functions, len(self.errors)
        is_list = isinstance(functions, (list, tuple))
        function = functions[number] if is_list else functions  # type: ignore[index]
        self.errors.append(error.reshape(-1, *error.shape[1:] or (1,)).flatten(1))
        found = WholeLoss(function)(target.detach(), output.detach())  # type: ignore[arg-type]
        return found.detach().requires_grad_()


@dataclass(frozen=True)
class Arguments:
    """What DeepXDE evaluated the losses of a step with.

    Attributes:
        data: The data, as they were in this step: resampling leaves their points alone.
    """

    data: Any
    targets: Any
    loss_fn: Any
    inputs: Tensor
    aux: Any

    def errors(self, inputs: Tensor, outputs: Any, model: dde.Model) -> list[Tensor]:
        """Return the errors of the terms, shapes (n, k)."""
        recorder = Recorder(self.loss_fn)
        self.data.losses_train(
            self.targets, outputs, recorder, inputs, model, aux=self.aux
        )
        return recorder.errors


class RecordedData:
    """Errors that DeepXDE's data hand to their loss function.

    Args:
        model: A model whose data is none of ours.

    Attributes:
        loss_names: Names of the terms in order; empty before the first evaluation.

    Raises:
        ValueError: The errors of this data are no residuals at independent points.
    """

    def __init__(self, model: dde.Model) -> None:
        if isinstance(model.data, REFUSED):
            raise ValueError(
                f"GaussNewton: model.data must have errors at single points, got "
                f"{type(model.data).__name__}, whose errors join several points or "
                "functions. Use another optimizer, such as L-BFGS."
            )
        self.loss_names: list[str] = []
        self._model = model
        self._arguments: Arguments | None = None
        self._first: Arguments | None = None

    @contextmanager
    def recording(self) -> Iterator[list[Term]]:
        """Collect the terms of the evaluation inside, whose losses carry no graph."""
        data, terms = self._model.data, []
        evaluate, snapshot = data.losses_train, copy(data)

        def losses_train(
            targets: Any,
            outputs: Any,
            loss_fn: Any,
            inputs: Any,
            model: dde.Model,
            aux: Any = None,
        ) -> Any:
            if not isinstance(inputs, Tensor):
                raise ValueError(
                    "GaussNewton: the network's inputs must be one tensor, got "
                    f"{type(inputs).__name__}. Use another optimizer, such as L-BFGS."
                )
            if model is not self._model:
                raise ValueError(OTHER_MODEL)
            found = Arguments(snapshot, targets, loss_fn, inputs, aux)
            self._arguments, self._first = found, self._first or found
            recorder = Recorder(loss_fn)
            losses = evaluate(targets, outputs, recorder, inputs, model, aux=aux)
            if not recorder.errors:
                raise ValueError(
                    f"GaussNewton: the losses of {type(data).__name__} do not come "
                    "from errors given to the loss function. Use Collocation, a data "
                    "class of DeepXDE, or another optimizer."
                )
            terms.extend(self._named(recorder.errors, outputs.shape[1]))
            return losses

        # DeepXDE's closure holds its loss function: only the data see it.
        is_wrapped = "losses_train" in vars(data)
        data.losses_train = losses_train
        try:
            yield terms
        finally:
            if is_wrapped:
                data.losses_train = evaluate
            else:
                del data.losses_train

    def calls(self, net: torch.nn.Module) -> list[Call]:
        """Return the one network call of this step, after it was recorded."""
        return [self._call(self._arguments)]

    def held_out_calls(self, net: torch.nn.Module) -> list[Call]:
        """Return the network call of the first step that was recorded.

        The test of DeepXDE's data may have other targets, and its users compare by it:
        it is left alone.
        """
        return [self._call(self._first)]

    def _call(self, given: Arguments | None) -> Call:
        if given is None:
            raise RuntimeError(
                "GaussNewton: the points of this step are not known yet."
            )

        def terms(inputs: Tensor, outputs: Any) -> list[Term]:
            errors = given.errors(inputs, outputs, self._model)
            return self._named(errors, outputs.shape[1])

        return Call(given.inputs, terms, has_derivatives=True)

    def _named(self, errors: Sequence[Tensor], num_outputs: int) -> list[Term]:
        self.loss_names = _names(self._model.data, len(errors))
        for name, error in zip(self.loss_names, errors, strict=True):
            rows, columns = error.shape
            if not rows:
                raise ValueError(
                    f"GaussNewton: the term {name!r} must have points, got none. Raise "
                    "num_domain, num_boundary or num_initial, or correct the "
                    "condition's on_boundary."
                )
            if rows == columns > num_outputs:
                raise ValueError(
                    f"GaussNewton: the error of {name!r} must have one row for each "
                    f"point, got the shape {tuple(error.shape)}: a column (N, 1) minus "
                    "a vector (N,)? Give values of the shape (N, 1)."
                )
        pairs = zip(self.loss_names, errors, strict=True)
        return [Term(name, error) for name, error in pairs]


def _names(data: Any, count: int) -> list[str]:
    """Name the terms by the equation and the classes of conditions."""
    bcs = data.bcs if isinstance(data, dde.data.PDE) else []
    equations = count - len(bcs)
    word = "pde" if isinstance(data, dde.data.PDE) else "loss"
    numbered = [f"{word} {i}" for i in range(1, equations + 1)]
    conditions = [f"{type(bc).__name__} {i}" for i, bc in enumerate(bcs, 1)]
    return (numbered if equations > 1 else [word] * equations) + conditions
