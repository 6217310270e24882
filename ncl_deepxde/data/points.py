"""Points that DeepXDE trains at, and what its callbacks and files ask of them."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from typing import Any

import deepxde as dde
import numpy as np
import torch
from torch import Tensor

__all__ = ["FixedPoints", "FreshData", "Points", "numpy_points"]


class Points(Tensor):
    """Points on the device that ``dde.saveplot`` can write.

    DeepXDE asks its inputs for gradients, and NumPy refuses tensors that have them.
    """

    __torch_function__: Any = torch._C._disabled_torch_function_impl

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """Return a copy for NumPy, without gradients."""
        return self.detach().cpu().numpy().astype(dtype or None, copy=bool(copy))


class FixedPoints(Points):
    """Points that nothing is differentiated by.

    DeepXDE asks the inputs of every network for gradients, upon which exact networks
    would prepare derivatives that nobody needs here.
    """

    def requires_grad_(self, requires_grad: bool = True) -> FixedPoints:
        """Stay as they are."""
        return self

    def __getitem__(self, index: Any) -> FixedPoints:
        """Stay what they are: ``dde.saveplot`` draws single columns."""
        found: FixedPoints = super().__getitem__(index).as_subclass(FixedPoints)
        return found


class FreshData(dde.data.Data):  # type: ignore[misc]
    """Data that are new at every step, whatever DeepXDE's resampling asks for."""

    @property
    @abstractmethod
    def num_bcs(self) -> list[int]:
        """Number of points of each condition, for ``dde.callbacks``."""

    def resample_train_points(
        self, pde_points: bool = True, bc_points: bool = True
    ) -> None:
        """Do nothing but say so: ``dde.callbacks.PDEPointResampler`` is not needed."""
        warnings.warn(
            f"PDEPointResampler has no effect on {type(self).__name__}: its points are "
            "new at every step by themselves. Leave the callback out; where there is "
            "an argument resample_every, it sets how long points stay.",
            stacklevel=2,
        )


def numpy_points(points: Tensor) -> np.ndarray[Any, Any]:
    """Return points for DeepXDE's test, which draws them and writes them to files."""
    found: np.ndarray[Any, Any] = points.detach().cpu().numpy()
    return found
