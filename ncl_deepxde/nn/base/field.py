"""The base of all networks whose outputs are sums of derivatives of potentials."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import deepxde as dde
import torch
from torch import Tensor

from ...jets.served import Demand, serve_demand
from ...jets.snapshot import Snapshot, weights_state
from ...potentials.levels import Levels
from .checks import MOST_STREAMS, check_choice, check_dtype, check_streams, num_streams
from .conversion import Conversion
from .fixed import FixedOutputs
from .predecessor import Predecessor
from .saved_predecessor import remember_predecessor
from .spec import Constant, FieldSpec, Layers

__all__ = ["FieldNet"]


class FieldNet(FixedOutputs):
    r"""A DeepXDE network with outputs :math:`y_c = \bar y_c + \sum \pm\partial^\alpha
    a_k` of the channels :math:`a_k` of one multilayer perceptron.

    Subclasses choose the summands; everything else is here: jets, served derivatives,
    DeepXDE's hooks. Calling the network on inputs (N, dim) gives (N, C).

    Args:
        layers: Layers below the channels.
        spec: Outputs as derivatives of the channels.

    Attributes:
        num_inputs: Number of columns of the inputs, dim.
        periods: Period of each input axis, ``None`` where not periodic.
        units: Units of inputs and outputs, if there are scales.
        fixed: Constant parts of the outputs that are not trained, (C,), 0 elsewhere.
        bias: Constant parts that are trained, in units of the sizes of their outputs.
        most_order: Most derivatives of the outputs that may ever be served.
        network: The perceptron.

    Raises:
        ValueError: An argument is out of its range.
    """  # noqa: D205

    why_no_output_transform = (
        "would break div(flux) = 0, which holds for the outputs as they are. Transform "
        "quantities in the pde function instead, or the inputs by "
        "apply_feature_transform."
    )

    why_no_feature_transform: ClassVar[str] = ""
    fixed: Tensor
    trained: Tensor
    _sizes: Tensor
    most_order: ClassVar[float] = math.inf
    _complete: Callable[[list[Tensor], Tensor], list[Tensor]] | None = None
    _given: Callable[[Tensor], None] | None = None

    def __init__(self, layers: Layers, spec: FieldSpec) -> None:
        super().__init__()
        dim, outputs = len(layers.periods), spec.outputs
        check_choice("served", spec.served, (None, 0, 1, 2))
        self._is_automatic = spec.served is None
        self._demand = Demand(1 if spec.served is None else spec.served)
        if spec.base is not None:
            spec.base.check(dim, len(outputs.components), self.served)
        self.regularizer = layers.regularization
        self.num_inputs, self.periods, self.units = dim, layers.periods, layers.units
        self._contraction = None if self.served else spec.contraction
        if self._contraction is None:
            _check_size(dim, outputs.order, self.served)
        self._ansatz, self._base = spec.ansatz, spec.base
        if spec.base is not None:
            remember_predecessor(self, spec.base)
        num_fixed = 0 if spec.ansatz is None else spec.ansatz.num_fixed
        self._outputs, self._num_channels = outputs, spec.num_channels + num_fixed
        self._readers = torch.nn.ModuleDict()
        self.network = layers.network(spec.num_channels)
        self._register_constants(spec.all_constants, spec.all_sizes)
        if self._contraction is None:
            for order in range(self.served + 1):
                self._reader(Demand(order))
        self._convert: Conversion | None = None

    def _register_constants(
        self, constants: Sequence[Constant], sizes: Sequence[float]
    ) -> None:
        real = dde.config.real(torch)
        values = torch.as_tensor([c.value for c in constants], dtype=real)
        trained = torch.as_tensor([c.is_trained for c in constants])
        self.register_buffer("fixed", values.masked_fill(trained, 0.0))
        self.register_buffer("trained", trained.nonzero()[:, 0], persistent=False)
        self.bias = torch.nn.Parameter(values[trained])
        exact = torch.as_tensor(sizes, dtype=torch.float64)
        self.register_buffer("_sizes", exact[trained], persistent=False)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the outputs, (N, C), for inputs (N, dim), derivatives served."""
        return self._serve(inputs, self._convert)

    def _serve(self, inputs: Tensor, convert: Conversion | None) -> Tensor:
        def evaluate(x: Tensor, demand: Demand) -> list[Tensor]:
            levels = self._levels(x, demand)
            return levels if convert is None else convert(levels, axes=demand.axes)

        rise = self._rise if self._is_automatic else None
        return serve_demand(
            evaluate, self._checked(inputs), self._demand, self.snapshot, rise
        )

    @property
    def served(self) -> int:
        """Number of derivatives of the outputs that come without autograd."""
        return self._demand.order

    @property
    def most_served(self) -> int:
        """Number of derivatives that would be served if they were asked for."""
        return 2 if self._is_automatic and self._offers(Demand(2)) else self.served

    def _offers(self, demand: Demand) -> bool:
        """Tell whether the field can be evaluated with what a demand names."""
        order = 2 if demand.axes else demand.order
        is_continued = self._base is not None and self._base.most_served < order
        can_complete = not demand.axes or self._complete is None
        streams = num_streams(self.num_inputs, self._outputs.order + order)
        is_too_high = order > self.most_order or streams > MOST_STREAMS
        return can_complete and not is_continued and not is_too_high

    def _rise(self, demand: Demand) -> bool:
        """Serve a demand from now on, together with what was served, if possible."""
        if not self._offers(demand):
            return False
        are_both_laplacians = demand.axes and self._demand.axes not in ((), demand.axes)
        self._demand = Demand(2) if are_both_laplacians else demand
        return True

    @property
    def start(self) -> Any:
        """The hard start as it was given: an ``InitialState``, for example."""
        return getattr(self._given, "initial", None)

    @property
    def predecessor(self) -> Predecessor | None:
        """The earlier network that this one goes on from, if there is one."""
        return self._base

    def snapshot(self) -> Snapshot:
        """Return the values that the outputs depend on besides the inputs.

        Those of the earlier networks that this one goes on from count too.
        """
        weights = weights_state(self)
        return weights if self._base is None else weights + self._base.snapshot()

    def apply_feature_transform(self, transform: Callable[[Tensor], Tensor]) -> None:
        """Compute the features by a smooth function (N, dim) -> (N, features).

        What the field has by construction stays: the transform acts below the
        potentials. It takes the inputs as they are, also beside ``scales``. The first
        layer adapts to the number of features, so call this before
        ``dde.Model.compile``.

        Raises:
            ValueError: The network already embeds periodic axes or has no features of
                its inputs, or the transform does not fit the inputs.
        """
        why_not = self.why_no_feature_transform
        if why_not:
            raise ValueError(f"apply_feature_transform: {why_not}")
        if any(period is not None for period in self.periods):
            raise ValueError(
                "apply_feature_transform: the network already embeds its periodic "
                "axes. Build it with periods=None and embed them in the transform."
            )
        self.network.set_transform(transform, self.num_inputs)
        self._input_transform = transform

    def _levels(self, inputs: Tensor, demand: Demand) -> list[Tensor]:
        """Return the outputs and what a demand names, by jets."""
        with torch.autocast(inputs.device.type, enabled=False):
            if self._contraction is not None:
                return [self._contraction(self.network, inputs) + self._constants()]
            reader = self._reader(demand)
            streams = self.network.jet(inputs, reader.space)
            if self._given is not None:
                self._given(inputs)
            if self._ansatz is not None:
                streams = self._ansatz(streams, inputs, reader.space)
            levels: list[Tensor] = reader(streams)
            levels[0] = levels[0] + self._constants()
            if self._base is not None:
                earlier = _levels_of(self._base, inputs, demand)
                levels = [new + old for new, old in zip(levels, earlier, strict=True)]
            return levels if self._complete is None else self._complete(levels, inputs)

    def _reader(self, demand: Demand) -> Levels:
        """Return the way from the jet to what a demand names, made when needed."""
        key = f"{demand.order}:{demand.axes}"
        if key not in self._readers:
            table = self._outputs, self._num_channels, self.num_inputs
            with torch.inference_mode(False):
                self._readers[key] = Levels(*table, demand).to(self.bias.device)
        reader = self._readers[key]
        assert isinstance(reader, Levels)
        return reader

    def _constants(self) -> Tensor:
        trained = self.bias * self._sizes.to(self.bias.dtype)
        return self.fixed.index_add(0, self.trained, trained)

    def _checked(self, inputs: Tensor) -> Tensor:
        if inputs.ndim != 2 or inputs.shape[1] != self.num_inputs:
            raise ValueError(
                f"inputs: must have shape (N, {self.num_inputs}), got "
                f"{tuple(inputs.shape)}. The first entry of layer_sizes counts the "
                "columns, time last."
            )
        check_dtype("inputs", inputs, self.bias.dtype)
        return inputs


def _check_size(num_inputs: int, order: int, served: int) -> None:
    """Raise ``ValueError`` if jets of so many derivatives are too large."""
    argument, remedy = "served", "Use served=0, which leaves derivatives to autograd."
    if served == 0:
        argument, remedy = "layer_sizes", "Use a lower order or fewer inputs."
    check_streams(argument, num_inputs, order + served, remedy)


def _levels_of(base: Predecessor, inputs: Tensor, demand: Demand) -> list[Tensor]:
    """Return the outputs of an earlier network and what a demand names."""
    if not demand.axes:
        return base.levels(inputs, demand.order)
    *levels, second = base.levels(inputs, 2)
    diagonal = second.diagonal(dim1=-2, dim2=-1)
    return [*levels, diagonal[..., list(demand.axes)].sum(-1)]
