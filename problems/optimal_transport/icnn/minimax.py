r"""Training a pair of convex potentials for the map between two densities.

.. math:: \min_f \max_g\; \mathbb E_{\rho_1}[f] + \mathbb E_{\rho_0}\big[
    x\cdot\nabla g(x) - f(\nabla g(x))\big]

over convex f and g: the maximum over g is :math:`f^*(x) = \max_y x\cdot y - f(y)`, and
at the solution :math:`\nabla g` is the optimal map from :math:`\rho_0` to
:math:`\rho_1`. A projection after every step keeps f convex; g has a penalty for
negative weights (the released code has it for positive ones).

References:
    A. V. Makkuva et al., Optimal transport mapping via input convex neural networks
    (ICML 2020), https://arxiv.org/abs/1908.10962.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import deepxde as dde
import torch
from torch import Tensor

from ncl_deepxde.data import SampledObjective
from ncl_deepxde.data.samplers import keyed_generator
from ncl_deepxde.runs import Stage

from ..densities import GaussianMixture
from .network import ConvexPair

__all__ = ["Minimax", "MinimaxAdam", "minimax_stage"]


class Minimax(SampledObjective):
    r"""The losses of f and g at fresh samples of both densities.

    .. math:: L_f = \operatorname{mean} f(x_1) - \operatorname{mean} f(\nabla g(x_0)),
        \qquad L_g = \operatorname{mean}\big[f(\nabla g(x_0)) - x_0\cdot\nabla g(x_0)
        \big] + \lambda \sum_k \|\max(-W_k, 0)\|^2

    DeepXDE sees the first; :class:`MinimaxAdam` lowers the second itself. The samples
    are a function of the seed and the number of the step. The loss of f has a second
    term, the cost of the map, which has no gradient: it is there for the log.

    Args:
        rho_0: Density at the start.
        rho_1: Density at the end.
        batch: Samples of each density.
        penalty: Weight :math:`\lambda` of the penalty for negative weights.
        seed: Seed of the samples.
    """

    def __init__(
        self,
        rho_0: GaussianMixture,
        rho_1: GaussianMixture,
        *,
        batch: int = 1024,
        penalty: float = 1.0,
        seed: int = 0,
    ) -> None:
        super().__init__(self._terms, num_inputs=rho_0.dim, seed=seed)
        self.rho_0, self.rho_1 = rho_0, rho_1
        self.batch, self.penalty = batch, penalty

    def loss_of_g(self, net: ConvexPair, turn: int) -> Tensor:
        """Return the loss of g, 0-dimensional.

        Args:
            net: Both potentials.
            turn: Number of the step for g within this step; each has fresh samples.
        """
        x = self.rho_0.sample(
            self.batch, keyed_generator(self.seed, 2, self.step, turn)
        )
        y = net.transport(x)
        dual: Tensor = (net(y) - (x * y).sum(dim=1, keepdim=True)).mean()
        return dual + self.penalty * net.g.convexity_penalty()

    def _terms(self, net: Any, generator: torch.Generator) -> dict[str, Tensor]:
        x_0, x_1 = (
            rho.sample(self.batch, generator) for rho in (self.rho_0, self.rho_1)
        )
        with torch.no_grad():
            y = net.transport(x_0)
        cost = (y - x_0).square().sum(dim=1).mean()
        return {"f": (net(x_1) - net(y)).mean(), "cost": cost}


class MinimaxAdam(torch.optim.Adam):
    """Adam that takes some steps for g before every step for f.

    Args:
        net: Both potentials.
        data: Their losses.
        inner: Steps for g before each step for f.
        options: Options of ``torch.optim.Adam``.
    """

    def __init__(
        self, net: ConvexPair, data: Minimax, inner: int = 10, **options: Any
    ) -> None:
        super().__init__(net.parameters(), **options)
        self.net, self.data, self.inner = net, data, inner

    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Improve g, then f with the loss that DeepXDE evaluates, and project f."""
        weights_of_g = [*self.net.g.parameters()]
        with torch.enable_grad():
            for turn in range(self.inner):
                self.zero_grad()
                torch.autograd.backward(
                    self.data.loss_of_g(self.net, turn), inputs=weights_of_g
                )
                # Adam leaves alone what has no gradient, all of f.
                super().step()
            loss = closure()
        super().step()
        self.net.f.make_convex()
        return loss


def minimax_stage(
    net: ConvexPair,
    data: Minimax,
    *,
    steps: int,
    inner: int,
    lr: float,
    least_lr: float,
    betas: tuple[float, float],
) -> Stage:
    """Build the training of a pair of potentials, with a rate that falls by a cosine.

    Args:
        net: Both potentials.
        data: Their losses.
        steps: Number of steps for f.
        inner: Steps for g before each step for f.
        lr: Learning rate at the first step.
        least_lr: Learning rate at the last step.
        betas: Decay rates of Adam.
    """

    def compile_model(model: dde.Model) -> None:
        model.data = data
        model.compile(
            MinimaxAdam(net, data, inner, lr=lr, betas=betas),
            decay=("cosine", steps, least_lr),
            verbose=0,
        )

    return Stage("adam", compile_model, steps)
