"""DeepXDE networks that refuse the transforms which would break what they promise."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn, Self

import deepxde as dde
import torch

from ...jets.served import as_it_is

__all__ = ["FixedNet", "FixedOutputs", "uncompiled"]


class FixedOutputs(dde.nn.pytorch.NN):  # type: ignore[misc]
    """A network whose outputs must stay as they are.

    Attributes:
        why_no_output_transform: Reason and remedy, for the message.
    """

    why_no_output_transform: ClassVar[str] = (
        "would break the conservation law, which holds for the outputs as they are. "
        "Transform quantities in the pde function instead."
    )

    _to_thaw: list[torch.nn.Parameter] | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Evaluate the network; ``torch.compile`` takes it as it is."""
        return self._call_as_it_is(*args, **kwargs)

    # Not __call__ itself: torch before 2.10 unwraps what it is given to compile.
    @as_it_is
    def _call_as_it_is(self, *args: Any, **kwargs: Any) -> Any:
        return super().__call__(*args, **kwargs)

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Leave the network as it is, as ``torch.compile`` does."""

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Freeze all parameters; or thaw what this froze before, else all of them.

        Every test pass of ``dde.Model`` freezes the network and thaws it: parameters
        that the user has frozen stay so.
        """
        if not requires_grad:
            trained = [p for p in self.parameters() if p.requires_grad]
            self._to_thaw = trained or self._to_thaw
        elif self._to_thaw is not None:
            for p in self._to_thaw:
                p.requires_grad_()
            self._to_thaw = None
            return self
        super().requires_grad_(requires_grad)
        return self

    def apply_output_transform(self, transform: Any) -> NoReturn:
        """Refuse a transform of the outputs, which would break what they promise."""
        raise ValueError(f"apply_output_transform: {self.why_no_output_transform}")


class FixedNet(FixedOutputs):
    """A network whose inputs must stay as they are, too.

    Attributes:
        why_no_feature_transform: Reason and remedy, for the message.
    """

    why_no_feature_transform: ClassVar[str]

    def apply_feature_transform(self, transform: Any) -> NoReturn:
        """Refuse a transform of the inputs, which have a meaning for the network."""
        raise ValueError(f"apply_feature_transform: {self.why_no_feature_transform}")


def uncompiled(net: torch.nn.Module) -> torch.nn.Module:
    """Return the network that ``torch.compile`` wrapped, if it takes it as it is."""
    if isinstance(net, FixedOutputs):
        return net
    inner = net._modules.get("_orig_mod") if isinstance(net, torch.nn.Module) else None
    return inner if isinstance(inner, FixedOutputs) else net
