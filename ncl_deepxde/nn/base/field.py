"""The base of all networks whose outputs are sums of derivatives of potentials."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import deepxde as dde
import torch
from torch import Tensor

from ...jets import activations
from ...jets.jets import JetSpace, jet_space
from ...jets.remembered import weights_state
from ...jets.served import serve
from ...potentials.constructions import Readout, Term
from ...potentials.network import Embedding, Initializer, PotentialNetwork
from .channels import ChannelMap
from .checks import check_choice, check_dtype
from .fixed import FixedOutputs
from .predecessor import Predecessor

__all__ = ["Constant", "FieldNet"]

Contraction = Callable[[PotentialNetwork, Tensor], Tensor]

MOST_STREAMS = 2000
"""Streams beyond which a jet takes minutes to set up and gigabytes to train."""


@dataclass(frozen=True)
class Constant:
    """The constant part of one output: its (initial) value, trained or not."""

    value: float = 0.0
    is_trained: bool = False


class FieldNet(FixedOutputs):
    r"""A DeepXDE network with outputs :math:`y_c = \bar y_c + \sum \pm\partial^\alpha
    a_k` of the channels :math:`a_k` of one multilayer perceptron.

    Subclasses choose the terms; everything else is here: jets, served derivatives,
    DeepXDE's hooks. Calling the network on inputs (N, dim) gives (N, C).

    Args:
        hidden: Widths of the hidden layers, at least one.
        activation: Name, function, or list of these, one per hidden layer.
        kernel_initializer: DeepXDE's name of an initializer.
        regularization: DeepXDE's regularizer, as for ``dde.nn.FNN``.
        terms: The summands of each output.
        num_channels: Number of outputs of the perceptron.
        constants: Constant part of each output.
        periods: Period per input axis or ``None``.
        harmonics: Harmonics per periodic axis.
        served: Number of derivatives of the outputs that come without autograd.
        ansatz: Factors of the channels, and fixed channels that terms may use too.
        base: Earlier network whose outputs are added.
        contraction: The way to the outputs in many dimensions, in place of jets where
            no derivative is served.
    """  # noqa: D205

    why_no_output_transform = (
        "would break div(flux) = 0, which holds for the outputs as they are. Transform "
        "quantities in the pde function instead, or the inputs by "
        "apply_feature_transform."
    )

    fixed: Tensor
    trained: Tensor
    _complete: Callable[[list[Tensor], Tensor], list[Tensor]] | None = None

    def __init__(
        self,
        hidden: Sequence[int],
        activation: Any,
        kernel_initializer: str | Initializer,
        regularization: Any,
        *,
        terms: Sequence[Sequence[Term]],
        num_channels: int,
        constants: Sequence[Constant],
        periods: Sequence[float | None],
        harmonics: int,
        served: int,
        ansatz: ChannelMap | None = None,
        base: Predecessor | None = None,
        contraction: Contraction | None = None,
    ) -> None:
        super().__init__()
        check_choice("served", served, (0, 1, 2))
        if base is not None:
            base.check(len(periods), len(terms), served)
        self.regularizer = regularization
        self.num_inputs: int = len(periods)
        self.served: int = served
        self._contraction = None if served else contraction
        order = max(len(term.axes) for component in terms for term in component)
        self._spaces = (
            _jet_spaces(len(periods), order, served)
            if self._contraction is None
            else []
        )
        self._ansatz, self._base = ansatz, base
        num_fixed = 0 if ansatz is None else ansatz.num_fixed
        self._readouts = torch.nn.ModuleList(
            Readout(terms, num_channels + num_fixed, space, level)
            for level, space in enumerate(self._spaces)
        )
        self._is_periodic = any(period is not None for period in periods)
        embedding = Embedding(periods, harmonics)
        self.network = PotentialNetwork(
            [*hidden, num_channels],
            _per_layer(activation, len(hidden)),
            kernel_initializer,
            embedding,
        )
        real = dde.config.real(torch)
        values = torch.as_tensor([c.value for c in constants], dtype=real)
        trained = torch.as_tensor([c.is_trained for c in constants])
        self.register_buffer("fixed", values.masked_fill(trained, 0.0))
        self.register_buffer("trained", trained.nonzero()[:, 0], persistent=False)
        self.bias = torch.nn.Parameter(values[trained])
        self._convert: Callable[[list[Tensor]], list[Tensor]] | None = None

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the outputs, (N, C), for inputs (N, dim), derivatives served."""
        return self._serve(inputs, self._convert)

    def _serve(
        self, inputs: Tensor, convert: Callable[[list[Tensor]], list[Tensor]] | None
    ) -> Tensor:
        def evaluate(x: Tensor, order: int) -> list[Tensor]:
            levels = self._levels(x, order)
            return levels if convert is None else convert(levels)

        return serve(evaluate, self._checked(inputs), self.served, self.state)

    @property
    def predecessor(self) -> Predecessor | None:
        """The earlier network that this one goes on from, if there is one."""
        return self._base

    def state(self) -> Hashable:
        """Return a fingerprint of the weights: it changes when they do.

        Weights of the earlier networks that this one goes on from count too.
        """
        weights = weights_state(self)
        return weights if self._base is None else (weights, self._base.state())

    def apply_feature_transform(self, transform: Callable[[Tensor], Tensor]) -> None:
        """Compute the features by a smooth function (N, dim) -> (N, features).

        What the field has by construction stays: the transform acts below the
        potentials. The first layer adapts to the number of features, so call this
        before ``dde.Model.compile``.

        Raises:
            ValueError: The network already embeds periodic axes, or the transform does
                not fit the inputs.
        """
        if self._is_periodic:
            raise ValueError(
                "apply_feature_transform: the network already embeds its periodic "
                "axes. Build it with periods=None and embed them in the transform."
            )
        self.network.set_transform(transform, self.num_inputs)
        self._input_transform = transform

    def _levels(self, inputs: Tensor, order: int) -> list[Tensor]:
        """Return the outputs and their first ``order`` derivatives by jets."""
        with torch.autocast(inputs.device.type, enabled=False):
            if self._contraction is not None:
                return [self._contraction(self.network, inputs) + self._constants()]
            streams = self.network.jet(inputs, self._spaces[order])
            if self._ansatz is not None:
                streams = self._ansatz(streams, inputs, self._spaces[order])
            levels: list[Tensor] = [
                readout(streams[: len(space)])
                for readout, space in zip(
                    self._readouts[: order + 1], self._spaces, strict=False
                )
            ]
            levels[0] = levels[0] + self._constants()
            if self._base is not None:
                earlier = self._base.levels(inputs, order)
                levels = [a + b for a, b in zip(levels, earlier, strict=True)]
            return levels if self._complete is None else self._complete(levels, inputs)

    def _constants(self) -> Tensor:
        return self.fixed.index_add(0, self.trained, self.bias)

    def _checked(self, inputs: Tensor) -> Tensor:
        if inputs.ndim != 2 or inputs.shape[1] != self.num_inputs:
            raise ValueError(
                f"inputs: must have shape (N, {self.num_inputs}), got "
                f"{tuple(inputs.shape)}. The first entry of layer_sizes counts the "
                "columns, time last."
            )
        check_dtype("inputs", inputs, self.bias.dtype)
        return inputs


def _jet_spaces(num_inputs: int, order: int, served: int) -> list[JetSpace]:
    """Return the tables of jets of ``order`` and ``served`` higher ones."""
    streams = math.comb(num_inputs + order + served, num_inputs)
    if streams > MOST_STREAMS:
        raise ValueError(
            f"served: jets of order {order + served} in {num_inputs} variables carry "
            f"{streams} derivatives of every unit, at most {MOST_STREAMS} are allowed. "
            "Use served=0, with which nn.DivergenceFree needs no jets."
        )
    return [jet_space(num_inputs, order + k) for k in range(served + 1)]


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
