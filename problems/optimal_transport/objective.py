r"""The problem of Benamou and Brenier as an objective of sampled terms.

.. math:: W_2^2(\rho_0, \rho_1) = \min_{\rho, u} \int_0^1\!\!\int \rho\,|u|^2 \,dx\,dt,
    \qquad \partial_t\rho + \nabla\cdot(\rho u) = 0, \quad
    \rho(\cdot, 0) = \rho_0, \quad \rho(\cdot, 1) = \rho_1 .

Networks with exact continuity leave two conditions, the densities of both ends, which
become terms of a loss.

References:
    J. Richter-Powell et al., Neural Conservation Laws (NeurIPS 2022), section 7,
    https://arxiv.org/abs/2210.01741; F. Arend Torres et al., Lagrangian Flow Networks
    (ICLR 2024), section 5.2 and appendix A.5, https://arxiv.org/abs/2305.16846.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from typing import Any, TypeAlias

import torch
from torch import Tensor

from ncl_deepxde.data import kronecker_box

from .densities import GaussianMixture, checked_pair, tabulated

__all__ = ["TERMINALS", "BenamouBrenier", "half_side", "kinetic_energy"]

# Of log rho, p, log p and the density that points were drawn from, each (N, 1).
Terminal: TypeAlias = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def _squared(log_rho: Tensor, p: Tensor, log_p: Tensor, drawn: Tensor) -> Tensor:
    return (log_rho.exp() - p).square()


def _absolute(log_rho: Tensor, p: Tensor, log_p: Tensor, drawn: Tensor) -> Tensor:
    return (log_rho.exp() - p).abs()


def _divergence(log_rho: Tensor, p: Tensor, log_p: Tensor, drawn: Tensor) -> Tensor:
    return (p * (log_p - log_rho) + log_rho.exp() - p) / drawn


TERMINALS: Mapping[str, Terminal] = {
    "squared": _squared,
    "absolute": _absolute,
    "divergence": _divergence,
}


class BenamouBrenier:
    r"""Kinetic energy and the distances of both ends, estimated at fresh points.

    Points come from :math:`p_0 = \rho_0`, :math:`p_1 = \rho_1` and the uniform density
    :math:`p_U` of a box, n of each. With all of them at uniform times,

    .. math:: E = \frac1{3n}\sum_i \frac{\rho\,|u|^2}{q}(x_i, t_i), \qquad
        q = \frac{p_0 + p_1 + p_U}3

    is unbiased. Times and points of the box are spread evenly, which lowers the
    variance. Few distinct times cost less and add little noise, since the optimal flow
    has the same energy at all times. At the end k = 0, 1 the points are those of
    :math:`p_k` and the uniform ones, of the density :math:`\tilde p_k = (p_k + p_U)/2`:

    - ``"squared"``: :math:`\mathbb E_{\tilde p_k} (\rho - p_k)^2`, (15) of Torres et
      al., not divided by :math:`\tilde p_k`.
    - ``"absolute"``: :math:`\mathbb E_{\tilde p_k} |\rho - p_k|`, (18) of
      Richter-Powell et al.
    - ``"divergence"``: :math:`\mathbb E_{\tilde p_k} [p_k\log(p_k/\rho) + \rho - p_k] /
      \tilde p_k`, which is the negative log-likelihood :math:`\mathbb
      E_{p_k}[-\log\rho]` minus that of :math:`p_k` itself, since both masses are 1. It
      is never negative, and the noise of its gradient vanishes as :math:`\rho \to p_k`.

    Args:
        rho_0: Density at the start.
        rho_1: Density at the end.
        batch: Number n of points of each of the three densities.
        terminal: Distance of the ends, a key of ``TERMINALS``.
        box: Half side of the box around the origin; by default one that holds nearly
            all mass.
        times: Number of distinct times of a step, by default n.

    Attributes:
        dim: Number of space dimensions d.
        ends: Both densities, in the form that is fastest to evaluate.

    Raises:
        ValueError: An argument is not positive, there is no such distance, or the
            densities are no pair.
    """

    def __init__(
        self,
        rho_0: GaussianMixture,
        rho_1: GaussianMixture,
        *,
        batch: int,
        terminal: str = "divergence",
        box: float | None = None,
        times: int | None = None,
    ) -> None:
        checked_pair(rho_0, rho_1)
        if terminal not in TERMINALS:
            raise ValueError(
                f"terminal: must be one of {', '.join(TERMINALS)}, got {terminal!r}."
            )
        self.dim, self.batch = rho_0.dim, batch
        self.times = batch if times is None else min(times, batch)
        if batch < 1 or self.times < 1:
            raise ValueError(
                f"batch and times: must be at least 1, got {batch} and {times}. Use "
                "some hundreds of points."
            )
        self.box = half_side(rho_0, rho_1) if box is None else box
        if not self.box > 0:
            raise ValueError(
                f"box: must be positive, got {box}. Leave it out for one that holds "
                "nearly all mass."
            )
        self.ends = tabulated(rho_0), tabulated(rho_1)
        self._terminal = TERMINALS[terminal]
        corner = [self.box] * self.dim
        self._uniform = kronecker_box([-b for b in corner], corner)

    def with_batch(self, batch: int) -> BenamouBrenier:
        """Return the same estimates from another number of points."""
        other = copy(self)
        other.batch, other.times = batch, min(self.times, batch)
        return other

    def __call__(self, net: Any, generator: torch.Generator) -> dict[str, Tensor]:
        """Return the terms ``"start"``, ``"end"`` and ``"energy"``, 0-dimensional.

        Args:
            net: A network with exact continuity, mass 1 and ``log_density``.
            generator: Source of random numbers.
        """
        inputs = self.draw(generator)
        densities = self.densities(inputs[:, : self.dim])
        energy = kinetic_energy(net, inputs, densities.mean(dim=1, keepdim=True))
        start, end = self._distances(net, inputs[:, : self.dim], densities)
        return {"start": start, "end": end, "energy": energy}

    def draw(self, generator: torch.Generator) -> Tensor:
        """Draw n points of each density, with times, (3 n, d + 1)."""
        x = [p.sample(self.batch, generator) for p in self.ends]
        x.append(self._uniform(self.batch, generator))
        t = self._spread_times(generator)
        return torch.cat([torch.cat([points, t], dim=1) for points in x])

    def densities(self, x: Tensor) -> Tensor:
        """Evaluate both ends and the uniform density, (N, 3), at points (N, d)."""
        is_inside = (x.abs() <= self.box).all(dim=1, keepdim=True)
        uniform = is_inside.to(x.dtype) / (2 * self.box) ** self.dim
        return torch.cat([*(p.density(x) for p in self.ends), uniform], dim=1)

    def _spread_times(self, generator: torch.Generator) -> Tensor:
        """Draw a time from each of T equal parts of [0, 1] for all points, (n, 1)."""
        T, device = self.times, generator.device
        times = torch.arange(T, device=device) + torch.rand(
            T, generator=generator, device=device
        )
        # Where T does not divide n, all parts have the extra points equally often.
        turn = torch.randint(T, (1,), generator=generator, device=device)
        part = (torch.arange(self.batch, device=device) + turn) % T
        return times[part, None] / T

    def _distances(self, net: Any, x: Tensor, densities: Tensor) -> tuple[Tensor, ...]:
        """Return the distances of both ends from one call of the network."""
        parts = torch.split(torch.arange(len(x), device=x.device), self.batch)
        inputs, drawn = [], []
        for k in (0, 1):
            rows = torch.cat([parts[k], parts[2]])
            inputs.append(torch.nn.functional.pad(x[rows], (0, 1), value=float(k)))
            drawn.append(densities[rows][:, [k, 2]])
        log_rho = net.log_density(torch.cat(inputs)).chunk(2)
        ends = zip(log_rho, drawn, strict=True)
        return tuple(self._distance(*end) for end in ends)

    def _distance(self, log_rho: Tensor, densities: Tensor) -> Tensor:
        p, drawn = densities[:, :1], densities.mean(dim=1, keepdim=True)
        log_p = p.clamp(min=torch.finfo(p.dtype).tiny).log()
        return self._terminal(log_rho, p, log_p, drawn).mean()


def kinetic_energy(net: Any, inputs: Tensor, drawn: Tensor) -> Tensor:
    r"""Return the mean of :math:`\rho\,|u|^2 / q`, 0-dimensional.

    Args:
        net: A network with exact continuity.
        inputs: Points and times, (N, d + 1).
        drawn: Density q that the points were drawn from, (N, 1).
    """
    outputs = net(inputs)
    rho, w = outputs[:, :1], outputs[:, 1 : net.dim + 1]
    speed = w.square().sum(dim=1, keepdim=True)
    density = rho * speed if net.output == "velocity" else speed / rho
    energy: Tensor = (density / drawn).mean()
    return energy


def half_side(*densities: GaussianMixture) -> float:
    """Return half the side of a box around the origin that holds nearly all mass."""
    return max(
        float((abs(rho.centers).max(axis=1) + 3 * rho.std).max()) for rho in densities
    )
