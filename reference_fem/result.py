"""The solution of a finite-element run: evaluation, diagnostics and a portable file."""

import json
import os
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from . import _archive, ball_mesh, lattice
from ._arrays import Array, Integers
from ._march import NodalFlow
from .paraview import QuadraticMesh, write_series
from .simplices import (
    Locator,
    degree_of,
    exponents,
    interpolate,
    shape_functions,
)
from .solution import SavedSolution, TorusSolution

__all__ = [
    "BallResult",
    "FlowResult",
    "PlaneFlow",
    "Result",
    "SpaceFlow",
    "TorusResult",
    "flow_result",
    "load",
]

VERSIONS = {"torus": 1, "ball": 2, "plane": 1, "space": 1}
"""Versions of the files; raised when the mesh, which is not in them, changes."""


@dataclass
class Result(SavedSolution):
    r"""Lagrange fields known by their nodal values, of degrees k, k and k - 1.

    Attributes:
        times: Saved times (T,).
        rho: Density.
        u: Velocity.
        p: Pressure, mean zero.
        diagnostics: Numbers per time step (num_steps + 1,): ``time``, ``mass``,
            ``energy``, ``divergence`` (L2 norm of div u), ``min_density``,
            ``max_density`` (at the nodes), ``density_iterations``,
            ``velocity_iterations``, ``pressure_iterations``; where there is a wall
            also ``wall_leakage`` (the largest \|u.n\|).
        parameters: ``n``, ``degree``, ``dt``, ``num_steps``, ``grad_div``,
            ``seconds``, ``processes``.
        mesh: Arrays of the mesh where it is not known by the parameters.
    """

    times: Array
    rho: Array
    u: Array
    p: Array
    diagnostics: dict[str, Array]
    parameters: dict[str, Any] = field(default_factory=dict)
    mesh: dict[str, Any] = field(default_factory=dict)
    domain: ClassVar[str]

    @abstractmethod
    def quadratic_mesh(self) -> QuadraticMesh:
        """Return the mesh, with a node in the middle of each edge."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write one npz file, at once or not at all.

        Args:
            path: File to write; existing files are replaced.

        Raises:
            OSError: If the directory is missing or not writable.
        """
        header = json.dumps(
            {"format": _format(self.domain), "parameters": self.parameters}
        )
        arrays: dict[str, Any] = {
            "header": np.array(header),
            "times": self.times,
            "rho": self.rho,
            "u": self.u,
            "p": self.p,
        }
        arrays |= {f"diagnostics/{name}": v for name, v in self.diagnostics.items()}
        arrays |= {f"mesh/{name}": v for name, v in self.mesh.items()}
        _archive.write(path, arrays)

    def write_paraview(self, directory: str | os.PathLike[str]) -> Path:
        """Write one .vtu file per saved time and a .pvd collection with the times.

        Args:
            directory: Folder for the files, created if missing.

        Returns:
            Path of the .pvd file, to be opened in ParaView.
        """
        mesh = self.quadratic_mesh()
        return write_series(directory, mesh, self.times, self.evaluate)


class TorusResult(Result, TorusSolution):
    r"""Fields on the periodic unit square.

    Triangles and nodes are those of :mod:`reference_fem.lattice`, m = 2 k n:
    ``rho`` (T, m, m / 2), ``u`` (T, 2, m, m / 2), ``p`` (T, l, l / 2) with
    l = 2 (k - 1) n.
    """

    domain = "torus"

    def _snapshot(self, index: int, points: Array) -> Array:
        n = int(self.parameters["n"])
        fine = np.concatenate([self.rho[index][None], self.u[index]])
        return np.concatenate(
            [
                lattice.evaluate(fine, n, points),
                lattice.evaluate(self.p[index][None], n, points),
            ]
        )

    def quadratic_mesh(self) -> QuadraticMesh:
        """Return points (P, 2) and triangles (C, 6) of the unit square, cut open."""
        points, cells = lattice.quadratic_mesh(int(self.parameters["n"]))
        return QuadraticMesh(points, "triangle6", cells)


class BallResult(Result):
    r"""Fields in the unit ball.

    Tetrahedra and nodes are those of :mod:`reference_fem.ball_mesh`, corners first:
    ``rho`` (T, P), ``u`` (T, 3, P), ``p`` (T, corners).
    """

    dim = 3
    domain = "ball"

    @cached_property
    def _locator(self) -> Locator:
        return Locator(*ball_mesh.create(int(self.parameters["n"])))

    def _into_domain(self, points: Array) -> Array:
        radius = np.linalg.norm(points, axis=1).max(initial=0)
        if radius > 1 + 1e-6:
            raise ValueError(
                f"points must lie in the unit ball, got a distance of {radius:.9g} "
                "from its center; leave such points out"
            )
        return points

    def _snapshot(self, index: int, points: Array) -> Array:
        found, place = self._locator.locate(points)
        nodes = self._locator.cells[found]
        fine = np.concatenate([self.rho[index][None], self.u[index]])
        return np.concatenate(
            [
                interpolate(fine, nodes, place),
                interpolate(self.p[index][None], nodes[:, :4], place),
            ]
        )

    def quadratic_mesh(self) -> QuadraticMesh:
        """Return points (P, 3) and tetrahedra (C, 10), all of them right-handed."""
        return _tetrahedra(self._locator.nodes, self._locator.cells)


