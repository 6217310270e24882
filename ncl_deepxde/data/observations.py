"""Measured quantities, fitted by any network: densities, velocities, any column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ..distributed import processes
from ..nn.base.contract import OUTPUTS, VelocityNet
from ..nn.base.fixed import uncompiled
from ..nn.base.plain import output_of
from .points import FixedPoints
from .residual_data import Answer, ResidualData
from .table import Observed, Source, Table
from .terms import Call, Penalty, Term

__all__ = ["Observations"]

Transform = Callable[[Tensor], Tensor]


def _log1p(rho: Tensor) -> Tensor:
    """Return log(1 + rho), and its tangent at 0 below: a network may stray there."""
    return torch.where(rho > 0, torch.log1p(rho.clamp(min=0)), rho)


def _linear(rho: Tensor) -> Tensor:
    return rho


DENSITIES: dict[str, Transform] = {
    "log1p": _log1p,
    "log": torch.log,
    "linear": _linear,
}
VELOCITIES = ("velocity", "momentum")
# What is compared where nothing is said.
DEFAULT = "default"


class Observations(ResidualData):
    r"""Observations of a flow or of any outputs, drawn from a source at every step.

    .. math:: L = \frac{w_1}{n_1} \sum_i
        \Bigl(\frac{f(\rho(x_i, t_i)) - f(\rho_i)}{\sigma_i}\Bigr)^2
        + \frac{w_2}{n_2} \sum_{i,k}
        \Bigl(\frac{u_k(x_i, t_i) - u_{ik}}{\tau_{ik}}\Bigr)^2
        + \text{conditions} + \text{penalties},

    sums over the known entries, :math:`n_1` and :math:`n_2` of them, with
    :math:`f(\rho) = \log(1 + \rho)` by default. The terms are "density", "velocity",
    those of the conditions, the penalties, in this order; the weights come from
    ``model.compile(loss_weights=[...])``. ``loss`` there may be a list with one
    function for each term but the penalties.

    What step k sees is a function of ``seed`` and ``k // resample_every`` alone, as for
    ``Collocation``. No derivative by the inputs is prepared for the observations.

    An ``nn.VelocityNet``, such as ``nn.Incompressible``, has no density: pass
    ``density=None``.

    An ``nn.FlowNet`` says itself what its columns 1..d hold. For those with
    ``output="flux"`` the velocity is a quotient, :math:`u = m/\rho`: where the density
    falls below what the float type can hold, build the network with
    ``output="velocity"`` or compare the momentum.

    Args:
        source: Maps (n, generator) to at most n observations, such as a ``Table``.
        num_observations: Number of observations at every step.
        density: The function f: ``"log1p"`` (continued by its tangent below density 0),
            ``"log"``, ``"linear"``, or a function (N, 1) -> (N, 1), finite at all that
            is measured; ``None`` leaves the term out. By default ``"log1p"``, and
            ``None`` where ``columns`` are given.
        velocity: ``"velocity"``, or ``"momentum"`` to compare :math:`\rho u` with
            :math:`\rho_i u_i` where both are known; ``None`` leaves the term out. By
            default ``"velocity"``, and ``None`` where ``columns`` are given.
        columns: For ``values`` of the source by name, the column of the outputs that
            they are compared with, from 0 as ``component`` of DeepXDE's conditions, or
            a list of columns.
        output: As for ``nn.as_flow``: what columns 1..d of a plain network hold,
            ``"velocity"`` or ``"flux"``. Needed where velocities are compared.
        conditions: Conditions with separate points: a pde, walls, an initial state.
        penalties: Functions of the network.
        seed: Seed of the sequence of observations.
        resample_every: Number of steps that share their observations; may be changed.
        num_test: Number of fixed observations for DeepXDE's test loss; as many as
            ``num_observations`` by default.
        test_source: Source of these, such as held-out stations; ``source`` by default.
        solution: As for ``Collocation``.

    Attributes:
        loss_names: Names of all loss terms in order; empty before the first
            evaluation.

    Raises:
        ValueError: A bad argument, or a measured density of which the function is not
            finite. In training: a source without what a term needs, a
            network with too few outputs, or a plain network whose output nobody says.

    Example:
        >>> data = Observations(table, 500)  # doctest: +SKIP
        >>> model = dde.Model(data, net)  # doctest: +SKIP
        >>> model.compile("adam", lr=1e-3, loss_weights=[1, 0.1])  # doctest: +SKIP

        A pressure in column 2 of a steady field, measured without time:

        >>> table = Table(x, values={"p": p}, time=False)  # doctest: +SKIP
        >>> data = Observations(table, 500, columns={"p": 2})  # doctest: +SKIP
    """

    def __init__(
        self,
        source: Source,
        num_observations: int,
        *,
        density: str | Transform | None = DEFAULT,
        velocity: str | None = DEFAULT,
        columns: Mapping[str, int | Sequence[int]] | None = None,
        output: str | None = None,
        conditions: Sequence[Any] = (),
        penalties: Sequence[Penalty] = (),
        seed: int = 0,
        resample_every: int = 1,
        num_test: int | None = None,
        test_source: Source | None = None,
        solution: Answer | None = None,
    ) -> None:
        self.columns = _checked_columns(columns or {})
        if density == DEFAULT:
            density = None if self.columns else "log1p"
        if velocity == DEFAULT:
            velocity = None if self.columns else "velocity"
        _check_choice("density", density, (*DENSITIES, None))
        _check_choice("velocity", velocity, (*VELOCITIES, None))
        _check_choice("output", output, (*OUTPUTS, None))
        self.sources = (source, source if test_source is None else test_source)
        self.num_observations = num_observations
        self.output = output
        self._transform = DENSITIES[density] if isinstance(density, str) else density
        for one in self.sources:
            if isinstance(one, Table):
                self._check_density(one.observed)
        self._velocity = velocity
        wanted = {"density": density, "velocity": velocity}
        names = [name for name, kind in wanted.items() if kind is not None]
        names += self.columns
        if not names:
            raise ValueError(
                "Observations: density and velocity must not both be None without "
                "columns. Use Collocation to train on conditions alone."
            )
        super().__init__(
            {"num_observations": num_observations},
            num_test,
            conditions,
            penalties,
            names,
            seed=seed,
            resample_every=resample_every,
            solution=solution,
        )

    def _draw_first(
        self, number: int, generator: torch.Generator, key: int
    ) -> Observed:
        found = self.sources[key](number, generator)
        if not isinstance(found, Observed) or not 1 <= len(found.points) <= number:
            got = type(found).__name__
            got = f"{len(found.points)}" if isinstance(found, Observed) else got
            raise ValueError(
                f"Observations: a source must return an Observed with at least one and "
                f"at most {number} points, got {got}."
            )
        if found.points.device.type != generator.device.type:
            raise ValueError(
                f"Observations: a source must return tensors on the generator's device "
                f"{generator.device}, got {found.points.device}."
            )
        if not isinstance(self.sources[key], Table):
            self._check_density(found)
        here = processes()
        share = here.share(len(found), "num_observations")
        return found if here.size == 1 else found.rows(share)

    def _check_density(self, observed: Observed) -> None:
        """Raise ``ValueError`` unless the function is finite where density is known.

        What it makes NaN of a number would count as missing.
        """
        if self._transform is None or observed.density is None:
            return
        rho = observed.density[~observed.density.isnan()][:, None]
        with torch.no_grad():
            wrong = rho[~self._transform(rho).isfinite()]
        if len(wrong):
            raise ValueError(
                "Observations: density must be a function that is finite at every "
                f"density measured, got one that is not at {len(wrong)} of {len(rho)}, "
                f"such as {float(wrong[0]):g}. Pass density='log1p' or 'linear', or "
                "mark these as missing, with NaN in the source."
            )

    def _inputs(self, first: Observed) -> Tensor:
        return first.points.detach().as_subclass(FixedPoints)

    def _test_inputs(self, first: Observed) -> Any:
        return self._inputs(first)

    def _first_call(self, first: Observed, net: torch.nn.Module) -> Call:
        net = uncompiled(net)
        if isinstance(net, VelocityNet):
            return self._velocity_call(first, net)
        output = None if self._velocity is None else output_of(net, self.output)

        def terms(inputs: Tensor, outputs: Any) -> list[Term]:
            outputs = outputs[0] if isinstance(outputs, tuple) else outputs
            return self._terms(first, outputs, output)

        return Call(first.points, terms, has_derivatives=False)

    def _velocity_call(self, first: Observed, net: VelocityNet) -> Call:
        """Compare the velocity alone, all that such a network has."""
        name = type(net).__name__
        if self._transform is not None or self._velocity != "velocity":
            raise ValueError(
                "Observations: density must be None and velocity 'velocity' for a "
                f"network without a density, got a {name}. Pass density=None."
            )
        target = _given("velocity", first.velocity)
        if target.shape[1] != net.dim:
            raise ValueError(
                f"Observations: the source must give {net.dim} components of the "
                f"velocity for this {name}, got {target.shape[1]}."
            )

        def terms(inputs: Tensor, outputs: Any) -> list[Term]:
            outputs = outputs[0] if isinstance(outputs, tuple) else outputs
            u, noise = outputs[:, : net.dim], first.velocity_noise
            return [_term("velocity", u, target, noise)]

        return Call(first.points, terms, has_derivatives=False)

    def _terms(
        self, observed: Observed, outputs: Tensor, output: str | None
    ) -> list[Term]:
        """Compare outputs (N, k), whose columns 1..d hold ``output``."""
        d, is_flow = observed.dim, self._velocity or self._transform
        least = 1 + d * bool(self._velocity)
        if outputs.ndim != 2 or (is_flow and outputs.shape[1] < least):
            raise ValueError(
                f"Observations: the network must have the outputs (rho, w_1..w_{d}), "
                f"the shape (N, {d + 1}) or more, got {tuple(outputs.shape)}."
            )
        rho, w, found = outputs[:, :1], outputs[:, 1 : d + 1], []
        if self._transform is not None:
            target = self._transform(_given("density", observed.density))
            value = self._transform(rho)
            found.append(_term("density", value, target, observed.density_noise))
        if self._velocity is not None:
            target = _given("velocity", observed.velocity)
            if self._velocity == "momentum":
                value = w if output == "flux" else rho * w
                target = target * _given("density", observed.density)
            else:
                value = w if output == "velocity" else w / rho
            found.append(_term("velocity", value, target, observed.velocity_noise))
        return found + self._column_terms(observed, outputs)

    def _column_terms(self, observed: Observed, outputs: Tensor) -> list[Term]:
        """Compare columns of the outputs (N, k) as they are."""
        found, known = [], sorted(observed.values)
        for name, columns in self.columns.items():
            if name not in observed.values:
                raise ValueError(
                    f"Observations: columns must name values of the source, {known}, "
                    f"got {name!r}. Give it as Table(points, values={{{name!r}: ...}})."
                )
            target = observed.values[name]
            if target.shape[1] != len(columns) or max(columns) >= outputs.shape[1]:
                raise ValueError(
                    f"Observations: columns of {name!r} must be {target.shape[1]} of "
                    f"the network's {outputs.shape[1]}, numbered from 0, got "
                    f"{list(columns)}."
                )
            noise = observed.noise.get(name)
            found.append(_term(name, outputs[:, columns], target, noise))
        return found


def _given(name: str, values: Tensor | None) -> Tensor:
    if values is None:
        raise ValueError(
            f"Observations: the source must give what is compared, got no {name}. Give "
            f"it, or pass {name}=None."
        )
    return values


def _term(
    name: str, value: Tensor, target: Tensor, noise: Tensor | float | None
) -> Term:
    """Compare values (N, k) with targets that are NaN where nothing is known."""
    is_known = ~target.isnan()
    residual = value - target
    if noise is not None:
        residual = residual / noise
    return Term(name, residual, None if bool(is_known.all()) else is_known)


def _checked_columns(
    columns: Mapping[str, int | Sequence[int]],
) -> dict[str, list[int]]:
    found = {}
    for name, given in columns.items():
        numbers = [given] if isinstance(given, int) else list(given)
        if not numbers or not all(isinstance(i, int) and i >= 0 for i in numbers):
            raise ValueError(
                f"Observations: columns of {name!r} must be numbers of outputs from 0, "
                f"got {given!r}. Count from 0, as in columns={{'p': 3}}."
            )
        if len(set(numbers)) < len(numbers):
            raise ValueError(
                f"Observations: columns of {name!r} must differ, got {given!r}."
            )
        found[name] = numbers
    return found


def _check_choice(name: str, value: Any, choices: tuple[Any, ...]) -> None:
    is_function = name == "density" and callable(value)
    if not is_function and value not in choices:
        raise ValueError(f"Observations: {name} must be one of {choices}, got {value}.")
