"""The end of one network as the exact initial state of the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import torch
from torch import Tensor

from ...jets.jets import jet_of_callable, jet_space
from ...jets.pointwise import PointwiseCheck
from ...jets.remembered import Remembered
from ...jets.served import serve
from ...jets.snapshot import Snapshot, weights_state
from ..base.balance import BalanceNet
from ..base.contract import ContinuityLaw, SourcedFlow
from ..base.conversion import slowed, to_momentum
from ..base.fixed import FixedOutputs, uncompiled
from ..base.plain import output_of
from ..base.predecessor import Continuable, Predecessor
from .start_and_wall import InitialState, check_ramp, elapsed

__all__ = ["Continuation", "ContinuedLaw", "check_continued_flow", "continued_law"]


class Continuation(Predecessor):
    r"""The end of one network as the exact initial state of the next.

    The flux :math:`(\rho, m)` of the earlier network, played on a clock
    :math:`c(t) = t_1 + \tau(1 - e^{-(t - t_1)/\tau})` that slows down to a halt,

    .. math:: \rho' = \rho(x, c(t)), \qquad
        m' = \bar m + \dot c(t)\, (m(x, c(t)) - \bar m) ,

    obeys continuity where the earlier one does, and is its state at :math:`t_1`, where
    :math:`\dot c = 1`. Free outputs go on as :math:`p(x, c(t))`. Before the seam the
    clock is the time itself. Of a :class:`BalanceLaws` every law goes on so, sources as
    fluxes.

    Called on inputs (N, d + 1), it returns the outputs (N, C) with their first
    derivatives served. It does not train the earlier network.

    Args:
        net: The earlier network, of outputs (rho, m, extras) or (rho, u, extras), or a
            network of balance laws.
        time: The seam :math:`t_1`.
        ramp: The time :math:`\tau`.
        output: As for :func:`as_flow`: what the columns of a plain network hold,
            ``"flux"`` or ``"velocity"``.

    Raises:
        ValueError: The ramp is no positive time, the seam is no time, or nobody says
            what the outputs of a plain network hold.
    """

    has_momentum = True

    def __init__(
        self,
        net: torch.nn.Module,
        time: float,
        ramp: float,
        output: str | None = None,
    ) -> None:
        check_ramp("Continuation", time, ramp)
        net = uncompiled(net)
        kind = "flux" if isinstance(net, BalanceNet) else output_of(net, output)
        self.net, self.time, self.ramp = net, time, ramp
        self._earlier = net if isinstance(net, Continuable) else _Nested(net, kind)
        self._remembered = Remembered(self._levels, self.snapshot)

    def __call__(self, inputs: Tensor) -> Tensor:
        """Return the outputs, (N, C), for inputs (N, d + 1)."""
        return serve(self.levels, inputs, min(1, self.most_served), self.snapshot)

    @property
    def most_served(self) -> int:
        """See ``Predecessor``."""
        return self._earlier.most_served

    def snapshot(self) -> Snapshot:
        """See ``Predecessor``."""
        return self._earlier.snapshot()

    def clock(self, t: Tensor) -> Tensor:
        """Return :math:`c(t)`, (N, 1), at times (N, 1)."""
        dt = (t - self.time).clamp(min=0)
        return t - dt + elapsed(dt, self.ramp)

    def factor(self, t: Tensor) -> Tensor:
        r"""Return :math:`1 - e^{-(t - t_1)/\tau}`, which is 0 at the seam."""
        return elapsed((t - self.time).clamp(min=0), self.ramp) / self.ramp

    def check(self, num_inputs: int, num_outputs: int, served: int) -> None:
        """Raise ``ValueError`` unless an exact network of these numbers can go on."""
        if not isinstance(self.net, ContinuityLaw | BalanceNet | SourcedFlow):
            raise ValueError(
                "initial: the network which is continued must obey continuity exactly, "
                "an nn.ContinuityLaw, or this one would not either, got a "
                f"{type(self.net).__name__}. Continue an nn.NCL, for example."
            )
        if served > self.most_served:
            raise ValueError(
                f"served: must be at most {self.most_served}, that of the network "
                f"which is continued, got {served}."
            )
        # No point: any could lie outside its domain, or start its normalizations.
        probe = torch.empty(0, num_inputs).to(next(self.net.parameters()))
        with torch.no_grad():
            shape = tuple(self.net(probe).shape)
        if shape != (0, num_outputs):
            raise ValueError(
                f"initial: the network which is continued must have {num_outputs} "
                f"outputs as this one, got {shape[-1]}. Give both the same layer_sizes."
            )

    def momentum_at(self, x: Tensor) -> Tensor:
        """Return the momentum at the seam, (N, d), at points (N, d)."""
        x = x.to(next(self.net.parameters()))
        inputs = torch.cat([x, torch.full_like(x[:, :1], self.time)], dim=1)
        return self.levels(inputs, 0)[0][:, 1 : inputs.shape[1]].detach()

    def levels(self, inputs: Tensor, order: int) -> list[Tensor]:
        """See ``Predecessor``; the order is at most 2."""
        return self._remembered(inputs, order)

    def mean_momentum(self, inputs: Tensor) -> Tensor:
        """See ``Predecessor``."""
        return self._earlier.mean_momentum(inputs)

    def digest(self) -> str:
        """See ``Predecessor``."""
        clock = torch.tensor([self.time, self.ramp], dtype=torch.float64)
        return (self.snapshot() + Snapshot([clock])).digest()

    def _check_precision(self, inputs: Tensor) -> None:
        """Raise ``ValueError`` unless the earlier network has the inputs' precision."""
        weight = next(self.net.parameters(), inputs)
        if (weight.dtype, weight.device) != (inputs.dtype, inputs.device):
            raise ValueError(
                "initial: the network which is continued must have the dtype and the "
                f"device of the inputs, {inputs.dtype} on {inputs.device}, got "
                f"{weight.dtype} on {weight.device}. It is not a part of this one: "
                "call .to(...) or .double() on it, too, or on nn.Windows of both."
            )

    def _levels(self, inputs: Tensor, order: int) -> list[Tensor]:
        self._check_precision(inputs)
        t = inputs[:, -1:]
        dt = (t - self.time).clamp(min=0)
        rates = [torch.exp(-dt / self.ramp)]
        for _ in range(order):
            rates.append(-rates[-1] / self.ramp * (t >= self.time))
        earlier = torch.cat([inputs[:, :-1], self.clock(t)], dim=1)
        levels = self._earlier.flux_levels(earlier, order)
        mean = self.mean_momentum(inputs)
        return slowed(levels, rates, mean, self._earlier.paced(inputs.shape[1]))


