r"""The residual vector, whose squares sum to the loss of a DeepXDE model.

.. math:: L = \sum_k w_k \frac{1}{N_k} \sum_n r_k(x_n)^2 = |r|^2, \qquad
    r_{kn} = \sqrt{w_k / N_k}\; r_k(x_n)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import deepxde as dde
import torch
from deepxde.gradients.gradients import clear
from torch import Tensor

from ...data.residual_data import ResidualData

__all__ = ["ResidualVector", "residual_data"]

Forward = Callable[[Tensor], Tensor]


def residual_data(model: dde.Model) -> ResidualData:
    """Return the data of a model, whose losses are residuals at points.

    Raises:
        ValueError: The data are no ``Collocation`` or ``Observations``, or have
            penalties.
    """
    if not isinstance(model.data, ResidualData):
        raise ValueError(
            "GaussNewton: model.data must be an ncl_deepxde.data.Collocation or "
            "Observations, whose residuals at different points are independent, got "
            f"{type(model.data).__name__}. Give the same pde and conditions to "
            "Collocation, or use another optimizer."
        )
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

    Attributes:
        loss: What DeepXDE's closure returned in ``observed``.
    """

    def __init__(self, model: dde.Model) -> None:
        self.net = model.net
        self.loss = float("nan")
        self._model, self._data = model, residual_data(model)

    def observed(self, closure: Callable[[], Tensor]) -> list[Tensor]:
        """Return the residuals, each (N,), that DeepXDE's closure computes.

        Its loss is cut off from them, so that its backward pass costs nothing: every
        network call of a step is evaluated once, and seen by all who watch the losses.

        Raises:
            ValueError: The loss weights do not fit the residuals.
        """
        with self._data.recording() as found:
            self.loss = closure().item()
        pairs = zip(self._weights(), found, strict=True)
        return [column for w, term in pairs for column in term.columns(w)]

    def groups(
        self, forward: Forward | None = None
    ) -> Iterator[tuple[Tensor, list[Tensor]]]:
        """Yield the inputs (N, d+1) of each network call and its residuals, each (N,).

        Args:
            forward: Takes the place of the network.

        Raises:
            ValueError: The loss weights do not fit the residuals.
        """
        forward, weights = forward or self.net, iter(self._weights())
        for call in self._data.calls(self.net):
            inputs = call.inputs()
            terms = call.terms(inputs, forward(inputs))
            columns = [column for t in terms for column in t.columns(next(weights))]
            yield inputs, columns
            clear()

    def terms(self) -> list[Tensor]:
        """Evaluate the network and return the residuals, each (N,)."""
        return [r for _, group in self.groups() for r in group]

    def value(self) -> Tensor:
        """Return the vector, shape (R,), detached: a trial of a line search."""
        with torch.enable_grad(), _frozen(self.net):
            return torch.cat([r.detach() for r in self.terms()])

    def _weights(self) -> list[float]:
        names, given = self._data.loss_names, self._model.loss_weights
        weights = torch.as_tensor([1.0] * len(names) if given is None else given)
        found: list[float] = weights.cpu().tolist()
        if len(found) != len(names) or not all(w >= 0 for w in found):
            raise ValueError(
                "GaussNewton: loss_weights must hold one number >= 0 for each of the "
                f"terms {names}, got {given}."
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
