r"""Features of the coordinates with their tangents, for ``contractions``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import grad, jacrev, vmap

from .network import Embedding, PotentialNetwork

__all__ = ["Features", "features_of"]


class Features(ABC):
    r"""Features :math:`e(x)` at N points, and what their derivatives do.

    Attributes:
        value: The features, (N, F).
    """

    value: Tensor

    @abstractmethod
    def push(self, weight: Tensor) -> Tensor:
        r"""Return the tangents :math:`W\,\partial_j e`, shape (N, n, width).

        The shape is (1, n, width) where they are the same at all points.

        Args:
            weight: Weight W of the first layer, shape (width, F).
        """

    @abstractmethod
    def laplacian(self) -> Tensor:
        r"""Return :math:`\Delta e`, shape (N, F)."""

    @abstractmethod
    def pull(self, weight: Tensor, z_bar: Tensor, Z_bar: Tensor) -> Tensor:
        r"""Return the gradient by the inputs, the tangents transposed, shape (N, n).

        .. math:: \nabla_x \Big(\bar z \cdot We
            + \sum_j \bar Z_j \cdot W\,\partial_j e\Big)

        Args:
            weight: Weight of the first layer, shape (width, F).
            z_bar: Derivative by :math:`z = We`, shape (N, width).
            Z_bar: Derivative by the tangents of :math:`z`, shape (N, n, width).
        """


class AxisFeatures(Features):
    """Features that depend on one coordinate each, as those of ``Embedding``.

    Args:
        embedding: Embedding that computes the features.
        inputs: Points, shape (N, n).
    """

    def __init__(self, embedding: Embedding, inputs: Tensor) -> None:
        self.slots, self.used = embedding.slots, embedding.used.to(inputs.dtype)
        self.value, self._first, self._second = embedding.derivatives(inputs, 2)

    def _by_axis(self, features: Tensor) -> Tensor:
        """Sort features (N, F) by axis, (N, n, m), padded where an axis has fewer."""
        taken = features.index_select(1, self.slots.flatten())
        return taken.reshape(-1, *self.slots.shape) * self.used

    def _rows(self, weight: Tensor) -> Tensor:
        """Sort the columns of a weight (width, F) by axis, (n, m, width)."""
        columns = weight.T.index_select(0, self.slots.flatten())
        return columns.reshape(*self.slots.shape, -1)

    def push(self, weight: Tensor) -> Tensor:
        """See ``Features``."""
        slope, rows = self._by_axis(self._first), self._rows(weight)
        terms = zip(slope.unbind(2), rows.unbind(1), strict=True)
        first, *others = (s[:, :, None] * row for s, row in terms)
        return sum(others, first)

    def laplacian(self) -> Tensor:
        """See ``Features``."""
        return self._second

    def pull(self, weight: Tensor, z_bar: Tensor, Z_bar: Tensor) -> Tensor:
        """See ``Features``."""
        rows = self._rows(weight)
        by_value = self._by_axis(z_bar @ weight) * self._by_axis(self._first)
        by_slope = torch.einsum("pjw,jmw->pjm", Z_bar, rows)
        return (by_value + by_slope * self._by_axis(self._second)).sum(2)


class Coordinates(Features):
    """The coordinates themselves.

    Args:
        inputs: Points, shape (N, n).
    """

    def __init__(self, inputs: Tensor) -> None:
        self.value = inputs

    def push(self, weight: Tensor) -> Tensor:
        """See ``Features``."""
        return weight.T[None]

    def laplacian(self) -> Tensor:
        """See ``Features``."""
        return torch.zeros_like(self.value)

    def pull(self, weight: Tensor, z_bar: Tensor, Z_bar: Tensor) -> Tensor:
        """See ``Features``."""
        return z_bar @ weight


class CallableFeatures(Features):
    """Features by any smooth pointwise function, differentiated by ``torch.func``.

    Args:
        function: Function from (N, n) to (N, F), row by row.
        inputs: Points, shape (N, n).
    """

    def __init__(self, function: Callable[[Tensor], Tensor], inputs: Tensor) -> None:
        self.function, self.inputs = function, inputs
        self.value = function(inputs)

    def _single(self, x: Tensor) -> Tensor:
        return self.function(x[None])[0]

    def _tangents(self, inputs: Tensor) -> Tensor:
        J: Tensor = vmap(jacrev(self._single))(inputs)
        return J.transpose(1, 2)

    def push(self, weight: Tensor) -> Tensor:
        """See ``Features``."""
        return self._tangents(self.inputs) @ weight.T

    def laplacian(self) -> Tensor:
        """See ``Features``."""
        H: Tensor = vmap(jacrev(jacrev(self._single)))(self.inputs)
        return H.diagonal(dim1=2, dim2=3).sum(2)

    def pull(self, weight: Tensor, z_bar: Tensor, Z_bar: Tensor) -> Tensor:
        """See ``Features``."""
        e_bar, E_bar = z_bar @ weight, Z_bar @ weight

        def pairing(x: Tensor) -> Tensor:
            return (e_bar * self.function(x)).sum() + (E_bar * self._tangents(x)).sum()

        pulled: Tensor = grad(pairing)(self.inputs)
        return pulled


def features_of(network: PotentialNetwork, inputs: Tensor) -> Features:
    """Return the features of a network at scaled inputs (N, n)."""
    transform = network.transform
    if transform is not None:
        scaling = network.scaling
        network.check_transform(scaling.inverse(inputs))
        return CallableFeatures(lambda x: transform(scaling.inverse(x)), inputs)
    if network.embedding.is_identity:
        return Coordinates(inputs)
    return AxisFeatures(network.embedding, inputs)