def check_continued_flow(initial: object) -> None:
    """Raise ``ValueError`` where the end of other laws would start a flow."""
    if not isinstance(initial, Continuation):
        return
    if isinstance(initial.net, BalanceNet | SourcedFlow):
        remedy = "NCL(source=...)"
        if isinstance(initial.net, BalanceNet):
            remedy = "BalanceLaws"
        raise ValueError(
            "initial: the network which is continued must be a flow without a source, "
            f"got a {type(initial.net).__name__}. Continue it by an nn.{remedy}."
        )


class ContinuedLaw:
    """The end of one of the laws of a network as the initial state of that law.

    Args:
        whole: The continuation of all laws.
        columns: Where its state and flux are.
    """

    has_momentum = True

    def __init__(self, whole: Continuation, columns: slice) -> None:
        self.whole, self.columns = whole, columns
        self.time = whole.time
        self._rest: Callable[[Tensor], Tensor] | None = None

    def with_momentum(self, rest: Callable[[Tensor], Tensor]) -> ContinuedLaw:
        """Return the same start, of a flux (N, d) that is a part of its own."""
        found = ContinuedLaw(self.whole, self.columns)
        found._rest = rest
        return found

    def factor(self, t: Tensor) -> Tensor:
        """See ``Continuation``."""
        return self.whole.factor(t)

    def momentum_at(self, x: Tensor) -> Tensor:
        """Return the flux at the seam, (N, d), at points (N, d)."""
        if self._rest is not None:
            return self._rest(x)
        x = x.to(next(self.whole.net.parameters()))
        inputs = torch.cat([x, torch.full_like(x[:, :1], self.time)], dim=1)
        return self.whole.levels(inputs, 0)[0][:, self.columns][:, 1:].detach()


def continued_law(
    initial: InitialState | Continuation | None, columns: slice
) -> InitialState | ContinuedLaw | None:
    """Return what one law starts from; ``columns`` are those of its state and flux."""
    if isinstance(initial, Continuation):
        return ContinuedLaw(initial, columns)
    return initial


class _Nested(Continuable):
    """Any network, continued by differentiating it as often as needed.

    Args:
        net: Maps inputs (N, d + 1) to (rho, m, extras) or (rho, u, extras).
        output: ``"flux"`` in the first case, ``"velocity"`` in the second.
    """

    most_served = 2

    def __init__(self, net: torch.nn.Module, output: str) -> None:
        self.net, self.output = net, output
        self._check = PointwiseCheck("net", is_kept=False)

    def flux_levels(self, inputs: Tensor, order: int) -> list[Tensor]:
        """See ``Continuable``."""
        dim = inputs.shape[1]
        space = jet_space(dim, order)
        if not isinstance(self.net, FixedOutputs):  # ours, which may start themselves
            self._check(self.net, inputs)
        try:
            streams = jet_of_callable(self.net, inputs, space)
        except RuntimeError as error:
            raise ValueError(
                "net: must be a network that torch.func differentiates, got "
                f"{type(self.net).__name__} ({error}). Continue another one, or start "
                "from its state by an InitialState."
            ) from error
        levels = [streams[0]]
        for level in range(1, order + 1):
            axes = [range(dim)] * level
            rows = [
                streams[space.position[tuple(index.count(i) for i in range(dim))]]
                for index in product(*axes)
            ]
            stacked = torch.stack(rows, dim=-1)
            levels.append(stacked.reshape(*streams.shape[1:], *[dim] * level))
        return levels if self.output == "flux" else to_momentum(levels, dim - 1)

    def paced(self, num_inputs: int) -> Sequence[int]:
        """See ``Continuable``: the momentum."""
        return range(1, num_inputs)

    def mean_momentum(self, inputs: Tensor) -> Tensor:
        """See ``Continuable``: it is not known."""
        return inputs.new_zeros(inputs.shape[1] - 1)

    def snapshot(self) -> Snapshot:
        """See ``Continuable``."""
        nets = (net for net in self.net.modules() if isinstance(net, Continuable))
        return sum((net.snapshot() for net in nets), weights_state(self.net))
