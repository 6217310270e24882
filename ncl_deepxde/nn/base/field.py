"""The base of all networks whose outputs are sums of derivatives of potentials."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import deepxde as dde
import torch
from torch import Tensor

from ...jets.jets import JetSpace, jet_space
from ...jets.served import serve
from ...jets.snapshot import Snapshot, weights_state
from ...potentials.readout import Readout
from .checks import check_choice, check_dtype, check_streams
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
        served: Number of derivatives of the outputs that come without autograd.
        fixed: Constant parts of the outputs that are not trained, (C,), 0 elsewhere.
        bias: Constant parts that are trained.
        network: The perceptron.

    Raises:
        ValueError: An argument is out of its range.
    """  # noqa: D205

    why_no_output_transform = (
        "would break div(flux) = 0, which holds for the outputs as they are. Transform "
        "quantities in the pde function instead, or the inputs by "
        "apply_feature_transform."
    )

    fixed: Tensor
    trained: Tensor
    _complete: Callable[[list[Tensor], Tensor], list[Tensor]] | None = None

    def __init__(self, layers: Layers, spec: FieldSpec) -> None:
        super().__init__()
        dim, outputs = len(layers.periods), spec.outputs
        check_choice("served", spec.served, (0, 1, 2))
        if spec.base is not None:
            spec.base.check(dim, len(outputs.components), spec.served)
        self.regularizer = layers.regularization
        self.num_inputs, self.periods, self.served = dim, layers.periods, spec.served
        self._contraction = None if spec.served else spec.contraction
        self._spaces: list[JetSpace] = []
        if self._contraction is None:
            self._spaces = _jet_spaces(dim, outputs.order, spec.served)
        self._ansatz, self._base = spec.ansatz, spec.base
        if spec.base is not None:
            remember_predecessor(self, spec.base)
        num_fixed = 0 if spec.ansatz is None else spec.ansatz.num_fixed
        self._readouts = torch.nn.ModuleList(
            Readout(outputs.components, spec.num_channels + num_fixed, space, level)
            for level, space in enumerate(self._spaces)
        )
        self.network = layers.network(spec.num_channels)
        self._register_constants(spec.all_constants)
        self._convert: Callable[[list[Tensor]], list[Tensor]] | None = None

    def _register_constants(self, constants: Sequence[Constant]) -> None:
        real = dde.config.real(torch)
        values = torch.as_tensor([c.value for c in constants], dtype=real)
        trained = torch.as_tensor([c.is_trained for c in constants])
        self.register_buffer("fixed", values.masked_fill(trained, 0.0))
        self.register_buffer("trained", trained.nonzero()[:, 0], persistent=False)
        self.bias = torch.nn.Parameter(values[trained])

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

    def state(self) -> Snapshot:
        """Return the values that the outputs depend on besides the inputs.

        Those of the earlier networks that this one goes on from count too.
        """
        weights = weights_state(self)
        return weights if self._base is None else weights + self._base.state()

    def apply_feature_transform(self, transform: Callable[[Tensor], Tensor]) -> None:
        """Compute the features by a smooth function (N, dim) -> (N, features).

        What the field has by construction stays: the transform acts below the
        potentials. The first layer adapts to the number of features, so call this
        before ``dde.Model.compile``.

        Raises:
            ValueError: The network already embeds periodic axes, or the transform does
                not fit the inputs.
        """
        if any(period is not None for period in self.periods):
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
                levels = [new + old for new, old in zip(levels, earlier, strict=True)]
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
    argument, remedy = "served", "Use served=0, which leaves derivatives to autograd."
    if served == 0:
        argument, remedy = "layer_sizes", "Use a lower order or fewer inputs."
    check_streams(argument, num_inputs, order + served, remedy)
    return [jet_space(num_inputs, order + k) for k in range(served + 1)]
