"""A density carried by bijections that depend on time, whatever its total mass does."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import deepxde as dde
import torch
from torch import Tensor

from ...flows import (
    ActNorm,
    AxisScaling,
    Bijection,
    ConditionalSVD,
    Domain,
    FlowMap,
    InvertibleDenseNet,
)
from ...jets.jets import in_functorch
from ...jets.served import lazily_differentiated
from ...jets.snapshot import weights_state
from .checks import check_choice, check_counts, check_dtype, time_column
from .contract import OUTPUTS, FlowNet
from .fixed import FixedNet
from .scales import Scales
from .units import NetworkUnits

__all__ = ["LagrangianDensity", "Mass"]

Instant = float | Tensor
Mass = float | Callable[[Tensor], Tensor] | None


class LagrangianDensity(FixedNet, FlowNet):
    """What ``LFlow`` and ``SourcedLFlow`` share; ``LFlow`` documents the arguments."""

    why_no_feature_transform = (
        "the flow moves particles in the coordinates of the inputs. Set scales, or "
        "domain and times, instead."
    )

    _sizes: Tensor

    def __init__(
        self,
        dim: int,
        *,
        blocks: int = 10,
        depth: int = 3,
        width: int = 16,
        lipschitz: float = 0.97,
        frequency: float = 15.0,
        affine: bool = True,
        domain: Domain | None = None,
        scales: Scales | None = None,
        total_mass: Mass = None,
        learn_mass: bool = False,
        time_embedding: Sequence[int] = (64, 64),
        times: tuple[float, float] | None = None,
        output: str = "flux",
        extras: int = 0,
        regularization: Any = None,
    ) -> None:
        super().__init__()
        check_counts(dim=(dim, 1), blocks=(blocks, 1), extras=(extras, 0))
        units = NetworkUnits.of(scales, dim, extras)
        if total_mass is None:
            total_mass = units.density * math.prod(units.lengths)
        _check_domain(dim, domain)
        check_choice("output", output, OUTPUTS)
        self.dim, self.output, self.regularizer = dim, output, regularization
        layers = _first_layers(domain, units)
        for _ in range(blocks):
            layers.append(ActNorm(dim))
            layers.append(InvertibleDenseNet(dim, depth, width, lipschitz, frequency))
            if affine:
                layers.append(ConditionalSVD(dim))
        self.flow = FlowMap(
            [*layers, ActNorm(dim)], time_embedding, times or _times(units)
        )
        self._set_mass(total_mass, learn_mass, times or _times(units))
        self.free = (
            dde.nn.FNN([dim + 1, *time_embedding, extras], "tanh", "Glorot normal")
            if extras
            else None
        )
        self._scaling = units.scaling()
        sizes = torch.as_tensor(units.extras, dtype=torch.float64)
        self.register_buffer("_sizes", sizes, persistent=False)

    @abstractmethod
    def _set_mass(
        self, total_mass: Any, learn_mass: bool, times: tuple[float, float]
    ) -> None:
        """Check and keep the total mass."""

    @abstractmethod
    def _log_mass(self, t: Tensor) -> Tensor:
        """Return the logarithm of the mass at times (N, 1), (N,) or without axes."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the outputs, (N, 1 + d + extras), for inputs (N, d + 1)."""
        w = self._moved if self.output == "velocity" else self._momentum
        y = self._lazily(w, inputs)
        if self.free is None:
            return y
        free = self.free(self._scaling(inputs)) * self._sizes.to(y.dtype)
        return torch.cat([y, free], dim=1)

    def flux(self, inputs: Tensor) -> Tensor:
        """See ``FlowNet``."""
        return self._lazily(self._momentum, inputs)

    def velocity(self, inputs: Tensor) -> Tensor:
        """See ``FlowNet``."""
        return self._lazily(self._moved, inputs)[:, 1:]

    def density(self, inputs: Tensor) -> Tensor:
        """See ``FlowNet``."""
        return self.log_density(inputs).exp()

    def log_density(self, inputs: Tensor) -> Tensor:
        r"""Return :math:`\log\rho`, shape (N, 1), which never overflows."""
        return self._lazily(lambda x: self._log_density_and_velocity(x)[0], inputs)

    def transport(self, x: Tensor, t0: Instant, t1: Instant) -> Tensor:
        """Return where particles at x at time t0 are at time t1, (N, d).

        Args:
            x: Shape (N, d).
            t0: A number or shape (N, 1).
            t1: A number or shape (N, 1).

        Raises:
            ValueError: Wrong shape or dtype, or points outside the domain.
            RuntimeError: The inverse did not converge, or a second derivative.
        """
        self._check_columns("x", x, self.dim, "")
        z = self.flow.value(x, time_column("t", t0, x))
        return self.flow.inverse(z, time_column("t", t1, x))

    def sample(
        self, n: int, t: Instant, generator: torch.Generator | None = None
    ) -> Tensor:
        """Draw n particles, (n, d), from the density at time t.

        Args:
            n: Number of particles.
            t: A number or shape (n, 1).
            generator: Makes the draw repeatable.
        """
        like = self.flow.conditioner.constant
        z = torch.randn(
            n, self.dim, generator=generator, dtype=like.dtype, device=like.device
        )
        with torch.no_grad():
            return self.flow.inverse(z, time_column("t", t, z))

    def _lazily(self, evaluate: Callable[[Tensor], Tensor], inputs: Tensor) -> Tensor:
        columns = f", {self.dim} columns of space and then time"
        self._check_columns("inputs", inputs, self.dim + 1, columns)
        is_first = self.training and not self.flow.is_started and len(inputs) > 0
        if is_first and not in_functorch():
            self.flow.start(inputs[:, : self.dim], inputs[:, self.dim :])
        return lazily_differentiated(evaluate, inputs, lambda: weights_state(self))

    def _moved(self, inputs: Tensor) -> Tensor:
        log_rho, u = self._log_density_and_velocity(inputs)
        return torch.cat([log_rho.exp(), u], dim=1)

    def _momentum(self, inputs: Tensor) -> Tensor:
        log_rho, u = self._log_density_and_velocity(inputs)
        rho = log_rho.exp()
        return torch.cat([rho, rho * u], dim=1)

    def _log_density_and_velocity(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Evaluate the formulas of the class, (N, 1) and (N, d)."""
        d = self.dim
        with torch.autocast(inputs.device.type, enabled=False):
            z, dz_dx, dz_dt = self.flow(inputs[:, :d], inputs[:, d:])
            log_normal = -0.5 * (z.square().sum(1) + d * math.log(2 * math.pi))
            log_rho = (
                self._log_mass(inputs[:, d:])
                + log_normal
                + torch.linalg.slogdet(dz_dx)[1]
            )
            u = -torch.linalg.solve(dz_dx, dz_dt)
        return log_rho[:, None], u

    def _check_columns(self, name: str, x: Tensor, number: int, what: str) -> None:
        if x.ndim != 2 or x.shape[1] != number:
            raise ValueError(
                f"{name}: must have shape (N, {number}){what}, got {tuple(x.shape)}."
            )
        check_dtype(name, x, self.flow.conditioner.constant.dtype)


def _first_layers(domain: Domain | None, units: NetworkUnits) -> list[Bijection]:
    """Return the map from the coordinates of the user to some of order one."""
    if domain is not None:
        return [domain]
    if not units.are_given:
        return []
    return [AxisScaling(units.origin[:-1], units.lengths)]


def _times(units: NetworkUnits) -> tuple[float, float]:
    """Return the first and the last time of interest where none are given."""
    if not units.are_given:
        return 0.0, 1.0
    return units.origin[-1] - units.steps[-1], units.origin[-1] + units.steps[-1]


def _check_domain(dim: int, domain: Domain | None) -> None:
    if domain is not None and (not isinstance(domain, Domain) or domain.dim != dim):
        raise ValueError(
            f"domain: must be a flows.Box or flows.Ball of {dim} dimensions or None, "
            f"got {domain!r}."
        )