class FlowResult(Result):
    r"""Fields on any mesh of triangles or tetrahedra.

    ``rho`` (T, P), ``u`` (T, dim, P), ``p`` (T, Q). ``mesh`` holds ``points`` (G, dim)
    and ``cells`` (C, nodes) of the mesh, and the nodes ``fine`` (C, nodes) and
    ``coarse`` (C, nodes) of the fields in each cell, in the order of
    :func:`reference_fem.simplices.exponents`.
    """

    @cached_property
    def _locator(self) -> Locator:
        return Locator(self.mesh["points"], self.mesh["cells"])

    @cached_property
    def _places(self) -> dict[str, Any]:
        return {}

    def _into_domain(self, points: Array) -> Array:
        found, place = self._locator.locate_inside(points)
        # evaluate asks for several times at the same points
        self._places.update(points=points, found=found, place=place)
        return points

    def _snapshot(self, index: int, points: Array) -> Array:
        found, place = self._places["found"], self._places["place"]
        fine = np.concatenate([self.rho[index][None], self.u[index]])
        return np.concatenate(
            [
                interpolate(fine, self.mesh["fine"][found], place),
                interpolate(self.p[index][None], self.mesh["coarse"][found], place),
            ]
        )

    def _cell_nodes(self, degree: int) -> Array:
        """Return the nodes (C, nodes, dim) of all cells."""
        x, dim = self.mesh["points"][self.mesh["cells"]], self.dim
        local = exponents(dim, degree) / degree
        shapes = shape_functions(local, degree_of(dim, x.shape[1]))
        return np.asarray(np.einsum("ng,cgx->cnx", shapes, x))

    def nodes(self, name: str) -> Array:
        """Return the nodes (P, dim) of fields; on a seam one of the equal points.

        Args:
            name: ``"fine"`` for density and velocity, ``"coarse"`` for the pressure.
        """
        cells, dim = self.mesh[name], self.dim
        points = np.empty((cells.max() + 1, dim))
        points[cells] = self._cell_nodes(degree_of(dim, cells.shape[1]))
        return points

    def quadratic_mesh(self) -> QuadraticMesh:
        """Return points (P, dim), and triangles (C, 6) or tetrahedra (C, 10)."""
        dim, nodes = self.dim, self._cell_nodes(2).reshape(-1, self.dim)
        size = np.ptp(nodes, axis=0).max()
        _, first, cells = np.unique(
            np.rint(nodes / size * 1e10), axis=0, return_index=True, return_inverse=True
        )
        cells = cells.reshape(-1, len(exponents(dim, 2)))
        if dim == 2:
            return QuadraticMesh(
                nodes[first], "triangle6", cells[:, [0, 1, 2, 5, 3, 4]]
            )
        return _tetrahedra(nodes[first], cells)


class PlaneFlow(FlowResult):
    """Fields on triangles."""

    dim = 2
    domain = "plane"


class SpaceFlow(FlowResult):
    """Fields on tetrahedra."""

    dim = 3
    domain = "space"


FLOWS = {2: PlaneFlow, 3: SpaceFlow}


def flow_result(flow: NodalFlow) -> FlowResult:
    """Return the result of a march on any mesh.

    Args:
        flow: The march, with its mesh.
    """
    return FLOWS[flow.u.shape[1]](
        flow.times,
        flow.rho,
        flow.u,
        flow.p,
        flow.diagnostics,
        flow.parameters,
        flow.mesh,
    )


def _tetrahedra(points: Array, cells: Integers) -> QuadraticMesh:
    """Return tetrahedra (C, 10) in the order of VTK, all of them right-handed."""
    # basix orders edges by the corners they leave out, VTK along the faces
    cells = cells[:, [0, 1, 2, 3, 9, 6, 8, 7, 5, 4]]
    corners = points[cells[:, :4]]
    is_left = np.linalg.det(corners[:, 1:] - corners[:, :1]) < 0
    cells[is_left] = cells[is_left][:, [1, 0, 2, 3, 4, 6, 5, 8, 7, 9]]
    return QuadraticMesh(points, "tetra10", cells)


def _format(domain: str) -> str:
    return f"ncl-deepxde reference {domain} {VERSIONS[domain]}"


def load(path: str | os.PathLike[str]) -> Result:
    """Read a result that :meth:`Result.save` wrote; needs no dolfinx.

    Args:
        path: The npz file.

    Returns:
        The result.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is truncated or not a reference solution.
    """
    remedy = "write one with `python -m reference_fem torus --out FILE` (or ball)"
    return _archive.read(path, "reference solution", remedy, _unpack)


def _unpack(arrays: Mapping[str, Any]) -> Result:
    header = json.loads(str(arrays["header"]))
    known = (TorusResult, BallResult, *FLOWS.values())
    kinds = {_format(kind.domain): kind for kind in known}
    name = header.get("format") if isinstance(header, dict) else None
    if name not in kinds:
        raise ValueError(f"its format is none of {', '.join(map(repr, kinds))}")
    return kinds[name](
        arrays["times"],
        arrays["rho"],
        arrays["u"],
        arrays["p"],
        diagnostics=_archive.below("diagnostics/", arrays),
        parameters=header["parameters"],
        mesh=_archive.below("mesh/", arrays),
    )
