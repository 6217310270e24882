"""Networks one after the other in time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import deepxde as dde
import torch
from torch import Tensor

from ..jets.jets import in_functorch

__all__ = ["Windows"]


class Windows(dde.nn.pytorch.NN):  # type: ignore[misc]
    r"""A network for each window of time, :math:`t \le t_1 < t_2 < \ldots`.

    Networks that start as ``Continuation`` of the one before make a flux that is
    continuous at the seams and obeys continuity exactly on both sides, hence a weak
    solution of it everywhere. Train one window after the other: ``activate`` it, and
    draw points from its time only.

    Args:
        nets: One network per window, all with the same inputs and outputs. The
            regularization is that of the first.
        seams: Times between the windows, increasing, one less than networks.

    Raises:
        ValueError: Seams that do not increase, of another number, or at other times
            than those of the continuations.
    """

    def __init__(self, nets: Sequence[torch.nn.Module], seams: Sequence[float]) -> None:
        super().__init__()
        is_sorted = all(a < b for a, b in pairwise([-math.inf, *seams, math.inf]))
        if len(nets) != len(seams) + 1 or not is_sorted:
            raise ValueError(
                f"seams: must hold {len(nets) - 1} increasing times for {len(nets)} "
                f"networks, got {list(seams)}."
            )
        for i, (before, net) in enumerate(pairwise(nets)):
            base = getattr(net, "_base", None)
            if base is not None and (base.net is not before or base.time != seams[i]):
                raise ValueError(
                    f"nets: number {i + 1} must continue number {i} at its seam "
                    f"{seams[i]}, got the continuation of "
                    f"{'that' if base.net is before else 'another'} network at "
                    f"{base.time}. Give both the same times."
                )
        self.regularizer = nets[0].regularizer
        self.nets, self.seams = torch.nn.ModuleList(nets), tuple(seams)

    def activate(self, index: int) -> None:
        """Let one network be trained, and the others stay as they are."""
        for i, net in enumerate(self.nets):
            net.requires_grad_(i == index)

    def apply_feature_transform(self, transform: Any) -> None:
        """Refuse: every network has features of its own."""
        raise ValueError(
            "apply_feature_transform: must be called on each of the nets, got a call "
            "on Windows."
        )

    def apply_output_transform(self, transform: Any) -> None:
        """Refuse: every network has outputs of its own."""
        raise ValueError(
            "apply_output_transform: must be called on each of the nets, got a call "
            "on Windows."
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the outputs, (N, C), for inputs (N, d + 1), time last."""
        return self._dispatch(inputs, lambda net: net)

    def flux(self, inputs: Tensor) -> Tensor:
        """Return (rho, m), (N, d + 1), for inputs (N, d + 1)."""
        return self._dispatch(inputs, lambda net: net.flux)

    def density(self, inputs: Tensor) -> Tensor:
        """Return the density, (N, 1), for inputs (N, d + 1)."""
        return self.flux(inputs)[:, :1]

    def velocity(self, inputs: Tensor) -> Tensor:
        """Return the velocity m / rho, (N, d), for inputs (N, d + 1)."""
        return self._dispatch(inputs, lambda net: net.velocity)

    def _dispatch(
        self, inputs: Tensor, method: Callable[[Any], Callable[[Tensor], Tensor]]
    ) -> Tensor:
        """Evaluate at every point the network of its time."""
        t = inputs.detach()[:, -1:]
        window = (t > t.new_tensor(self.seams)).sum(dim=1)
        if in_functorch():  # no tests of values there: evaluate all and choose
            out = method(self.nets[0])(inputs)
            for i, net in enumerate(self.nets[1:], start=1):
                out = torch.where((window == i)[:, None], method(net)(inputs), out)
            return out
        present = sorted(set(window.tolist())) or [0]
        if len(present) == 1:
            return method(self.nets[present[0]])(inputs)
        parts = [(window == i).nonzero()[:, 0] for i in present]
        found = [
            method(self.nets[i])(inputs[p]) for i, p in zip(present, parts, strict=True)
        ]
        return torch.cat(found)[torch.cat(parts).argsort()]
