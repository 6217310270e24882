r"""The mean of exact flows is an exact flow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor

from ..nn.base.contract import ContinuityLaw

__all__ = ["MeanFlow"]


class MeanFlow(torch.nn.Module, ContinuityLaw):
    r"""Means of density and momentum over networks that obey continuity.

    The law is linear in :math:`(\rho, \rho u)`, so it holds for the means as well:

    .. math:: \rho = \frac1K\sum_k \rho_k, \qquad \rho u = \frac1K\sum_k \rho_k u_k,
        \qquad u = \frac{\sum_k \rho_k u_k}{\sum_k \rho_k}.

    The velocity is the mean weighted by the densities; the plain mean of velocities
    would break the law. A total mass that all members have is that of the mean.
    Outputs have the columns ``(rho, m_1..m_d)``.

    Args:
        members: K networks of one dimension and type of numbers.

    Attributes:
        members: These networks.

    Raises:
        ValueError: There is no member, one does not obey continuity, or dimensions
            differ.
    """

    def __init__(self, members: Sequence[torch.nn.Module]) -> None:
        super().__init__()
        flows = [_exact(member) for member in members]
        if len({flow.dim for flow in flows}) != 1:
            raise ValueError(
                "members: must be at least one, of one dimension, got dimensions "
                f"{[flow.dim for flow in flows]}. Make an ensemble of each."
            )
        self.dim, self.output = flows[0].dim, "flux"
        self.members = torch.nn.ModuleList(members)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the outputs, (N, 1 + d), for inputs (N, d + 1)."""
        return self.flux(inputs)

    def flux(self, inputs: Tensor) -> Tensor:
        """See ``FlowNet``."""
        return torch.stack([flow.flux(inputs) for flow in self._flows]).mean(dim=0)

    def density(self, inputs: Tensor) -> Tensor:
        """See ``FlowNet``."""
        return torch.stack([flow.density(inputs) for flow in self._flows]).mean(dim=0)

    def velocity(self, inputs: Tensor) -> Tensor:
        """Return :math:`u`, shape (N, d), for inputs (N, d + 1).

        Where the densities of all members underflow to 0, it is 0.
        """
        flux = self.flux(inputs)
        rho, m = flux[:, :1], flux[:, 1:]
        return m / torch.where(rho == 0, 1.0, rho)

    @property
    def _flows(self) -> list[ContinuityLaw]:
        return [cast(ContinuityLaw, member) for member in self.members]


def _exact(member: torch.nn.Module) -> ContinuityLaw:
    if not isinstance(member, ContinuityLaw):
        raise ValueError(
            "members: must be networks that obey continuity (nn.ContinuityLaw), got "
            f"{type(member).__name__}. The mean of others obeys no law: use "
            "member_values."
        )
    return member
