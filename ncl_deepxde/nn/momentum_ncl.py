"""Mass, momentum and incompressibility, all exact, for plane flows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement, permutations, product
from typing import Any, Literal

import torch
from torch import Tensor

from .. import operators
from ..jets import activations
from ..jets.jets import StreamTable, jet_space
from ..potentials.constructions import MATRIX
from ..potentials.differential_operator import DifferentialOperator, Summand
from ..potentials.network import Embedding, Initializer, PotentialNetwork
from ..potentials.readout import Readout
from .base.checks import check_kind, check_layer_sizes, check_periods
from .base.columns import SCRIPTS, named_columns
from .base.contract import ContinuityLaw, PressureNet
from .base.flow_field import FlowFieldNet
from .base.scale import scaled_operator
from .base.scales import Scales
from .base.spec import Constant, FieldSpec, Layers
from .base.units import NetworkUnits
from .constraints.given import GivenFunctions
from .constraints.hard import hard_constraints
from .constraints.in_units import start_in_units
from .constraints.means import mean_flux
from .constraints.start_and_wall import InitialState

__all__ = ["MomentumNCL"]

OUTPUTS = 8
# Enough for a smooth function of one variable, and a hundredth of the field's cost.
TIME_WIDTH = 16
# Derivatives of the outputs that may be served.
MOST_SERVED = 2


class MomentumNCL(FlowFieldNet, ContinuityLaw, PressureNet):
    r"""A mass-momentum tensor and a velocity that obey their laws exactly.

    In two space dimensions, with indices over :math:`(t, x_1, x_2)`, the tensor
    :math:`T = \begin{pmatrix}\rho & m^T \\ m & \Pi\end{pmatrix}` is made of symmetric
    potentials :math:`S`, and the velocity of a stream function :math:`\psi`:

    .. math:: T_{ab} = \bar T_{ab} + \sum_{cdef} \varepsilon_{ace}\varepsilon_{bdf}\,
        \partial_c\partial_d S_{ef}, \qquad
        v = (\partial_2\psi, -\partial_1\psi) + c(t) .

    Whatever the weights, :math:`T = T^T` and
    :math:`\partial_t\rho + \nabla\cdot m = 0`,
    :math:`\partial_t m + \nabla\cdot\Pi = 0`, :math:`\nabla\cdot v = 0`. The flow is a
    solution of Euler's equations where ``operators.closure`` vanishes: algebra, without
    a derivative. The method ``pressure`` is ``operators.pressure``.

    Outputs have the columns :math:`(\rho, m_1, m_2, \Pi_{11}, \Pi_{12}, \Pi_{22}, v_1,
    v_2)`; the method ``velocity`` returns :math:`m/\rho` as everywhere. The mean
    velocity :math:`c(t)`, which on a torus is not conserved unless the density is
    uniform, is a small perceptron of the time alone.

    Args:
        layer_sizes: ``[3, hidden..., 8]``, as ``dde.nn.FNN`` would take for these
            outputs. The perceptron itself has seven outputs, S and psi.
        activation: As for :class:`NCL`; the first one serves :math:`c(t)` too.
        kernel_initializer: For example ``"Glorot normal"``.
        regularization: As for ``dde.nn.FNN``.
        periods: As for :class:`NCL`.
        harmonics: As for :class:`NCL`.
        scale: Length that multiplies :math:`\psi`, and squared S. By default
            :math:`L/(2\pi k)` of the highest frequency of the embedding, so that every
            column is of order one through derivatives by space; those by time then add
            less, by this length over the time scale. 1 without periodic axes. Beside
            ``scales`` it is a number of their lengths.
        scales: As for :class:`NCL`.
        mean_density: As for :class:`NCL`.
        mean_momentum: As for :class:`NCL`; on a torus the exact mean at all times.
        initial: State that the network starts from exactly: its density, and its
            momentum if it has one and no ramp. The velocity v follows by training.
        served: As for :class:`NCL`; the closure needs no derivative, hence 0. ``None``
            serves what the pde is found to ask for.
        columns: As for :class:`NCL`.

    Raises:
        ValueError: An argument is out of its range.

    References:
        M. E. Gurtin, A generalization of the Beltrami stress functions in continuum
        mechanics (Arch. Rational Mech. Anal. 13, 1963): the formula of T.

    Example:
        >>> sizes = [3] + [32] * 2 + [8]
        >>> net = MomentumNCL(sizes, "tanh", "Glorot normal", periods=1.0)
        >>> net.dim
        2
    """

    most_order = MOST_SERVED

    def __init__(
        self,
        layer_sizes: Sequence[int],
        activation: Any,
        kernel_initializer: str | Initializer,
        regularization: Any = None,
        *,
        periods: Sequence[float | None] | float | None = None,
        harmonics: int = 1,
        scale: float | None = None,
        scales: Scales | None = None,
        mean_density: float | Literal["trained"] | None = None,
        mean_momentum: Sequence[float] | Literal["trained"] | None = None,
        initial: InitialState | None = None,
        served: int | None = 0,
        columns: Sequence[str] | None = None,
    ) -> None:
        _check_sizes(layer_sizes)
        check_kind("initial", initial, InitialState)
        axes = check_periods(periods, 2, rest=1)
        _check_start(initial)
        units = NetworkUnits.of(scales, 2)
        initial = start_in_units(initial, units)
        length = scaled_operator(MATRIX, range(2), axes, harmonics, scale, units).scale
        tensor = _tensor(units).scaled(length**2)
        psi = tensor.num_potentials
        means = mean_flux(axes[:-1], initial, None, mean_density, mean_momentum)
        given = GivenFunctions(2, 3, initial, None)
        rows, ansatz = hard_constraints(
            tensor, 1, initial, None, means, axes[:-1], units
        )
        super().__init__(
            Layers(
                layer_sizes[1:-1],
                activation,
                kernel_initializer,
                regularization,
                axes,
                harmonics,
                units,
            ),
            FieldSpec(
                [*rows, *_curl(psi, units).scaled(length).components],
                psi + 1,
                [*means, *[Constant(is_trained=True)] * 5],
                extras=0,
                served=served,
                ansatz=ansatz,
                sizes=_sizes(units),
            ),
            output="flux",
            native="flux",
        )
        self._given = given
        self.columns = named_columns(SCRIPTS["MomentumNCL"], 2, 0, columns)
        first = activation[0] if isinstance(activation, list) else activation
        self.mean_velocity = _MeanVelocity(first, kernel_initializer, units)
        self._complete = self._with_mean_velocity

    def pressure(self, outputs: Tensor) -> Tensor:
        """See ``PressureNet``."""
        return operators.pressure(outputs)

    def _with_mean_velocity(self, levels: list[Tensor], inputs: Tensor) -> list[Tensor]:
        """Return the outputs and their derivatives with c(t) added to v."""
        return [
            torch.cat([level[:, :6], level[:, 6:] + mean], dim=1)
            for level, mean in zip(
                levels, self.mean_velocity(inputs, len(levels) - 1), strict=True
            )
        ]


class _MeanVelocity(torch.nn.Module):
    """A small perceptron of the time alone.

    Args:
        activation: Activation of its one hidden layer.
        kernel_initializer: As for :class:`MomentumNCL`.
        units: Units of the time and of the velocity.
    """

    def __init__(
        self,
        activation: Any,
        kernel_initializer: str | Initializer,
        units: NetworkUnits,
    ) -> None:
        super().__init__()
        self.network = PotentialNetwork(
            [TIME_WIDTH, 2],
            [activations.get(activation)],
            kernel_initializer,
            _TimeEmbedding([None] * 3, harmonics=1),
            units.scaling(),
        )
        columns = [[Summand((), i, size)] for i, size in enumerate(units.velocity)]
        self._spaces = [jet_space(3, level) for level in range(MOST_SERVED + 1)]
        self._readouts = torch.nn.ModuleList(
            Readout(columns, 2, space, level)
            for level, space in enumerate(self._spaces)
        )

    def forward(self, inputs: Tensor, order: int) -> list[Tensor]:
        """Return c(t), (N, 2), and its first derivatives, (N, 2, 3, ...)."""
        with torch.autocast(inputs.device.type, enabled=False):
            streams = self.network.jet(inputs, self._spaces[order])
        return [
            self._readouts[level](streams[: len(self._spaces[level])])
            for level in range(order + 1)
        ]


class _TimeEmbedding(Embedding):
    """The last column alone, as it is."""

    @property
    def num_features(self) -> int:
        """Number of features."""
        return 1

    def jet(
        self, inputs: Tensor, space: StreamTable, steps: Sequence[float] | None = None
    ) -> Tensor:
        """Return the streams of the time, shape (S, N, 1)."""
        return super().jet(inputs, space, steps)[..., -1:]


def _symmetric(columns: Sequence[int]) -> DifferentialOperator:
    r"""Return the upper triangle of T in terms of the upper triangle of S.

    .. math:: T_{ab} = \varepsilon_{ace}\varepsilon_{bdf}\,\partial_c\partial_d S_{ef},
        \qquad \partial_b T_{ab} = \varepsilon_{ace}\partial_c
        (\varepsilon_{bdf}\partial_b\partial_d S_{ef}) = 0 .

    Args:
        columns: Column of the inputs of each of the three coordinates.
    """
    pairs = list(combinations_with_replacement(range(3), 2))
    components = tuple(
        tuple(
            Summand(
                (columns[c], columns[d]),
                pairs.index((min(e, f), max(e, f))),
                _epsilon(a, c, e) * _epsilon(b, d, f),
            )
            for (c, e), (d, f) in product(permutations(range(3), 2), repeat=2)
            if a not in (c, e) and b not in (d, f)
        )
        for a, b in pairs
    )
    return DifferentialOperator(components)


def _tensor(units: NetworkUnits) -> DifferentialOperator:
    """Return the upper triangle of T in the units of the user.

    Raises:
        ValueError: Its first derivatives are beyond the range of the float type.
    """
    columns = [2, 0, 1]
    units.check_precision(3)
    pairs = list(combinations_with_replacement(columns, 2))
    factor = units.density / units.reach[-1] ** 2
    return units.carried(_symmetric(columns), pairs, factor)


def _curl(psi: int, units: NetworkUnits) -> DifferentialOperator:
    """Return the velocity of a stream function, channel psi, in the same units."""
    curl = DifferentialOperator([[Summand((1,), psi)], [Summand((0,), psi, -1.0)]])
    return units.carried(curl, [(0,), (1,)], 1 / units.reach[-1])


def _sizes(units: NetworkUnits) -> list[float]:
    """Return the sizes of all columns."""
    u, v = units.velocity
    stress = [units.density * product for product in (u * u, u * v, v * v)]
    return [*units.flux, *stress, u, v]


def _check_start(initial: InitialState | None) -> None:
    r"""Refuse a state from which the momentum would not be conserved.

    .. math:: T_0 = \begin{pmatrix} \rho_0 - t\,\nabla\cdot m_0 & m_0^T \\
        m_0 & 0 \end{pmatrix}

    is divergence-free in every row. A ramp in the place of t would need a stress that
    balances :math:`g'' m_0`.

    Raises:
        ValueError: The state has a potential, or both a momentum and a ramp.
    """
    if initial is None:
        return
    if initial.potential is not None or (initial.has_momentum and initial.ramp):
        raise ValueError(
            "initial: must have no potential, and no ramp where it has a momentum, or "
            f"the momentum would not be conserved, got ramp={initial.ramp!r} and "
            f"potential={initial.potential!r}. Leave them out."
        )


def _epsilon(i: int, j: int, k: int) -> float:
    """Return the sign of a permutation of (0, 1, 2), 0 where two are equal."""
    return (j - i) * (k - i) * (k - j) / 2


def _check_sizes(layer_sizes: Sequence[int]) -> None:
    check_layer_sizes(layer_sizes, 3, "(rho, m, Pi, v)")
    if layer_sizes[0] != 3 or layer_sizes[-1] != OUTPUTS:
        raise ValueError(
            "layer_sizes: must begin with 3, for (x_1, x_2, t), and end with "
            f"{OUTPUTS}, for (rho, m_1, m_2, Pi_11, Pi_12, Pi_22, v_1, v_2), got "
            f"{layer_sizes!r}. Use for example [3] + [64] * 4 + [{OUTPUTS}]."
        )
