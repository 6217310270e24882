"""What a network of derivatives of potentials is made of: its layers and outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ...jets import activations
from ...potentials.differential_operator import (
    Components,
    DifferentialOperator,
    Summand,
)
from ...potentials.network import Embedding, Initializer, PotentialNetwork
from .channels import ChannelMap
from .predecessor import Predecessor
from .units import NetworkUnits

__all__ = ["Constant", "FieldSpec", "Layers"]


@dataclass(frozen=True)
class Constant:
    """Constant part of one output.

    Attributes:
        value: The value, at the start of the training if it is trained.
        is_trained: Whether it is trained.
    """

    value: float = 0.0
    is_trained: bool = False


@dataclass(frozen=True)
class Layers:
    """The layers below the potentials, as ``dde.nn.FNN`` takes them.

    Attributes:
        hidden: Widths of the hidden layers, at least one.
        activation: Name, function, or list of these, one per hidden layer.
        kernel_initializer: DeepXDE's name of an initializer.
        regularization: DeepXDE's regularizer, as for ``dde.nn.FNN``.
        periods: Period of each input axis, ``None`` where not periodic.
        harmonics: Harmonics per periodic axis.
        units: Units of the inputs; by default they are taken as they are.
    """

    hidden: Sequence[int]
    activation: Any
    kernel_initializer: str | Initializer
    regularization: Any
    periods: tuple[float | None, ...]
    harmonics: int
    units: NetworkUnits | None = None

    def network(self, num_channels: int) -> PotentialNetwork:
        """Return a new perceptron of these layers.

        Args:
            num_channels: Number of its outputs.

        Raises:
            ValueError: An activation or the initializer is unknown, or the list of
                activations does not fit the layers.
        """
        units = self.units
        periods = self.periods if units is None else units.periods(self.periods)
        return PotentialNetwork(
            [*self.hidden, num_channels],
            _per_layer(self.activation, len(self.hidden)),
            self.kernel_initializer,
            Embedding(periods, self.harmonics),
            None if units is None else units.scaling(),
        )


@dataclass(frozen=True)
class FieldSpec:
    """The outputs of a network, as derivatives of the channels of its perceptron.

    Attributes:
        components: Summands of each output that is not free.
        num_potentials: Number of channels that these use.
        constants: Constant part of each of these outputs.
        extras: Number of free outputs after them, each a channel and a trained
            constant.
        served: Number of derivatives of the outputs that come without autograd. With
            ``None`` it begins with 1, and what a pde is found to ask for beyond, second
            derivatives or a Laplacian, is served from then on.
        ansatz: Factors of the channels, and fixed channels that summands may use too.
        base: Earlier network whose outputs are added.
        contraction: Function of the perceptron and the inputs that returns the outputs
            without jets, for many dimensions. It is used where no derivative is served.
        sizes: Typical size of each output, extras included, 1 by default: free outputs
            and trained constants are multiplied by it.
    """

    components: Components
    num_potentials: int
    constants: Sequence[Constant]
    extras: int
    served: int | None = None
    ansatz: ChannelMap | None = None
    base: Predecessor | None = None
    contraction: Callable[[PotentialNetwork, Tensor], Tensor] | None = None
    sizes: Sequence[float] | None = None

    @property
    def num_channels(self) -> int:
        """Number of outputs of the perceptron."""
        return self.num_potentials + self.extras

    @property
    def outputs(self) -> DifferentialOperator:
        """Map from the channels to all outputs."""
        sizes = self.all_sizes[len(self.components) :]
        free = [
            [Summand((), self.num_potentials + k, size)] for k, size in enumerate(sizes)
        ]
        return DifferentialOperator([*self.components, *free])

    @property
    def all_sizes(self) -> list[float]:
        """Size of each output."""
        number = len(self.components) + self.extras
        return [1.0] * number if self.sizes is None else list(self.sizes)

    @property
    def all_constants(self) -> list[Constant]:
        """Constant part of each output."""
        return [*self.constants, *[Constant(is_trained=True)] * self.extras]


def _per_layer(activation: Any, num_layers: int) -> list[activations.Activation]:
    """Return one activation per hidden layer, as ``dde.nn.FNN`` would choose them."""
    if not isinstance(activation, list):
        return [activations.get(activation) for _ in range(num_layers)]
    if len(activation) not in (num_layers, num_layers + 1):
        raise ValueError(
            f"activation: a list needs one entry per hidden layer ({num_layers}) or, "
            f"as for dde.nn.FNN, one more, got {len(activation)}."
        )
    return [activations.get(a) for a in activation[:num_layers]]
