"""Networks one after the other in time."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from ..jets.jets import in_functorch
from ..jets.served import rows
from .base.balance import BalanceNet
from .base.checks import is_count
from .base.contract import ContinuityLaw, FlowNet
from .base.field import FieldNet
from .base.fixed import FixedNet, uncompiled
from .base.plain import as_flow

__all__ = ["ExactWindows", "FlowWindows", "LawsWindows", "Windows"]


class Windows(FixedNet):
    r"""A network for each window of time, :math:`t \le t_1 < t_2 < \ldots`.

    Networks that start as ``Continuation`` of the one before make a flux that is
    continuous at the seams and obeys continuity exactly on both sides, hence a weak
    solution of it everywhere. Train one window after the other: ``activate`` it, and
    draw points from its time only.

    The class makes one that promises what all its networks do: an ``ExactWindows``, a
    :class:`ContinuityLaw`, where they obey continuity, a ``LawsWindows``, a
    :class:`BalanceNet`, of balance laws, and else a ``FlowWindows``, a
    :class:`FlowNet`.

    Args:
        nets: One network per window, all with the same inputs and outputs. The
            regularization is that of the first.
        seams: Times between the windows, increasing, one less than networks.
        output: As for :func:`as_flow`: what columns 1..d of plain networks hold,
            ``"flux"`` or ``"velocity"``.
        dim: Number of space dimensions, for plain networks.

    Raises:
        ValueError: Seams that do not increase, of another number, or at other times
            than those of the continuations; or networks whose outputs differ in their
            meaning.
    """

    why_no_output_transform = (
        "must be called on each of the nets, got a call on Windows."
    )
    why_no_feature_transform = why_no_output_transform

    def __new__(
        cls, nets: Sequence[torch.nn.Module] = (), *args: Any, **kwargs: Any
    ) -> Any:
        """Choose the class by what the networks obey, as ``pathlib.Path`` does."""
        if cls is not Windows:
            return super().__new__(cls)
        chosen: type[Windows] = FlowWindows
        if len(nets) > 0 and all(_obeys(net, ContinuityLaw) for net in nets):
            chosen = ExactWindows
        elif any(_obeys(net, BalanceNet) for net in nets):
            chosen = LawsWindows
        return super().__new__(chosen)

    def __init__(
        self,
        nets: Sequence[torch.nn.Module],
        seams: Sequence[float],
        *,
        output: str | None = None,
        dim: int | None = None,
    ) -> None:
        super().__init__()
        nets = [uncompiled(net) for net in nets]
        _check_seams(nets, seams)
        self._learn(nets, output, dim)
        self.regularizer = nets[0].regularizer
        self.nets, self.seams = torch.nn.ModuleList(nets), tuple(seams)
        self._active: int | None = None

    @abstractmethod
    def _learn(
        self, nets: Sequence[torch.nn.Module], output: str | None, dim: int | None
    ) -> None:
        """Find what the outputs of all networks mean, or refuse them."""

    def activate(self, index: int | None) -> None:
        """Let one network be trained, and the others stay as they are.

        They stay so through the test passes of DeepXDE, which ask all parameters of a
        network for gradients: until another one is activated.

        Args:
            index: Number of the network, from 0; ``None`` lets all be trained.

        Raises:
            ValueError: There is no network of this number.
        """
        last = len(self.nets) - 1
        if index is not None and not (is_count(index, 0) and index <= last):
            raise ValueError(
                f"index: must be a number from 0 to {last} or None, got {index!r}. "
                f"There are {last + 1} networks."
            )
        self._active = index
        for p in self.parameters():
            p.requires_grad_()
        self._hold()

    def _hold(self) -> None:
        """Freeze what is not active, again: a module around this one may thaw it."""
        for i, net in enumerate(self.nets):
            if self._active not in (None, i):
                net.requires_grad_(False)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the outputs, (N, C), for inputs (N, d + 1), time last."""
        return self._dispatch(inputs, list(self.nets))

    def _dispatch(
        self, inputs: Tensor, evaluate: Sequence[Callable[[Tensor], Tensor]]
    ) -> Tensor:
        """Evaluate at every point what belongs to its time."""
        t = inputs.detach()[:, -1:]
        window = (t > t.new_tensor(self.seams)).sum(dim=1)
        if in_functorch():  # no tests of values there: evaluate all and choose
            out = evaluate[0](inputs)
            for i, function in enumerate(evaluate[1:], start=1):
                out = torch.where((window == i)[:, None], function(inputs), out)
            return out
        self._hold()
        present: list[int] = sorted(set(window.tolist())) or [0]
        if len(present) == 1:
            return evaluate[present[0]](inputs)
        parts = [(window == i).nonzero()[:, 0] for i in present]
        found = [
            evaluate[i](rows(inputs, p)) for i, p in zip(present, parts, strict=True)
        ]
        return torch.cat(found)[torch.cat(parts).argsort()]


