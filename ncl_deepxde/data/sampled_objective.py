"""Loss terms that are integrals, estimated by fresh random points at every step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from typing import Any, Protocol, runtime_checkable

import deepxde as dde
import numpy as np
import torch
from torch import Tensor

from .points import FreshData
from .samplers import keyed_generator

__all__ = ["Resizable", "SampledObjective"]

Estimate = Callable[[torch.nn.Module, torch.Generator], Tensor]
Estimates = Callable[[torch.nn.Module, torch.Generator], Mapping[str, Tensor]]


@runtime_checkable
class Resizable(Protocol):
    """Estimates from a number of points that can be another.

    Attributes:
        batch: The number.
    """

    batch: int

    def with_batch(self, batch: int) -> Any:
        """Return the same estimates from another number of points."""
        ...


class SampledObjective(FreshData):
    r"""A loss made of estimates that a step draws anew, such as integrals.

    .. math:: L = \sum_k w_k \, \hat L_k(\text{network}; \omega), \qquad
        \mathbb E_\omega \hat L_k = L_k

    Every term draws points and evaluates the network at them. The random
    numbers :math:`\omega` of step k are a function of ``seed`` and k alone: a resumed
    run needs no state of a random generator, all evaluations of a line search see the
    same points, and so do all terms that draw alike. The weights come from
    ``model.compile(loss_weights=[...])``; ``loss`` there plays no part.

    The call of the network by DeepXDE gets no rows and costs next to nothing. There are
    no residuals at points, so ``GaussNewton`` refuses such data.

    Args:
        terms: By name, functions of the network and a ``torch.Generator`` on the
            default device that return the estimate, a 0-dimensional tensor; or one
            function that returns all estimates by name, where they share evaluations.
        num_inputs: Number of columns that the network takes: d + 1, time last.
        seed: Selects the random numbers.

    Attributes:
        loss_names: Names of all terms in order; of one function for all empty before
            the first evaluation.

    Raises:
        ValueError: A bad argument, or a term that is not 0-dimensional.

    Example:
        >>> def energy(net, generator):
        ...     x = torch.rand(100, 2, generator=generator)
        ...     return net(x).square().mean()
        >>> data = SampledObjective({"energy": energy}, num_inputs=2)
        >>> data.loss_names
        ['energy']
    """

    def __init__(
        self,
        terms: Mapping[str, Estimate] | Estimates,
        *,
        num_inputs: int,
        seed: int = 0,
    ) -> None:
        if isinstance(terms, Mapping):
            if not terms or not all(callable(term) for term in terms.values()):
                raise ValueError(
                    "SampledObjective: terms must hold at least one function by name, "
                    f"got {dict(terms)}."
                )
        elif not callable(terms):
            raise ValueError(
                "SampledObjective: terms must be functions by name, or one function, "
                f"got {terms!r}."
            )
        for name, value, least in (("num_inputs", num_inputs, 1), ("seed", seed, 0)):
            if value < least:
                raise ValueError(
                    f"SampledObjective: {name} must be at least {least}, got {value}."
                )
        self.terms, self.num_inputs, self.seed = terms, num_inputs, seed
        self.loss_names: list[str] = [*terms] if isinstance(terms, Mapping) else []
        self.step = 0

    def state_dict(self) -> dict[str, int]:
        """Return the number of steps so far, which is all that a checkpoint needs."""
        return {"step": self.step}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Continue with the random numbers of the step in ``state``."""
        self.step = state["step"]

    @property
    def num_bcs(self) -> list[int]:
        """No conditions."""
        return []

    @property
    def num_points(self) -> int:
        """Number of points of a step, where the terms are ``Resizable``; else 0."""
        return self.terms.batch if isinstance(self.terms, Resizable) else 0

    def part(self, points: int) -> tuple[SampledObjective, float] | None:
        """Return the same from fewer points and their share, if terms are resizable."""
        if not isinstance(self.terms, Resizable):
            return None
        parts, few = max(1, self.num_points // points), copy(self)
        few.terms = self.terms.with_batch(max(1, self.num_points // parts))
        return few, 1 / parts

    def train_next_batch(self, batch_size: int | None = None) -> tuple[Any, None]:
        """Return no points, (0, num_inputs), and go on to the next random numbers."""
        self.step += 1
        return self._no_points(), None

    def test(self) -> tuple[Any, None]:
        """Return no points, (0, num_inputs)."""
        return self._no_points(), None

    def _no_points(self) -> Any:
        """A NumPy array, which ``dde.saveplot`` writes to its files."""
        return np.empty((0, self.num_inputs), dtype=dde.config.real(np))

    def losses_train(self, *arguments: Any, aux: Any = None) -> list[Tensor]:
        """Return the terms with the random numbers of this step, each 0-dimensional."""
        *_, model = arguments
        return self.estimate(model.net, 0, self.step - 1)

    def losses_test(self, *arguments: Any, aux: Any = None) -> list[Tensor]:
        """Return the terms with random numbers that stay, each 0-dimensional."""
        *_, model = arguments
        if model.metrics:
            raise ValueError(
                "SampledObjective: metrics in model.compile must be left out, got "
                f"{len(model.metrics)}: there are no points to compare at. Measure "
                "after training by model.predict and ncl_deepxde.evaluation."
            )
        return self.estimate(model.net, 1)

    def estimate(self, net: torch.nn.Module, *key: int) -> list[Tensor]:
        """Return the terms, each 0-dimensional, with the random numbers of a key."""
        if isinstance(self.terms, Mapping):
            found = {
                name: f(net, keyed_generator(self.seed, *key))
                for name, f in self.terms.items()
            }
        else:
            found = dict(self.terms(net, keyed_generator(self.seed, *key)))
            self.loss_names = [*found]
        for name, value in found.items():
            _check(name, value)
        return [*found.values()]


def _check(name: str, value: Any) -> None:
    if not isinstance(value, Tensor) or value.ndim:
        got = tuple(value.shape) if isinstance(value, Tensor) else type(value)
        raise ValueError(
            f"SampledObjective: term {name!r} must be a 0-dimensional tensor, got "
            f"{got}. Take the sum or the mean."
        )
