r"""The target of the Hodge decomposition: a gradient plus a divergence-free field.

On the flat torus :math:`\mathbb T^n` of period 2, the cube :math:`[-1, 1]^n` with
opposite faces identified, networks of the features :math:`e = (\cos\pi x, \sin\pi x)`
are exactly periodic:

.. math:: \hat v = \nabla w + \eta, \qquad
    w = c \cdot \sin(W_2 \sin(W_1 e)), \qquad
    \eta_i = \sum_j \partial_j A_{ij}, \quad A_{ij} = U_{ij} \cdot \sin(W e),
    \quad U_{ij} = -U_{ji} .

Derivatives of periodic functions have mean 0, so neither part has a harmonic (constant)
part, and the decomposition is unique. Both are written out in closed form, without the
networks of this package.

Sizes and scales are those of the released code of J. Richter-Powell et al., Neural
Conservation Laws (NeurIPS 2022), section 6, https://arxiv.org/abs/2210.01741. Its
embedding has the period :math:`\sqrt2`, which does not divide the cube it samples.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from ncl_deepxde.evaluation.metrics import Array
from ncl_deepxde.nn.base.checks import check_counts, check_positive

__all__ = ["PERIOD", "Target"]

PERIOD = 2.0
OMEGA = 2 * math.pi / PERIOD
# Factors of all weights, as released.
POTENTIAL_SCALE = 1.5
SOLENOIDAL_SCALE = 1.1
POINTS = 4096


class Target:
    r"""The field :math:`\hat v` and its two parts, frozen, in torch's default dtype.

    Args:
        dim: n, at least 2.
        gradient: Root mean square of :math:`\nabla w` in units of that of
            :math:`\eta`; as drawn (0.35 for n = 25, 0.17 for n = 100) if ``None``.
        seed: Seed of the weights.

    Attributes:
        dim: n.
        dtype: That of the weights and of all points.

    Raises:
        ValueError: An argument is out of its range.
    """

    SEED = 42

    def __init__(
        self, dim: int, *, gradient: float | None = None, seed: int = SEED
    ) -> None:
        check_counts(dim=(dim, 2), seed=(seed, 0))
        if gradient is not None:
            check_positive(gradient=gradient)
        self.dim = dim
        random = np.random.default_rng((seed, dim))
        scale = POTENTIAL_SCALE
        self._w1 = _weights(random, scale, 64, 2 * dim)
        self._w2 = _weights(random, scale, 64, 64)
        self._c = _weights(random, scale, 1, 64)[0]
        scale = SOLENOIDAL_SCALE
        self._w = _weights(random, scale, 128, 2 * dim)
        upper = np.triu_indices(dim, k=1)
        triangle = torch.zeros(dim, dim, 128)
        triangle[upper] = _weights(random, scale, len(upper[0]), 128)
        self.dtype = self._w.dtype
        self._u = (triangle - triangle.transpose(0, 1)).permute(2, 1, 0).flatten(0, 1)
        if gradient is not None:
            self._c = self._c * (gradient / self._relative_gradient(random))

    def __call__(self, x: Tensor) -> Tensor:
        r"""Return :math:`\hat v`, (N, n), at points (N, n); all a model may see."""
        return self.gradient(x) + self.solenoidal(x)

    def potential(self, x: Tensor) -> Tensor:
        """Return w, (N, 1), at points (N, n)."""
        z1 = _features(x) @ self._w1.T
        return (torch.sin(z1.sin() @ self._w2.T) @ self._c)[:, None]

    def gradient(self, x: Tensor) -> Tensor:
        r"""Return :math:`\nabla w`, (N, n), at points (N, n)."""
        z1 = _features(x) @ self._w1.T
        z2 = z1.sin() @ self._w2.T
        back = ((z2.cos() * self._c) @ self._w2 * z1.cos()) @ self._w1
        return _along_axes(x, back)

    def solenoidal(self, x: Tensor) -> Tensor:
        r"""Return :math:`\eta`, (N, n), at points (N, n)."""
        cos = (_features(x) @ self._w.T).cos()
        # d_j z_k, the derivative of the one pair of features of axis j.
        tangents = _along_axes(x[:, None, :], self._w)
        return (cos[:, :, None] * tangents).flatten(1) @ self._u

    def _relative_gradient(self, random: np.random.Generator) -> float:
        x = torch.as_tensor(random.uniform(-1, 1, (POINTS, self.dim)))
        x = x.to(self._w)
        return float(self.gradient(x).norm() / self.solenoidal(x).norm())


def _weights(
    random: np.random.Generator, scale: float, fan_out: int, fan_in: int
) -> Tensor:
    """Return normal numbers of the variance scale^2 / fan_in, (fan_out, fan_in)."""
    values: Array = scale / math.sqrt(fan_in) * random.normal(size=(fan_out, fan_in))
    return torch.as_tensor(values).to(
        torch.get_default_device(), torch.get_default_dtype()
    )


def _features(x: Tensor) -> Tensor:
    """Return the cosines and sines of all coordinates, (..., 2 n)."""
    return torch.cat([(OMEGA * x).cos(), (OMEGA * x).sin()], dim=-1)


def _along_axes(x: Tensor, g: Tensor) -> Tensor:
    """Return the derivative by x, (..., n), of g . e(x), where g is (..., 2 n)."""
    of_cos, of_sin = g.chunk(2, dim=-1)
    return OMEGA * ((OMEGA * x).cos() * of_sin - (OMEGA * x).sin() * of_cos)
