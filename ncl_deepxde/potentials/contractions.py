r"""Divergence-free fields in many dimensions, by contracted tangents.

A field on :math:`\mathbb{R}^n` needs few of the many derivatives of its potentials
:math:`a = W h`. One tangent :math:`\partial_j h` per axis goes through the hidden
layers; the last layer takes of the tangent of axis :math:`j` only what belongs to it:

.. math:: v_i = \sum_j \partial_j A_{ij} = \sum_j W_{ij} \cdot \partial_j h, \qquad
    W_{ij} = -W_{ji},

one product of matrices. In the vector construction, :math:`v_i = \Delta b_i -
\partial_i \operatorname{div} b`, one more stream carries :math:`\Delta h`, and one pass
backward, written out here, differentiates :math:`\operatorname{div} b = \sum_j W_j
\cdot \partial_j h`. For n axes, hidden width w and L hidden layers a point costs
:math:`O(n w (L w + n))` operations and memory for :math:`O(L n w)` numbers.

Everything is made of plain differentiable operations: autograd and ``torch.func``
differentiate the field to any order, by inputs and parameters.

References:
    C. Li et al., Forward Laplacian (2023), https://arxiv.org/abs/2307.08214, for the
    Laplacian in one stream.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from .features import Features, features_of
from .network import PotentialNetwork

__all__ = ["Contraction", "matrix_field", "vector_field"]


class Contraction(Protocol):
    """A field in many dimensions, computed without the jets of its potentials."""

    def __call__(
        self, network: PotentialNetwork, inputs: Tensor, scale: float
    ) -> Tensor:
        """Return the field times a number, then the free channels, (N, n + extras).

        Args:
            network: Network whose outputs are the potentials and free channels.
            inputs: Points, shape (N, n).
            scale: Number that multiplies the field.
        """
        ...


@dataclass(frozen=True)
class _Layer:
    r"""A hidden layer :math:`h = \sigma(z)` with the tangents of :math:`z`.

    Attributes:
        weight: Weight of the layer, shape (out, in).
        slopes: Derivatives :math:`\sigma, \sigma', \ldots` at :math:`z`, each (N, out).
        Z: Tangents :math:`\partial_j z`, shape (N, n, out).
    """

    weight: Tensor
    slopes: list[Tensor]
    Z: Tensor

    def push(self, Z: Tensor) -> Tensor:
        r"""Return :math:`\partial_j h = \sigma'(z)\,\partial_j z`, (N, n, out)."""
        return self.slopes[1][:, None] * Z


def _layers(
    network: PotentialNetwork, features: Features, order: int
) -> Iterator[_Layer]:
    """Send the features and their tangents through the hidden layers, one by one."""
    *hidden, _ = network.layers()
    layer: _Layer | None = None
    for linear, activation in zip(hidden, network.activations, strict=True):
        weight = linear.weight
        if layer is None:
            h, Z = features.value, features.push(weight)
        else:
            h, Z = layer.slopes[0], layer.push(layer.Z) @ weight.T
        slopes = activation.derivatives(h @ weight.T + linear.bias, order)
        layer = _Layer(weight, slopes, Z)
        yield layer


def matrix_field(
    network: PotentialNetwork, inputs: Tensor, scale: float = 1.0
) -> Tensor:
    r"""Return :math:`v_i = c \sum_j \partial_j A_{ij}`, then the free channels.

    Args:
        network: Network whose outputs are the upper triangle of :math:`A`, row by row,
            and free channels.
        inputs: Points, shape (N, n).
        scale: The number c.
    """
    n = inputs.shape[1]
    for layer in _layers(network, features_of(network, inputs), 1):
        top = layer
    weight = network.layers()[-1].weight
    rows, sign = _antisymmetric(n, inputs)
    W = weight.index_select(0, rows).reshape(n, n, -1) * sign
    v = top.push(top.Z).flatten(1) @ W.flatten(1).T
    rest = weight[n * (n - 1) // 2 :]
    return torch.cat([scale * v, top.slopes[0] @ rest.T], dim=1)


def _antisymmetric(n: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Return the row of the weight (n n,) and the sign (n, n, 1) of each entry of A."""
    i, j = torch.triu_indices(n, n, 1, device=like.device)
    rows = torch.zeros(n, n, dtype=torch.long, device=like.device)
    rows[i, j] = rows[j, i] = torch.arange(len(i), device=like.device)
    sign = torch.ones(n, n, dtype=like.dtype, device=like.device).triu(1)
    return rows.flatten(), (sign - sign.T)[:, :, None]


def vector_field(
    network: PotentialNetwork, inputs: Tensor, scale: float = 1.0
) -> Tensor:
    r"""Return :math:`v = c\,(\Delta b - \nabla\operatorname{div} b)`, then the rest.

    Args:
        network: Network whose outputs are the n potentials :math:`b` and free channels.
        inputs: Points, shape (N, n).
        scale: The number c.
    """
    n = inputs.shape[1]
    features = features_of(network, inputs)
    layers = list(_layers(network, features, 2))
    weight = network.layers()[-1].weight
    laplacian = _laplacian(features, layers) @ weight[:n].T
    v = laplacian - _gradient_of_divergence(features, layers, weight[:n])
    return torch.cat([scale * v, layers[-1].slopes[0] @ weight[n:].T], dim=1)


def _laplacian(features: Features, layers: list[_Layer]) -> Tensor:
    r"""Return :math:`\Delta h`, (N, width), of the last hidden layer.

    .. math:: \Delta\sigma(z) = \sigma'(z)\,\Delta z
        + \sigma''(z) \sum_j (\partial_j z)^2
    """
    stream = features.laplacian()
    for layer in layers:
        _, first, second = layer.slopes
        squares = (layer.Z * layer.Z).sum(1)
        stream = first * (stream @ layer.weight.T) + second * squares
    return stream


def _gradient_of_divergence(
    features: Features, layers: list[_Layer], weight: Tensor
) -> Tensor:
    r"""Return :math:`\partial_i \sum_j W_j \cdot \partial_j h`, (N, n).

    Backward through :math:`h = \sigma(z)`, :math:`\partial_j h = \sigma'(z)\,\partial_j
    z`, where a bar marks the derivative by a quantity:

    .. math:: \overline{\partial_j z} = \sigma'(z)\, \overline{\partial_j h}, \qquad
        \bar z = \sigma'(z)\, \bar h
        + \sigma''(z) \sum_j \partial_j z\, \overline{\partial_j h} .
    """
    h_bar, H_bar = torch.zeros_like(layers[-1].slopes[0]), weight
    for layer in reversed(layers):
        _, first, second = layer.slopes
        z_bar = first * h_bar + second * (layer.Z * H_bar).sum(1)
        Z_bar = layer.push(H_bar)
        if layer is layers[0]:
            break
        h_bar, H_bar = z_bar @ layer.weight, Z_bar @ layer.weight
    return features.pull(layers[0].weight, z_bar, Z_bar)
