r"""Networks evaluated on jets: an embedding of the inputs, then dense layers.

The outputs are *potentials*, whose derivatives make up a divergence-free field, and
free extra channels (pressure, say).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import deepxde as dde
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ..jets.activations import Activation
from ..jets.dense import dense
from ..jets.jets import MultiIndex, StreamTable, jet_of_callable
from ..jets.pointwise import PointwiseCheck, check_torch
from .input_scaling import InputScaling

__all__ = ["Embedding", "PotentialNetwork"]

Initializer = Callable[[Tensor], Any]


class Embedding(torch.nn.Module):
    r"""Features of the coordinates: periodic axes on circles, the others as they are.

    An axis of period :math:`L` becomes :math:`\cos(2\pi k x/L), \sin(2\pi k x/L)` for
    :math:`k = 1, \ldots,` ``harmonics``, so that every function of the features is
    exactly periodic. All derivatives are known: with :math:`\omega = 2\pi k/L`,
    :math:`\partial^n \cos(\omega x + \varphi)
    = \omega^n \cos(\omega x + \varphi + n\pi/2)`.

    Args:
        periods: Period of each input axis, ``None`` where not periodic.
        harmonics: Number of harmonics of a periodic axis.
    """

    axis: Tensor
    omega: Tensor
    phase: Tensor
    slots: Tensor
    used: Tensor

    def __init__(self, periods: Sequence[float | None], harmonics: int) -> None:
        super().__init__()
        axis: list[int] = []
        omega: list[float] = []
        phase: list[float] = []
        for i, period in enumerate(periods):
            if period is None:
                axis, omega, phase = [*axis, i], [*omega, 0.0], [*phase, 0.0]
                continue
            for k in range(1, harmonics + 1):
                axis += [i, i]
                omega += [2 * math.pi * k / period] * 2
                phase += [0.0, -math.pi / 2]
        for name, values in ("omega", omega), ("phase", phase):
            constant = torch.as_tensor(values, dtype=torch.float64)
            self.register_buffer(name, constant, persistent=False)
        self.register_buffer("axis", torch.as_tensor(axis), persistent=False)
        self.is_identity = all(period is None for period in periods)
        self._sort_by_axis(len(periods))

    def _sort_by_axis(self, num_axes: int) -> None:
        """Store the features of each axis, (axes, most features), and which count."""
        found = [(self.axis == i).nonzero()[:, 0] for i in range(num_axes)]
        slots = torch.nn.utils.rnn.pad_sequence(found, batch_first=True)
        numbers = torch.as_tensor([len(features) for features in found])
        used = torch.arange(slots.shape[1]) < numbers[:, None]
        self.register_buffer("slots", slots, persistent=False)
        self.register_buffer("used", used, persistent=False)

    @property
    def num_features(self) -> int:
        """Number of features."""
        return len(self.axis)

    def derivatives(self, inputs: Tensor, order: int) -> list[Tensor]:
        """Return the features and their derivatives along their axes, each (N, F)."""
        x = inputs[:, self.axis]
        return [self._derivative(x, n) for n in range(order + 1)]

    def jet(
        self, inputs: Tensor, space: StreamTable, steps: Sequence[float] | None = None
    ) -> Tensor:
        r"""Return the streams of the features, shape (S, N, features).

        Args:
            inputs: Coordinates, shape (N, dim).
            space: Tables of the jet.
            steps: Lengths :math:`L_i` by which the coordinates have been divided, if
                the derivatives wanted are those by :math:`L_i` times them.
        """
        orders = self.derivatives(inputs, space.order)
        lengths = [1.0] * space.dim if steps is None else steps
        streams = []
        for first, *others in space.streams:
            stream = self._along(orders, first, lengths)
            for alpha in others:
                stream = stream + self._along(orders, alpha, lengths)
            streams.append(stream)
        return torch.stack(streams)

    def _along(
        self, orders: list[Tensor], alpha: MultiIndex, lengths: Sequence[float]
    ) -> Tensor:
        """Return one derivative of the features, given those along their axes."""
        support = [i for i, count in enumerate(alpha) if count]
        if not support:
            return orders[0]
        if len(support) == 1:
            (i,) = support
            mask = (self.axis == i).to(orders[0].dtype) * lengths[i] ** -alpha[i]
            return orders[alpha[i]] * mask
        return torch.zeros_like(orders[0])

    def _derivative(self, x: Tensor, n: int) -> Tensor:
        phase = (self.phase + n * (math.pi / 2)).to(x.dtype)
        angle = self.omega.to(x.dtype) * x + phase
        plain = x if n == 0 else torch.full_like(x, float(n == 1))
        amplitude = (self.omega**n).to(x.dtype)
        return torch.where(self.omega > 0, amplitude * torch.cos(angle), plain)


class PotentialNetwork(torch.nn.Module):
    """A multilayer perceptron whose evaluation carries a jet.

    Args:
        layer_sizes: Hidden widths and the number of outputs, without the inputs.
        activations: Activations, one per hidden layer.
        kernel_initializer: DeepXDE's name of the initializer of the weights, or a
            function that fills a tensor in place.
        embedding: Features of the scaled inputs.
        scaling: Map from the inputs to the scaled ones; by default they are the same.

    The output layer has no bias: a constant added to a potential changes no
    derivative, so its gradient would vanish for ever.
    """

    def __init__(
        self,
        layer_sizes: Sequence[int],
        activations: Sequence[Activation],
        kernel_initializer: str | Initializer,
        embedding: Embedding,
        scaling: InputScaling | None = None,
    ) -> None:
        super().__init__()
        self.embedding = embedding
        unit = [1.0] * len(embedding.slots)
        self.scaling = scaling or InputScaling([0.0] * len(unit), unit)
        self.transform: Callable[[Tensor], Tensor] | None = None
        self._check = PointwiseCheck("transform", is_kept=False)
        self.activations = list(activations)
        self._initialize = _initializer(kernel_initializer)
        sizes = [embedding.num_features, *layer_sizes]
        self.linears = torch.nn.ModuleList(
            self._linear(sizes[i], sizes[i + 1], bias=i < len(sizes) - 2)
            for i in range(len(sizes) - 1)
        )
        for j, activation in enumerate(self.activations):
            if activation.module is not None:
                self.add_module(f"activation{j}", activation.module)

    def layers(self) -> list[torch.nn.Linear]:
        """Return the hidden layers and the output layer."""
        return [layer for layer in self.linears if isinstance(layer, torch.nn.Linear)]

    def _linear(self, num_in: int, num_out: int, bias: bool) -> torch.nn.Linear:
        linear = torch.nn.Linear(num_in, num_out, bias, dtype=dde.config.real(torch))
        self._initialize(linear.weight)
        if bias:
            torch.nn.init.zeros_(linear.bias)
        return linear

    def set_transform(
        self, transform: Callable[[Tensor], Tensor], num_inputs: int
    ) -> None:
        """Let a function of the inputs take the place of embedding and scaling.

        The first layer is made anew where the number of features has changed.

        Args:
            transform: Smooth function (N, num_inputs) -> (N, features), row by row.
            num_inputs: Number of columns of the inputs.

        Raises:
            ValueError: The function fails on a probe or returns another shape.
        """
        first = self.layers()[0]
        features = _probed(transform, num_inputs, first.weight)
        self.transform = transform
        self._check = PointwiseCheck("transform", is_kept=False)
        if features.shape[1] != first.in_features:
            linear = self._linear(features.shape[1], first.out_features, bias=True)
            self.linears[0] = linear.to(first.weight)

    def check_transform(self, inputs: Tensor) -> None:
        """Check that the transform takes each point by itself, at its first points.

        Args:
            inputs: Points, shape (N, num_inputs).

        Raises:
            ValueError: It looks at the whole batch.
        """
        if self.transform is not None:
            self._check(self.transform, inputs)

    def jet(self, inputs: Tensor, space: StreamTable) -> Tensor:
        """Return the streams of the outputs, shape (S, N, outputs).

        Args:
            inputs: Points, shape (N, dim).
            space: Tables of the jet.
        """
        if self.transform is None:
            h = self.embedding.jet(self.scaling(inputs), space, self.scaling.steps)
        else:
            self.check_transform(inputs)
            h = jet_of_callable(self.transform, inputs, space)
        *hidden, last = self.layers()
        for linear, activation in zip(hidden, self.activations, strict=True):
            h = dense(h, linear.weight, linear.bias, activation, space)
        return torch.nn.functional.linear(h, last.weight)


class _NoEmptySlices(TorchFunctionMode):
    """While active, a slice beyond the last column is an error, not an empty tensor."""

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        if isinstance(out, Tensor) and 0 in out.shape:
            raise IndexError("a slice is empty")
        return out


def _probed(
    transform: Callable[[Tensor], Tensor], num_inputs: int, like: Tensor
) -> Tensor:
    """Return the features at two points, or say what is wrong with the transform."""
    probe = torch.full((2, num_inputs), 0.5).to(like)
    check_torch("transform", transform, probe)
    try:
        with _NoEmptySlices():
            features = transform(probe)
    except (IndexError, RuntimeError) as error:
        raise ValueError(
            f"transform: must take inputs of shape (N, {num_inputs}), time last, "
            f"but failed on one: {error}. Columns are 0 to {num_inputs - 1}."
        ) from error
    shape = tuple(features.shape) if isinstance(features, Tensor) else type(features)
    if not isinstance(features, Tensor) or features.ndim != 2 or len(features) != 2:
        raise ValueError(
            "transform: must map (N, dim) to (N, features), but mapped (2, "
            f"{num_inputs}) to {shape}. Keep columns with x[:, i:i+1] and join them "
            "with torch.cat(..., dim=1)."
        )
    return features


def _initializer(identifier: str | Initializer) -> Initializer:
    try:
        found: Initializer = dde.nn.initializers.get(identifier)
    except (KeyError, ValueError):
        raise ValueError(
            "kernel_initializer: must be a name that DeepXDE knows or a function that "
            f"fills a tensor, got {identifier!r}. Use for example 'Glorot normal'."
        ) from None
    return found
