r"""Matrices that are assembled again in every time step.

The components of a velocity share what carries them. So in d dimensions the matrix is

.. math::
    A = S \otimes I_d + F,

with S of size (nodes, nodes), assembled in every step, and F of grad-div and friction,
assembled once. A direct solver need not know all of S: its entries between nodes that
share no cell, which come from terms on facets, are small, but make its factors 3.5
times as large (torus, n = 64). The matrix P for the solver has these entries on its
diagonal, so that it does the same to a constant.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from ._arrays import Array, Integers
from ._dolfinx import PETSc, fem, fem_petsc


class SystemMatrix(Protocol):
    """A matrix with the degrees of freedom that are given.

    Attributes:
        A: The matrix, an identity in rows and columns of given degrees of freedom.
        P: What the preconditioner is made from.
    """

    A: PETSc.Mat
    P: PETSc.Mat

    def assemble(self) -> None:
        """Assemble A."""

    def refresh(self) -> None:
        """Make P as new as A."""

    def complete(self, b: PETSc.Vec) -> None:
        """Add up what processes share, and take given values into account.

        Args:
            b: Linear form, assembled on each process.
        """

    def destroy(self) -> None:
        """Free the PETSc objects."""


class FormMatrix:
    """The matrix of a bilinear form.

    Args:
        a: The form.
        bcs: Degrees of freedom that are given, by dolfinx.
    """

    def __init__(self, a: Any, bcs: Sequence[Any] = ()) -> None:
        self.a, self.bcs = fem.form(a), list(bcs)
        self.A = self.P = fem_petsc.create_matrix(self.a)

    def assemble(self) -> None:
        """Assemble A."""
        self.A.zeroEntries()
        fem_petsc.assemble_matrix(self.A, self.a, bcs=self.bcs)
        self.A.assemble()

    def refresh(self) -> None:
        """Do nothing: P is A."""

    def complete(self, b: PETSc.Vec) -> None:
        """Add up what processes share, and take given values into account."""
        if self.bcs:
            fem_petsc.apply_lifting(b, [self.a], bcs=[self.bcs])
        b.ghostUpdate(PETSc.InsertMode.ADD, PETSc.ScatterMode.REVERSE)
        if self.bcs:
            fem_petsc.set_bc(b, self.bcs)

    def destroy(self) -> None:
        """Free the matrix."""
        self.A.destroy()


class ComponentMatrix:
    r"""The matrix :math:`S \otimes I_d + F` of a vector field.

    Args:
        space: Space of the vector field, with nodes numbered as those of a component;
            with d = 1 that of the component itself.
        shared: Bilinear form of S, on the scalar space of one component.
        fixed: Bilinear form of F, on the space of the vector field, which couples all
            nodes that share a cell; ``None`` for F = 0.
        bcs: Degrees of freedom of the vector field that are given, by dolfinx.
        skips_facets: Whether P has the entries of S between nodes that share no cell
            on its diagonal.
    """

    def __init__(
        self,
        space: fem.FunctionSpace,
        shared: Any,
        fixed: Any = None,
        bcs: Sequence[Any] = (),
        skips_facets: bool = False,
    ) -> None:
        self.shared, self.bcs = fem.form(shared), list(bcs)
        self.S = fem.create_matrix(self.shared)
        self.space, self.dim = space, space.dofmap.index_map_bs
        i, j = _coordinates(self.S)
        rows, columns, entries = _entries(fixed)
        self.count = len(i)
        self.values = np.concatenate([np.zeros(self.dim * len(i)), entries])
        self.A = self.P = self._place(i, j, rows, columns)
        if skips_facets:
            size = space.dofmap.index_map.size_global
            near = rows // self.dim * size + columns // self.dim
            j = np.where(np.isin(i * size + j, near), j, i)
            self.P = self._place(i, j, rows, columns)
        self.rows = PETSc.IS().createGeneral(self._given_rows(), space.mesh.comm)
        self.given = self.A.createVecRight()

    def _place(
        self, i: Integers, j: Integers, rows: Integers, columns: Integers
    ) -> PETSc.Mat:
        """Return a matrix with places for S at (i, j) and F at (rows, columns).

        What falls on one place is added up.
        """
        dim, index_map = self.dim, self.space.dofmap.index_map
        size = dim * index_map.size_local, dim * index_map.size_global
        A = PETSc.Mat().create(self.space.mesh.comm)
        A.setSizes((size, size), dim)
        A.setType("aij")
        A.setPreallocationCOO(
            np.concatenate([*(dim * i + c for c in range(dim)), rows]).astype(np.int32),
            np.concatenate([*(dim * j + c for c in range(dim)), columns]).astype(
                np.int32
            ),
        )
        # rows of given values are made zero and filled again
        keep: Any = PETSc.Mat.Option.KEEP_NONZERO_PATTERN
        A.setOption(keep, True)
        return A

    def _given_rows(self) -> Any:
        start = self.dim * self.space.dofmap.index_map.local_range[0]
        rows = [np.zeros(0, dtype=np.int32)]
        for bc in self.bcs:
            dofs, owned = bc.dof_indices()
            rows.append(dofs[:owned])
        return np.unique(np.concatenate(rows)) + np.int32(start)

    def assemble(self) -> None:
        """Assemble A."""
        self.S.set_value(0.0)
        fem.assemble_matrix(self.S, self.shared)
        self.S.scatter_reverse()
        for c in range(self.dim):
            self.values[c * self.count :][: self.count] = self.S.data[: self.count]
        self.A.setValuesCOO(self.values)

    def refresh(self) -> None:
        """Make P as new as A."""
        if self.P is not self.A:
            self.P.setValuesCOO(self.values)
            if self.bcs:
                self.P.zeroRowsColumns(self.rows, diag=1.0)

    def complete(self, b: PETSc.Vec) -> None:
        """Add up what processes share, and take given values into account."""
        b.ghostUpdate(PETSc.InsertMode.ADD, PETSc.ScatterMode.REVERSE)
        for bc in self.bcs:
            bc.set(self.given.array_w)
        if self.bcs:
            self.A.zeroRowsColumns(self.rows, diag=1.0, x=self.given, b=b)

    def destroy(self) -> None:
        """Free the matrices."""
        for item in (self.A, self.P, self.given, self.rows):
            item.destroy()


def _coordinates(S: Any) -> tuple[Integers, Integers]:
    """Return the global rows and columns (N,) of the entries in a process's rows."""
    owned = S.index_map(0).size_local
    ends, start = S.indptr[: owned + 1].astype(np.int64), S.index_map(0).local_range[0]
    columns = S.indices[: ends[-1]].astype(np.int32)
    return (
        start + np.repeat(np.arange(owned), np.diff(ends)),
        S.index_map(1).local_to_global(columns),
    )


def _entries(fixed: Any) -> tuple[Integers, Integers, Array]:
    """Return global rows, columns and values (N,) of a form in a process's rows."""
    if fixed is None:
        none = np.zeros(0, dtype=np.int64)
        return none, none, np.zeros(0)
    F = fem_petsc.assemble_matrix(fem.form(fixed))
    F.assemble()
    ends, columns, values = F.getValuesCSR()
    rows = np.repeat(np.arange(len(ends) - 1), np.diff(ends)) + F.getOwnershipRange()[0]
    F.destroy()
    return rows, columns.astype(np.int64), values