class FlowWindows(Windows, FlowNet):
    """Windows of flows; ``Windows`` makes them itself."""

    def _learn(
        self, nets: Sequence[torch.nn.Module], output: str | None, dim: int | None
    ) -> None:
        flows = [as_flow(net, output, dim=dim) for net in nets]
        kinds = {(flow.output, flow.dim) for flow in flows}
        if len(kinds) > 1:
            found = ", ".join(f"({o!r}, {d})" for o, d in sorted(kinds))
            raise ValueError(
                "nets: must all have the same output and number of space dimensions, "
                f"got {found}. Build them with the same output."
            )
        self.output, self.dim = flows[0].output, flows[0].dim

    def flux(self, inputs: Tensor) -> Tensor:
        """See ``FlowNet``."""
        return self._dispatch(inputs, [flow.flux for flow in self._flows()])

    def density(self, inputs: Tensor) -> Tensor:
        """See ``FlowNet``."""
        return self._dispatch(inputs, [flow.density for flow in self._flows()])

    def velocity(self, inputs: Tensor) -> Tensor:
        """See ``FlowNet``."""
        return self._dispatch(inputs, [flow.velocity for flow in self._flows()])

    def _flows(self) -> list[FlowNet]:
        # Not kept: plain networks would appear twice in the state_dict.
        return [as_flow(net, self.output, dim=self.dim) for net in self.nets]


class LawsWindows(Windows, BalanceNet):
    """Windows of balance laws; ``Windows`` makes them itself."""

    def _learn(
        self, nets: Sequence[torch.nn.Module], output: str | None, dim: int | None
    ) -> None:
        laws = [net for net in nets if isinstance(net, BalanceNet)]
        kinds = {(net.dim, net.laws, net.sources) for net in laws}
        if len(laws) < len(nets) or len(kinds) > 1 or (output, dim) != (None, None):
            names = ", ".join(type(net).__name__ for net in nets)
            raise ValueError(
                "nets: must all be of class nn.BalanceNet with the same laws and "
                f"sources, without output and dim, got {names}. Build them with the "
                "same arguments."
            )
        ((self.dim, self.laws, self.sources),) = kinds

    def state(self, inputs: Tensor) -> Tensor:
        """See ``BalanceNet``."""
        return self._dispatch(inputs, [net.state for net in self._laws()])

    def flux(self, inputs: Tensor, k: int) -> Tensor:
        """See ``BalanceNet``."""
        found = [partial(net.flux, k=k) for net in self._laws()]
        return self._dispatch(inputs, found)

    def source(self, inputs: Tensor, k: int) -> Tensor:
        """See ``BalanceNet``."""
        found = [partial(net.source, k=k) for net in self._laws()]
        return self._dispatch(inputs, found)

    def _laws(self) -> list[BalanceNet]:
        return [net for net in self.nets if isinstance(net, BalanceNet)]


class ExactWindows(FlowWindows, ContinuityLaw):
    """Windows of networks that all obey continuity; ``Windows`` makes them itself.

    Raises:
        ValueError: A network does not obey it.
    """

    def __init__(
        self, nets: Sequence[torch.nn.Module], *args: Any, **kwargs: Any
    ) -> None:
        without = [type(n).__name__ for n in nets if not _obeys(n, ContinuityLaw)]
        if without:
            raise ValueError(
                "nets: must all be of class nn.ContinuityLaw, got "
                f"{', '.join(without)}. Use nn.Windows, which promises no law then."
            )
        super().__init__(nets, *args, **kwargs)


def _obeys(net: torch.nn.Module, law: type) -> bool:
    return isinstance(uncompiled(net), law)


def _check_seams(nets: Sequence[torch.nn.Module], seams: Sequence[float]) -> None:
    """Raise ``ValueError`` unless the seams increase and fit the continuations."""
    is_sorted = all(a < b for a, b in pairwise([-math.inf, *seams, math.inf]))
    if len(nets) != len(seams) + 1 or not is_sorted:
        raise ValueError(
            f"seams: must hold {len(nets) - 1} increasing times for {len(nets)} "
            f"networks, got {list(seams)}."
        )
    for i, (before, net) in enumerate(pairwise(nets)):
        earlier = net.predecessor if isinstance(net, FieldNet) else None
        if earlier is not None and (
            earlier.net is not before or earlier.time != seams[i]
        ):
            raise ValueError(
                f"nets: number {i + 1} must continue number {i} at its seam "
                f"{seams[i]}, got the continuation of "
                f"{'that' if earlier.net is before else 'another'} network at "
                f"{earlier.time}. Give both the same times."
            )
