"""The exact flow as a plain network, and models of the preset smoke."""

import torch

from ncl_deepxde.problems.fluid_flow.exact import MovingGaussians
from ncl_deepxde.problems.fluid_flow.presets import PRESETS
from ncl_deepxde.problems.fluid_flow.problem import PROBLEM

CASES = ("2d", "3d")


class ExactNetwork(torch.nn.Module):
    """The exact flow as a plain network of (rho, u)."""

    def __init__(self, dim):
        super().__init__()
        self.flow = MovingGaussians(dim)
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def forward(self, inputs):
        x, t = inputs[:, :-1], inputs[:, -1:]
        return torch.cat([self.flow.density(x, t), self.flow.velocity(x, t)], dim=1)


def built(model, case, preset="smoke"):
    return PROBLEM.build(model, PRESETS[preset].settings(model, case), 0)
