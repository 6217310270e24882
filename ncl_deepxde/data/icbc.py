"""Conditions of ``dde.icbc`` at points that are new at every step."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import deepxde as dde
import numpy as np
import torch
from deepxde.utils import get_num_args
from torch import Tensor

from ..distributed import processes
from .geometries import boundary, fixed, initial, interior, restricted
from .samplers import Sampler, checked_points, keyed_generator
from .terms import Call, SoftCondition, Term

__all__ = ["as_condition", "as_conditions"]

Array = np.ndarray[Any, Any]

PERIODIC = dde.icbc.PeriodicBC
POINT_SETS = (dde.icbc.PointSetBC, dde.icbc.PointSetOperatorBC)
# Their targets are functions of the points that DeepXDE caches by the array's id.
WITH_TARGETS = (dde.icbc.DirichletBC, dde.icbc.NeumannBC, dde.icbc.IC)
ON_GEOMETRIES = (*WITH_TARGETS, dde.icbc.RobinBC, dde.icbc.OperatorBC, PERIODIC)
WITHOUT_DERIVATIVES = (dde.icbc.DirichletBC, dde.icbc.IC, dde.icbc.PointSetBC)
PROBE = 2000


def as_condition(
    bc: Any,
    num_points: int | None = None,
    *,
    name: str | None = None,
    fallback: Array | None = None,
) -> SoftCondition:
    r"""Return a condition of DeepXDE for ``Collocation`` and ``Observations``.

    Where the points come from a geometry they are new at every step: points inside, on
    the boundary or at the first time, those for which ``on_boundary`` or ``on_initial``
    holds; targets are evaluated at them. Where few of the boundary's points belong to
    the condition, most of a step's time may go into asking for each point:
    ``resample_every=10`` divides it. In one dimension without time the ends stay.

    Rows of a ``PointSetBC`` or ``PointSetOperatorBC`` are drawn without repetition,
    ``num_points`` or ``batch_size`` of them at every step, or are all there.

    Args:
        bc: One of ``dde.icbc``: ``DirichletBC``, ``NeumannBC``, ``RobinBC``,
            ``PeriodicBC``, ``OperatorBC``, ``IC``, ``PointSetBC``,
            ``PointSetOperatorBC``.
        num_points: Number of points at every step, pairs for a ``PeriodicBC``.
        name: Name of the loss term; by default that of the class.
        fallback: Fixed points (N, D) for a condition that no drawn point fulfills.

    Raises:
        ValueError: Another condition, one that no point fulfills, values that do not
            fit their points, or auxiliary variables.
    """
    kind = type(bc)
    name = kind.__name__ if name is None else name
    if kind in POINT_SETS:
        return _point_set(bc, num_points, name)
    if kind not in ON_GEOMETRIES:
        raise ValueError(
            f"conditions: {name!r} must be one of "
            f"{[k.__name__ for k in (*ON_GEOMETRIES, *POINT_SETS)]} of dde.icbc or a "
            f"Condition, got a {kind.__name__}. Write it as an ncl_deepxde.data."
            "Condition, or keep dde.data.PDE or TimePDE, whose points do not change."
        )
    if kind in WITH_TARGETS and get_num_args(bc.func.__wrapped__) != 1:
        raise ValueError(
            f"conditions: func of {name!r} must be a function of the points alone, got "
            "one with auxiliary variables. Compute them in func, or keep dde.data.PDE."
        )
    if num_points is None:
        raise ValueError(
            f"as_condition: num_points must be given for {name!r}, whose points come "
            "from a geometry, got None."
        )
    return _GeometryCondition.of(bc, num_points, name, fallback)


def as_conditions(given: Sequence[Any], num_points: int) -> tuple[SoftCondition, ...]:
    """Return conditions, those of DeepXDE by the names "IC 1", "DirichletBC 2", ...

    Args:
        given: Conditions of ``dde.icbc`` and our own.
        num_points: Number of points of those that draw them from a geometry.
    """
    found = []
    for i, condition in enumerate(given, 1):
        if not isinstance(condition, SoftCondition):
            points = None if type(condition) in POINT_SETS else num_points
            name = f"{type(condition).__name__} {i}"
            condition = as_condition(condition, points, name=name)
        found.append(condition)
    return tuple(found)


@dataclass(frozen=True)
class _GeometryCondition(SoftCondition):
    """A condition at points of a geometry, which ``sampler`` draws, or ``fixed``."""

    bc: Any
    name: str
    num_points: int
    sampler: Sampler

    @classmethod
    def of(
        cls, bc: Any, num_points: int, name: str, fallback: Array | None
    ) -> _GeometryCondition:
        def fulfills(points: Tensor) -> Tensor:
            return torch.as_tensor(_mask(bc, _array(points)), device=points.device)

        pools, ends = _pools(bc, fulfills)
        if pools:
            found = restricted(_evenly(pools), fulfills, name)
            return cls(bc, name, num_points, found)
        points = ends if len(ends) or fallback is None else fallback
        if not len(points):
            raise ValueError(
                f"conditions: on_boundary or on_initial of {name!r} must hold for some "
                "points inside, on the boundary or at the first time of its geometry, "
                "got none. Correct it, or give the points as a dde.icbc.PointSetBC."
            )
        return cls(bc, name, len(points), fixed(points))

    def draw(self, generator: torch.Generator) -> Call:
        points = checked_points(self.sampler, self.num_points, generator)
        points = points[processes().share(len(points), self.name)]
        rows = len(points)
        if isinstance(self.bc, PERIODIC):
            other = self.bc.geom.periodic_point(_array(points), self.bc.component_x)
            points = torch.cat([points, torch.as_tensor(other).to(points)])
        X = _array(points)
        bc = _at(self.bc, X)

        def terms(inputs: Tensor, outputs: Any) -> list[Term]:
            error = bc.error(X, inputs, outputs, 0, len(X))
            return [_checked(self.name, error, rows, 1)]

        return Call(points, terms, _has_derivatives(self.bc))


@dataclass(frozen=True)
class _PointSetCondition(SoftCondition):
    """Measured values, some rows at every step or all."""

    bc: Any
    name: str
    num_points: int
    columns: int

    def draw(self, generator: torch.Generator) -> Call:
        bc, count, device = copy.copy(self.bc), len(self.bc.points), generator.device
        points = torch.as_tensor(bc.points, device=device)
        # Rows are chosen here and not by DeepXDE, whose order depends on the past.
        bc.batch_size = None
        chosen = torch.arange(count, device=device)
        if self.num_points < count:
            chosen = torch.randperm(count, generator=generator, device=device)
        chosen = chosen[: self.num_points]
        chosen = chosen[processes().share(len(chosen), self.name)]
        if len(chosen) < count:
            points = points[chosen]
            if bc.values.ndim == 2 and len(bc.values) == count:
                bc.values = bc.values[chosen.to(bc.values.device)]
        X = _array(points)

        def terms(inputs: Tensor, outputs: Any) -> list[Term]:
            error = bc.error(X, inputs, outputs, 0, len(X))
            return [_checked(self.name, error, len(X), self.columns)]

        return Call(points, terms, _has_derivatives(self.bc))


def _point_set(bc: Any, num_points: int | None, name: str) -> _PointSetCondition:
    count, values = len(bc.points), bc.values
    component = bc.component if isinstance(bc, dde.icbc.PointSetBC) else 0
    columns = len(component) if isinstance(component, list) else 1
    allowed = [(count, columns), (1, columns), (1, 1)]
    if values.numel() != 1 and tuple(values.shape) not in allowed:
        raise ValueError(
            f"conditions: values of {name!r} must be a number or have the shape "
            f"({count}, {columns}), got {tuple(values.shape)}. Use reshape(-1, 1) for "
            "a column."
        )
    if not bool(values.isfinite().all()):
        raise ValueError(
            f"conditions: values of {name!r} must be finite, got NaN or inf. Leave out "
            "such rows, or use Observations, where NaN is a missing entry."
        )
    wanted = num_points or bc.batch_size or count
    return _PointSetCondition(bc, name, min(wanted, count), columns)


def _at(bc: Any, X: Array) -> Any:
    """Return a condition whose targets and normals are evaluated once, at X.

    DeepXDE caches them by the id of an array, so that other points at the same place in
    memory would get the targets of the first.
    """
    here = copy.copy(bc)

    def once(value: Callable[[Array], Any]) -> Callable[..., Any]:
        known = cache(lambda: value(X))
        return lambda *_: known()

    if isinstance(bc, WITH_TARGETS):
        here.func = once(bc.func.__wrapped__)
    if not isinstance(bc, dde.icbc.IC):
        real = dde.config.real(torch)
        normal = bc.geom.boundary_normal
        here.boundary_normal = once(lambda X: torch.as_tensor(normal(X), dtype=real))
    return here


def _pools(bc: Any, fulfills: Callable[[Tensor], Tensor]) -> tuple[list[Sampler], Any]:
    """Return where points of a condition are found: inside, or on faces.

    Points inside that belong to a condition outnumber those on faces. In one
    dimension without time the faces are points, returned apart.
    """
    geometry, generator = bc.geom, keyed_generator(0)
    has_time = isinstance(geometry, dde.geometry.GeometryXTime)

    def hits(sampler: Sampler) -> Tensor:
        return sampler(PROBE, generator)

    inside = interior(geometry)
    points = hits(inside)
    on_face = _on_boundary(geometry, points)
    if has_time:
        on_face |= geometry.on_initial(_array(points))
    if bool((fulfills(points).cpu() & ~torch.as_tensor(on_face)).any()):
        return [inside], []
    found = []
    if _has_boundary(geometry):
        edge = boundary(geometry)
        points = hits(edge)
        if geometry.dim == 1:
            return [], np.unique(_array(points[fulfills(points)]), axis=0)
        at_start = has_time and geometry.on_initial(_array(points))
        if bool((fulfills(points).cpu() & ~torch.as_tensor(at_start)).any()):
            found.append(edge)
    if has_time:
        start = initial(geometry)
        points = hits(start)
        on_edge = torch.as_tensor(_on_boundary(geometry, points))
        if bool((fulfills(points).cpu() & ~on_edge).any()):
            found.append(start)
    return found, []


def _evenly(pools: Sequence[Sampler]) -> Sampler:
    """Return a sampler that takes points from several in turn."""

    def sample(n: int, generator: torch.Generator) -> Tensor:
        sizes = [len(range(i, n, len(pools))) for i in range(len(pools))]
        drawn = zip(pools, sizes, strict=True)
        points = torch.cat([pool(size, generator) for pool, size in drawn if size])
        if len(pools) == 1:
            return points
        # Whoever takes the first of them gets no pool more than another.
        device = generator.device
        return points[torch.randperm(n, generator=generator, device=device)]

    return sample


def _mask(bc: Any, X: Array) -> Array:
    if isinstance(bc, dde.icbc.IC):
        found = bc.on_initial(X, bc.geom.on_initial(X))
    else:
        on = (
            bc.geom.on_boundary(X) if _has_boundary(bc.geom) else np.zeros(len(X), bool)
        )
        found = bc.on_boundary(X, on)
    return np.asarray(found, dtype=bool).reshape(len(X))


def _has_boundary(geometry: Any) -> bool:
    if isinstance(geometry, dde.geometry.GeometryXTime):
        geometry = geometry.geometry
    is_cloud = isinstance(geometry, dde.geometry.PointCloud)
    return not is_cloud or geometry.boundary_points is not None


def _on_boundary(geometry: Any, points: Tensor) -> Array:
    if not _has_boundary(geometry):
        return np.zeros(len(points), dtype=bool)
    found: Array = geometry.on_boundary(_array(points))
    return found


def _has_derivatives(bc: Any) -> bool:
    is_value = isinstance(bc, PERIODIC) and bc.derivative_order == 0
    return not is_value and type(bc) not in WITHOUT_DERIVATIVES


def _array(points: Tensor) -> Array:
    found: Array = points.detach().cpu().numpy()
    return found


def _checked(name: str, error: Any, rows: int, columns: int) -> Term:
    shape = tuple(error.shape) if isinstance(error, Tensor) else type(error).__name__
    if shape != (rows, columns):
        raise ValueError(
            f"conditions: the error of {name!r} must have the shape ({rows}, {columns})"
            f", got {shape}. Return values of the shape (N, 1), and let component name "
            "an output that the network has."
        )
    return Term(name, error)
