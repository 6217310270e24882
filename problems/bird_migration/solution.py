"""What a network says about the birds, in km, hours and birds/km3."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ncl_deepxde.evaluation.metrics import Array
from ncl_deepxde.evaluation.solution import NetworkSolution
from ncl_deepxde.nn import LFlow, SemiLagrangian

from .campaign import Campaign
from .synthetic import center_of, hours_before
from .truth import Migration
from .units import Units

__all__ = ["CarriedSolution", "FlightSolution", "TrueSolution", "solution_of"]


@dataclass(frozen=True)
class FlightSolution:
    """The flow of a network of network coordinates.

    Attributes:
        net: Maps inputs (N, 4), time last, to (rho, u) in ``units``.
        units: Units of its inputs and of its velocity.
    """

    net: torch.nn.Module
    units: Units

    def __call__(self, points: Array, time: float | None = None) -> dict[str, Array]:
        """Evaluate ``rho`` (N, 1) in birds/km3 and ``u`` (N, 3) in km/h.

        Args:
            points: Columns x, y, z in km and t in hours since the start, (N, 4);
                without t, (N, 3), if a time is given.
            time: Hours since the start.
        """
        inputs = self.units.points_in(_with_time(points, time))
        is_training = self.net.training
        self.net.eval()  # batch normalization
        network = NetworkSolution(self.net, output="velocity")
        state = network(inputs[:, :-1], inputs[:, -1:])
        self.net.train(is_training)
        return {"rho": state["rho"], "u": self.units.velocity_out(state["u"])}


@dataclass(frozen=True)
class CarriedSolution(FlightSolution):
    """The flow of a network that knows its trajectories."""

    net: LFlow | SemiLagrangian

    def transport(self, x: Array, t0: Array, t1: Array) -> Array:
        """Move birds from the hours t0 to the hours t1, (N, 3) in km.

        Args:
            x: Where they are at the hours t0, (N, 3).
            t0: Hours since the start, (N, 1).
            t1: Hours since the start, (N, 1).
        """
        weight = next(self.net.parameters())

        def tensor(values: Array) -> Tensor:
            return torch.as_tensor(values, dtype=weight.dtype, device=weight.device)

        begin = self.units.points_in(np.hstack([x, t0]))
        end = self.units.points_in(np.hstack([x, t1]))[:, 3:]
        with torch.no_grad():
            moved = self.net.transport(
                tensor(begin[:, :3]), tensor(begin[:, 3:]), tensor(end)
            )
        network = np.hstack([moved.double().cpu().numpy(), end])
        return self.units.points_out(network)[:, :3]


def solution_of(net: torch.nn.Module, units: Units) -> FlightSolution:
    """See a network as a flow, with trajectories where it knows them."""
    if isinstance(net, LFlow | SemiLagrangian):
        return CarriedSolution(net, units)
    return FlightSolution(net, units)


@dataclass(frozen=True)
class TrueSolution:
    """The migration that the synthetic network has seen, in its coordinates.

    Attributes:
        campaign: The synthetic campaign.
    """

    campaign: Campaign

    def __call__(self, points: Array, time: float | None = None) -> dict[str, Array]:
        """Evaluate the migration, as ``FlightSolution`` does."""
        shifted = _with_time(points, time).copy()
        shifted[:, :2] -= center_of(self.campaign.projection)
        shifted[:, 3] += hours_before(self.campaign.start)
        return Migration()(shifted)


def _with_time(points: Array, time: float | None) -> Array:
    if time is None:
        return points
    return np.pad(points, [(0, 0), (0, 1)], constant_values=time)
