r"""The residual vector, whose squares sum to the loss of a DeepXDE model.

.. math:: L = \sum_k w_k \frac{1}{N_k} \sum_n r_k(x_n)^2 = |r|^2, \qquad
    r_{kn} = \sqrt{w_k / N_k}\; r_k(x_n)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import deepxde as dde
import torch
from deepxde.gradients.gradients import clear
from torch import Tensor

from ..data import Collocation

__all__ = ["ResidualVector", "collocation_of"]

Forward = Callable[[Tensor], Tensor]


def collocation_of(model: dde.Model) -> Collocation:
    """Return the data of a model.

    Raises:
        ValueError: The data are not a ``Collocation``.
    """
    if isinstance(model.data, Collocation):
        return model.data
    raise ValueError(
        "GaussNewton: model.data must be an ncl_deepxde.data.Collocation, whose "
        "residuals at different points are independent, got "
        f"{type(model.data).__name__}. Give the same pde and conditions to "
        "Collocation, or use another optimizer."
    )


class ResidualVector:
    """The residuals of a model at the points of the current step.

    Args:
        model: A compiled model that has evaluated its losses at this step.

    Raises:
        ValueError: The loss weights do not fit the residuals.
    """

    def __init__(self, model: dde.Model) -> None:
        data = collocation_of(model)
        self.net = model.net
        self._calls, names = data.calls(), data.loss_names
        given = model.loss_weights
        weights = torch.as_tensor([1.0] * len(names) if given is None else given)
        self._weights = weights.cpu().tolist()
        is_valid = len(self._weights) == len(names)
        if not is_valid or not all(w >= 0 for w in self._weights):
            raise ValueError(
                "GaussNewton: loss_weights must hold one number >= 0 for each of the "
                f"terms {names}, got {given}."
            )

    def groups(
        self, forward: Forward | None = None
    ) -> Iterator[tuple[Tensor, list[Tensor]]]:
        """Yield the inputs (N, d+1) of each network call and its residuals, each (N,).

        Args:
            forward: Takes the place of the network.
        """
        forward, weights = forward or self.net, iter(self._weights)
        for call in self._calls:
            inputs = call.inputs()
            defects = call.residuals(inputs, forward(inputs))
            scales = [(next(weights) / len(inputs)) ** 0.5 for _ in defects]
            yield inputs, [s * r[:, 0] for s, r in zip(scales, defects, strict=True)]
            clear()

    def value(self) -> Tensor:
        """Return the vector, shape (R,), detached."""
        return torch.cat([r.detach() for _, group in self.groups() for r in group])
