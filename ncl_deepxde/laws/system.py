"""Laws by their flux and source: one description for exact and for plain networks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import deepxde as dde
import torch
from torch import Tensor

from ..operators import divergence, jacobian

__all__ = ["LawFields", "LawSystem"]


@dataclass(frozen=True)
class LawFields:
    r"""States of K laws at N points, as a closure sees them.

    Attributes:
        x: Points (N, d).
        t: Times (N, 1).
        q: States (N, K).
        derivatives: Returns :math:`\partial_i q_k`, (N, K, d), when it is asked.
    """

    x: Tensor
    t: Tensor
    q: Tensor
    derivatives: Callable[[], Tensor]

    @cached_property
    def grad(self) -> Tensor:
        r"""The gradients :math:`\partial_i q_k`, (N, K, d)."""
        return self.derivatives()

    def state(self, k: int) -> Tensor:
        """Return state k, (N, 1)."""
        return self.q[:, k : k + 1]


PerLaw = Callable[[LawFields], Sequence[Tensor]]


@dataclass(frozen=True)
class LawSystem:
    r"""Laws :math:`\partial_t q_k + \nabla\cdot F_k(q, \nabla q, x, t) = s_k(q, x, t)`.

    Attributes:
        dim: Number of space dimensions d.
        names: Names of the states, K of them.
        flux: Fluxes of all laws, K tensors (N, d).
        sources: Laws that have a source.
        source: Their sources, as many tensors (N, 1).
        factor: Function (N, 1) that every residual is multiplied by, such as a density
            that a flux is divided by.
        entropy: A convex function of the states and its flux, (N, 1) and (N, d).

    Example:
        >>> law = LawSystem(1, ("u",), lambda f: [f.q**2 / 2])
        >>> law.laws, law.columns
        (1, 2)
    """

    dim: int
    names: tuple[str, ...]
    flux: PerLaw
    sources: tuple[int, ...] = ()
    source: PerLaw | None = None
    factor: Callable[[LawFields], Tensor] | None = None
    entropy: Callable[[LawFields], tuple[Tensor, Tensor]] | None = None

    def __post_init__(self) -> None:
        if (self.source is None) != (len(self.sources) == 0):
            raise ValueError(
                "sources: must name the laws whose source is given, and none without, "
                f"got {self.sources} and source={self.source!r}."
            )

    @property
    def laws(self) -> int:
        """Number K of laws."""
        return len(self.names)

    @property
    def columns(self) -> int:
        """Number of columns of a ``BalanceLaws`` of these laws, without extras."""
        return self.laws * (1 + self.dim) + len(self.sources)

    def closure(self, inputs: Tensor, outputs: Tensor) -> list[Tensor]:
        r"""Return what is left to train where the laws are exact, tensors (N, 1).

        .. math:: F_{ki} - F_{ki}(q, \nabla q, x, t), \qquad s_k - s_k(q, x, t)

        Args:
            inputs: Shape (N, d + 1), time last.
            outputs: Those of ``nn.BalanceLaws(laws=law.laws, sources=law.sources)``,
                law by law, of ``nn.NCL`` where there is one law without a source.
        """
        d = self.dim
        self._check(inputs, outputs, self.columns)
        fields = self._fields(inputs, outputs, [k * (1 + d) for k in range(self.laws)])
        found: list[Tensor] = []
        for k, flux in enumerate(self.flux(fields)):
            first = k * (1 + d) + 1
            found += (outputs[:, first : first + d] - flux).tensor_split(d, dim=1)
        for place, source in enumerate(self._sources(fields), self.laws * (1 + d)):
            found.append(outputs[:, place : place + 1] - source)
        return self._weighted(fields, found)

    def residual(self, inputs: Tensor, outputs: Tensor) -> list[Tensor]:
        r"""Return the laws of a plain network, differentiated, K tensors (N, 1).

        .. math:: \partial_t q_k + \nabla\cdot F_k(q, \nabla q, x, t) - s_k(q, x, t)

        Args:
            inputs: Shape (N, d + 1), time last.
            outputs: States in the first K columns.
        """
        self._check(inputs, outputs, self.laws)
        fields = self._fields(inputs, outputs, range(self.laws))
        d, rates = self.dim, []
        for k, flux in enumerate(self.flux(fields)):
            q_t = dde.grad.jacobian(outputs, inputs, i=k, j=d)
            rates.append(q_t + divergence(jacobian(flux, inputs)[:, :, :d]))
        for k, source in zip(self.sources, self._sources(fields), strict=True):
            rates[k] = rates[k] - source
        return self._weighted(fields, rates)

    def entropy_production(
        self, inputs: Tensor, outputs: Tensor, *, exact: bool = True
    ) -> Tensor:
        r"""Return :math:`\partial_t\eta(q) + \nabla\cdot Q(q)`, (N, 1).

        Without sources it is at most 0 for the solution that viscosity selects.

        Args:
            inputs: Shape (N, d + 1), time last.
            outputs: As for ``closure`` if ``exact``, else as for ``residual``.
            exact: Which columns the outputs have.

        Raises:
            ValueError: The laws have no entropy.
        """
        if self.entropy is None:
            raise ValueError(
                f"entropy: must be known for ({', '.join(self.names)}), got None. Give "
                "dataclasses.replace(law, entropy=...)."
            )
        step = 1 + self.dim if exact else 1
        self._check(inputs, outputs, self.columns if exact else self.laws)
        fields = self._fields(inputs, outputs, [k * step for k in range(self.laws)])
        eta, Q = self.entropy(fields)
        J = jacobian(torch.cat([Q, eta], dim=1), inputs)
        return divergence(J)

    def with_viscosity(self, viscosity: float) -> LawSystem:
        r"""Return the laws with :math:`-\nu\nabla q_k` added to every flux."""

        def flux(f: LawFields) -> list[Tensor]:
            inviscid = enumerate(self.flux(f))
            return [F - viscosity * f.grad[:, k] for k, F in inviscid]

        return replace(self, flux=flux)

    def _fields(
        self, inputs: Tensor, outputs: Tensor, columns: Sequence[int]
    ) -> LawFields:
        d = self.dim

        def derivatives() -> Tensor:
            rows = [
                dde.grad.jacobian(outputs, inputs, i=c)[:, :d].unsqueeze(1)
                for c in columns
            ]
            return torch.cat(rows, dim=1)

        q = torch.cat([outputs[:, c : c + 1] for c in columns], dim=1)
        return LawFields(inputs[:, :d], inputs[:, d : d + 1], q, derivatives)

    def _sources(self, fields: LawFields) -> Sequence[Tensor]:
        return [] if self.source is None else self.source(fields)

    def _weighted(self, fields: LawFields, residuals: list[Tensor]) -> list[Tensor]:
        if self.factor is None:
            return residuals
        factor = self.factor(fields)
        return [factor * r for r in residuals]

    def _check(self, inputs: Tensor, outputs: Tensor, least: int) -> None:
        if inputs.shape[1] != self.dim + 1 or outputs.shape[1] < least:
            raise ValueError(
                f"outputs: must have {least} columns or more for ({self.dim} + 1) "
                f"inputs, got {outputs.shape[1]} for {inputs.shape[1]}. These are "
                f"{self.laws} laws in {self.dim} dimension(s) with sources "
                f"{self.sources}."
            )
