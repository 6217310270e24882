"""A mesh of dolfinx as arrays of numpy, the same on every process."""

from typing import Any

import numpy as np

from ._arrays import Array, Integers
from ._dolfinx import IndexMap, Mesh, fem
from .simplices import exponents


def mesh_arrays(fine: fem.FunctionSpace, coarse: fem.FunctionSpace) -> dict[str, Any]:
    """Return the mesh and the nodes of two spaces on it.

    Cells keep the order of the processes that own them; their nodes have that of
    :func:`reference_fem.simplices.exponents`, the nodes of spaces the numbers of
    :func:`reference_fem._domain.number_by_rank`.

    Args:
        fine: Lagrange space of density.
        coarse: Lagrange space of pressure.

    Returns:
        ``points`` (G, dim) and ``cells`` (C, nodes) of the mesh, and the nodes of the
        spaces in each cell, ``fine`` and ``coarse`` (C, nodes).
    """
    msh = fine.mesh
    dim = msh.geometry.dim
    count = msh.topology.index_map(msh.topology.dim).size_local
    points, cells = geometry_arrays(msh)
    found: dict[str, Any] = {"points": points, "cells": cells}
    for name, space in (("fine", fine), ("coarse", coarse)):
        order = _order(space, dim)
        dofs = _global(space.dofmap.index_map, space.dofmap.list[:count][:, order])
        found[name] = _together(msh, dofs)
    return found


def geometry_arrays(msh: Mesh) -> tuple[Array, Integers]:
    """Return the nodes (G, dim) and the cells (C, nodes) of a mesh.

    Args:
        msh: A mesh of cells of degree 1 or 2.
    """
    geometry, index_map = msh.geometry, msh.geometry.index_map()
    count = msh.topology.index_map(msh.topology.dim).size_local
    points = _together(msh, geometry.x[: index_map.size_local, : geometry.dim])
    return points, _together(msh, _global(index_map, geometry.dofmaps[0][:count]))


def _global(index_map: IndexMap, numbers: Integers) -> Integers:
    flat = np.ascontiguousarray(numbers.ravel(), dtype=np.int32)
    return np.asarray(index_map.local_to_global(flat)).reshape(numbers.shape)


def _together(msh: Mesh, rows: Any) -> Any:
    return np.concatenate(msh.comm.allgather(rows))


def _order(space: fem.FunctionSpace, dim: int) -> Integers:
    """Return where the nodes of a cell stand in dolfinx's order."""
    element = space.element.basix_element
    local = np.asarray(element.points)
    alpha = np.rint(element.degree * np.column_stack([1 - local.sum(axis=1), local]))
    found = {tuple(node): place for place, node in enumerate(alpha.astype(int))}
    wanted = exponents(dim, element.degree)
    return np.array([found[tuple(node)] for node in wanted])
