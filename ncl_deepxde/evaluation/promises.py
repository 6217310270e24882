r"""What a network promises by construction, looked at again at a few points.

Each law is differentiated once more, apart from the jets of the package, and what is
left of it compared with its largest term:

.. math:: \max_i |\partial_t q + \nabla\cdot F - s|
    \le 10^4\,\epsilon\,\max_{i, k} |\text{term}_k| .

Round-off is below the right side: sums of some hundred terms which cancel by one to two
digits. A construction that is wrong, or weights that do not belong to it, leave
something of the size of the terms.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import jacrev, vmap

from ..nn.base.balance import BalanceNet
from ..nn.base.contract import ContinuityLaw, FlowNet, SourcedFlow
from ..nn.base.field import FieldNet
from ..nn.base.fixed import uncompiled
from ..nn.constraints.start_and_wall import InitialState
from ..nn.windows import Windows

__all__ = [
    "MOST_POINTS",
    "Promise",
    "evaluating",
    "is_same",
    "promises",
    "some_points",
]

MOST_POINTS = 16
"""Points at which promises are looked at: what is exact holds at all or at none."""

ROUNDINGS = 1e4
"""Roundings that a law may be off, in units of its largest term."""

GRID = 12
"""Points per period of the coarser grid on which a mass is summed."""


@dataclass(frozen=True)
class Promise:
    """One thing that must hold.

    Attributes:
        name: What it is, in a few words.
        holds: Whether it holds.
        text: What was found, with the numbers.
    """

    name: str
    holds: bool
    text: str

    def __str__(self) -> str:
        """Return name and text."""
        return f"{self.name}: {self.text}"


@contextmanager
def evaluating(net: torch.nn.Module) -> Iterator[None]:
    """Put a network into evaluation mode, and each of its parts back afterwards."""
    modes = [(part, part.training) for part in net.modules()]
    net.eval()
    try:
        yield
    finally:
        for part, mode in modes:
            part.training = mode


def some_points(inputs: Tensor) -> Tensor:
    """Return some rows, evenly spread over all of them.

    Args:
        inputs: Shape (N, k).
    """
    number = min(MOST_POINTS, len(inputs))
    rows = torch.arange(number) * (len(inputs) - 1) // max(number - 1, 1)
    return inputs.detach()[rows.to(inputs.device)].clone()


def promises(net: torch.nn.Module, inputs: Tensor) -> Iterator[Promise]:
    """Yield what the construction of a network promises, as it is found.

    A plain network promises nothing.

    Args:
        net: Any network.
        inputs: Points to look at, (N, d + 1), time last, of the dtype of the network.
    """
    net = uncompiled(net)
    first = net.nets[0] if isinstance(net, Windows) else net
    start = first.start if isinstance(first, FieldNet) else None
    if isinstance(net, BalanceNet):
        for k in range(net.laws):
            yield _law(f"balance of law {k}", *_balance(net, k), inputs)
        if isinstance(start, InitialState):
            yield _start(_balance(net, 0)[0], start, inputs)
    if not isinstance(net, FlowNet):
        return
    if isinstance(net, ContinuityLaw):
        yield _law("continuity", net.flux, None, inputs)
    elif isinstance(net, SourcedFlow):
        yield _law("balance of mass", net.flux, net.source, inputs)
    if isinstance(start, InitialState):
        yield _start(net.flux, start, inputs)
    periods = first.periods[:-1] if isinstance(first, FieldNet) else (None,)
    if isinstance(net, ContinuityLaw) and None not in periods:
        yield _mass(net, [float(p) for p in periods if p is not None], inputs)


def is_same(first: Tensor, second: Tensor, *, roundings: float = ROUNDINGS) -> Promise:
    """Compare what a network said before it was saved with what it says now.

    Args:
        first: Outputs before, (N, C).
        second: Outputs now, (N, C).
        roundings: Roundings of the largest output that they may differ by: on another
            machine sums have another order.
    """
    name = "the same after saving and loading"
    if first.shape != second.shape or first.dtype != second.dtype:
        return Promise(
            name,
            False,
            f"outputs were {tuple(first.shape)} of {first.dtype}, and are "
            f"{tuple(second.shape)} of {second.dtype}",
        )
    if torch.equal(first, second):
        return Promise(name, True, "to the last bit")
    off = float((first - second).abs().max()) / _size(first)
    return _judged(name, off, "of the largest output", first.dtype, roundings)


def _law(
    name: str,
    flux: Callable[[Tensor], Tensor],
    source: Callable[[Tensor], Tensor] | None,
    inputs: Tensor,
) -> Promise:
    """Compare what is left of a law for (q, F), (N, d + 1), with its largest term."""
    d = inputs.shape[1] - 1
    with torch.no_grad():
        J: Tensor = vmap(jacrev(lambda x: flux(x[None])[0]))(inputs)
        terms = torch.cat([J[:, :1, d], J[:, 1:, :d].diagonal(dim1=1, dim2=2)], dim=1)
        if source is not None:
            terms = torch.cat([terms, -source(inputs)], dim=1)
    left = float(terms.sum(dim=1).abs().max()) / _size(terms)
    return _judged(name, left, "of the largest term is left", inputs.dtype)


def _balance(
    net: BalanceNet, k: int
) -> tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]:
    """Return density and flux of a law, (N, d + 1), and its source, (N, 1)."""

    def flux(x: Tensor) -> Tensor:
        return torch.cat([net.state(x)[:, k : k + 1], net.flux(x, k)], dim=1)

    return flux, lambda x: net.source(x, k)


def _start(
    flux: Callable[[Tensor], Tensor], start: InitialState, inputs: Tensor
) -> Promise:
    """Compare (q, F), (N, d + 1), at the time of a hard start with what was given."""
    x = inputs[:, :-1]
    with torch.no_grad():
        found = flux(torch.cat([x, x.new_full((len(x), 1), start.time)], dim=1))
        given = start.density_at(x)
        if start.has_momentum:
            given = torch.cat([given, start.momentum_at(x)], dim=1)
    off = float((found[:, : given.shape[1]] - given).abs().max()) / _size(given)
    return _judged("hard start", off, "of its largest value is off", x.dtype)


def _mass(net: FlowNet, periods: list[float], inputs: Tensor) -> Promise:
    r"""Compare the mean density of a periodic flow at the first and the last time.

    The mean over a uniform grid has an error where the density is not resolved, told by
    the same on a grid twice as fine.
    """
    times = inputs[:, -1].aminmax()
    coarse, fine = (_means(net, periods, n, times) for n in (GRID, 2 * GRID))
    drift = float((fine[1] - fine[0]).abs())
    unresolved = float((fine - coarse).abs().max())
    size = max(float(fine.abs().max()), torch.finfo(fine.dtype).tiny)
    found = _judged("mass", drift / size, "of the mass drifts", inputs.dtype)
    if found.holds or not drift <= 2 * unresolved:
        return found
    return Promise(
        "mass", True, f"drifts by less than {unresolved / size:.1e}, which a grid sees"
    )


def _means(
    net: FlowNet, periods: list[float], n: int, times: tuple[Tensor, Tensor]
) -> Tensor:
    """Return the mean density over a period at some times, with n points per axis."""
    # A grid of a few thousand points at most, in any dimension.
    n = max(2, min(n, int(4096 ** (1 / len(periods)))))
    axes = [p * torch.arange(n, dtype=times[0].dtype) / n for p in periods]
    x = torch.cartesian_prod(*axes).reshape(-1, len(periods)).to(times[0].device)
    with torch.no_grad():
        return torch.stack(
            [net.density(torch.cat([x, t.expand(len(x), 1)], 1)).mean() for t in times]
        )


def _judged(
    name: str, ratio: float, what: str, dtype: torch.dtype, roundings: float = ROUNDINGS
) -> Promise:
    allowed = roundings * torch.finfo(dtype).eps
    text = f"{ratio:.1e} {what}; round-off is below {allowed:.0e}"
    return Promise(name, math.isfinite(ratio) and ratio <= allowed, text)


def _size(values: Tensor) -> float:
    """Return the largest absolute value, of round-off where all is zero."""
    return max(float(values.abs().max()), torch.finfo(values.dtype).tiny)
