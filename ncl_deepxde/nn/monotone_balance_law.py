"""One law in one dimension whose state is nowhere negative."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ..potentials.differential_operator import Summand
from ..potentials.network import Initializer
from .base.balance import BalanceNet
from .base.checks import check_counts, check_kind, check_positive
from .base.field import FieldNet
from .base.laws import LawColumns
from .base.spec import Constant, FieldSpec, Layers
from .constraints.given import GivenFunctions
from .constraints.known_flux import KnownFlux, check_ends
from .constraints.known_source import KnownRate, SupplyCheck, supply_of
from .constraints.monotone_map import num_parameters
from .constraints.monotone_potential import MonotonePotential, StateBetween
from .constraints.start_and_wall import InitialState

__all__ = ["MonotoneBalanceLaw"]


class MonotoneBalanceLaw(FieldNet, BalanceNet):
    r"""A law :math:`\partial_t q + \partial_x F = 0` with :math:`q \ge 0`, both exact.

    A potential that grows along x at all times has a slope that is nowhere negative:

    .. math:: q = \partial_x\varphi \ge 0, \qquad F = -\partial_t\varphi .

    Densities of cars, depths, probabilities are so. On an interval the potential is
    known at both ends: its difference is the total, which is constant between walls,
    and changes by known fluxes through open ends. Inside, it is made of maps that grow
    along x, with parameters that depend on the time by a perceptron. What is left to
    train is the closure :math:`F = F(q)`. Outputs are the columns ``(q, F)`` of inputs
    ``(x, t)``, not before the start, inside the interval.

    Args:
        layer_sizes: ``[2, hidden..., 2]``, as for ``dde.nn.FNN``; the hidden layers are
            those of the perceptron of the time.
        activation: As for :class:`NCL`.
        kernel_initializer: For example ``"Glorot normal"``.
        regularization: As for ``dde.nn.FNN``.
        interval: The ends a and b.
        initial: State that it starts from exactly, positive, with a ``ramp`` in which
            it fades.
        total: The first total :math:`\int q\,dx`, where there is no initial state.
        lifting: ``KnownFlux.of_ends(a, b, ...)`` of open ends; by default both are
            walls.
        maps: Number of maps, one after the other.
        terms: Number of terms of each map.
        time: Size of the times, by which the perceptron divides them.
        nodes: Nodes of the quadrature of the initial state.
        served: As for :class:`NCL`.
        columns: Names of both columns, as the script calls them.

    Raises:
        ValueError: An argument is out of its range.

    References:
        C.-W. Huang, D. Krueger, A. Lacoste, A. Courville, Neural Autoregressive Flows
        (ICML 2018), https://arxiv.org/abs/1804.00779: maps that grow.

    Example:
        >>> net = MonotoneBalanceLaw(
        ...     [2, 16, 2], "tanh", "Glorot normal", interval=(0.0, 1.0), total=1.0
        ... )
        >>> bool((net(torch.rand(50, 2))[:, 0] >= 0).all())
        True
    """

    why_no_output_transform = (
        "would break d_t q + d_x F = 0, which holds for the outputs as they are. "
        "Transform quantities in the pde function instead."
    )
    why_no_feature_transform = (
        "its perceptron sees the time alone, so that the state stays positive. Raise "
        "maps or terms for more detail along x."
    )

    def __init__(
        self,
        layer_sizes: Sequence[int],
        activation: Any,
        kernel_initializer: str | Initializer,
        regularization: Any = None,
        *,
        interval: tuple[float, float],
        initial: InitialState | None = None,
        total: float | None = None,
        lifting: KnownFlux | None = None,
        maps: int = 3,
        terms: int = 8,
        time: float = 1.0,
        nodes: int = 200,
        served: int | None = None,
        columns: Sequence[str] | None = None,
    ) -> None:
        place = LawColumns.of(layer_sizes, 1, ())
        if place.dim != 1 or place.extras:
            raise ValueError(
                "layer_sizes: must begin and end with 2, for inputs (x, t) and columns "
                f"(q, F), got {list(layer_sizes)}. BalanceLaws takes other laws."
            )
        check_ends(*interval)
        check_counts(maps=(maps, 1), terms=(terms, 1))
        check_positive(time=time)
        known = _known(interval, initial, total, lifting, nodes)
        channels = num_parameters(maps, terms)
        phi = channels
        super().__init__(
            Layers(
                layer_sizes[1:-1],
                activation,
                kernel_initializer,
                regularization,
                (None, None),
                1,
            ),
            FieldSpec(
                [[Summand((0,), phi)], [Summand((1,), phi, -1)]],
                channels,
                [Constant()] * 2,
                0,
                served,
                MonotonePotential(known, maps),
            ),
        )
        begin = 0.0 if initial is None else initial.time
        self.network.set_transform(_ScaledTime(begin, float(time)), 2)
        checks = [SupplyCheck(known.passed)] if known.passed else []
        self._given = GivenFunctions(1, 2, initial, None).also(*checks, known.check)
        self.dim, self.laws, self.sources = 1, 1, ()
        self.columns = place.names(columns)

    def state(self, inputs: Tensor) -> Tensor:
        """See ``BalanceNet``."""
        return self._serve(inputs, None)[:, :1]

    def flux(self, inputs: Tensor, k: int = 0) -> Tensor:
        """See ``BalanceNet``."""
        self._check_law(k)
        return self._serve(inputs, None)[:, 1:]

    def source(self, inputs: Tensor, k: int = 0) -> Tensor:
        """See ``BalanceNet``: there is none."""
        self._check_law(k)
        return torch.zeros_like(self._checked(inputs)[:, :1])


class _ScaledTime:
    """The time in units of the network, (N, 2) -> (N, 1)."""

    def __init__(self, begin: float, size: float) -> None:
        self.begin, self.size = begin, size

    def __call__(self, inputs: Tensor) -> Tensor:
        return (inputs[:, 1:] - self.begin) / self.size


def _known(
    interval: tuple[float, float],
    initial: InitialState | None,
    total: float | None,
    lifting: KnownFlux | None,
    nodes: int,
) -> StateBetween:
    """Return what is known of the state.

    Raises:
        ValueError: Neither or both of initial state and total, an initial state that is
            negative or does not fade, or a lifting of another kind.
    """
    check_kind("initial", initial, InitialState)
    check_kind("lifting", lifting, KnownFlux)
    low, high = map(float, interval)
    begin = 0.0 if initial is None else initial.time
    passed = supply_of(lifting, [None], begin, columns=1, argument="lifting")
    if initial is None:
        if total is None:
            raise ValueError(
                "total: must be given where there is no initial state, got None. It is "
                "the integral of the state at the first time."
            )
        check_positive(total=total)
        return StateBetween(low, high, float(total), passed=passed)
    if total is not None:
        raise ValueError(
            f"total: follows from initial, must be None beside it, got {total!r}."
        )
    if initial.ramp is None or initial.potential or initial.has_momentum:
        raise ValueError(
            "initial: must be an nn.InitialState of a density with a ramp, the time in "
            "which it fades, and without momentum, velocity and potential, got "
            f"ramp={initial.ramp!r}."
        )
    x = torch.linspace(low, high, 401, dtype=torch.float64)[:, None]
    first = initial.density_at(x)
    if not bool((first >= 0).all()):
        raise ValueError(
            "initial: density must be nowhere negative, got the least value "
            f"{float(first.min()):.1e}. BalanceLaws takes states of any sign."
        )
    known = KnownRate(initial.density_at, None, nodes)
    summed = supply_of(known, [], low, argument="initial")
    assert summed is not None
    SupplyCheck(summed)(x)
    whole = float(summed(x[-1:]))
    check_positive(**{"integral of initial": whole})
    return StateBetween(low, high, whole, initial, summed, passed)
