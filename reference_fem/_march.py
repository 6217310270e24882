"""The march through time that all domains share."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ._arrays import Array
from ._setup import FlowSetup, TimeGrid
from ._tale import Tale
from .solution import time_weights

if TYPE_CHECKING:
    from ._checkpoint import Checkpoint, SavedMarch
    from ._domain import FlowDomain
    from ._linear import LinearProblem


@dataclass(frozen=True)
class NodalFlow:
    """A flow at the nodes of its mesh, at saved times.

    Attributes:
        times: Saved times (T,).
        rho: Densities (T, P).
        u: Velocities (T, dim, P).
        p: Pressures (T, Q).
        diagnostics: Numbers per time step (num_steps + 1,).
        parameters: ``degree``, ``grad_div``, ``viscosity``, ``order``, ``dt``,
            ``num_steps``, ``seconds``, ``processes``.
        mesh: What :func:`reference_fem._mesh_arrays.mesh_arrays` returns.
    """

    times: Array
    rho: Array
    u: Array
    p: Array
    diagnostics: dict[str, Array]
    parameters: dict[str, Any]
    mesh: dict[str, Any]


class Scheme(Protocol):
    """Fields at the last time levels, and the step that advances them.

    Attributes:
        R: Space of the density.
        Q: Space of the pressure.
        grad_div: Coefficient of the grad-div term.
        taken: Sizes of the steps that were done.
    """

    R: Any
    Q: Any
    grad_div: float
    taken: list[float]

    @property
    def functions(self) -> dict[str, Any]:
        """All fields that the next steps need, by name."""

    @property
    def problems(self) -> "tuple[LinearProblem, ...]":
        """The linear systems of a step."""

    def forget(self) -> None:
        """Forget what solvers keep between steps."""

    def step(self, dt: float, t: float) -> None:
        """Advance all fields by a step dt that ends at t."""

    def diagnostics(self, t: float) -> dict[str, float]:
        """Return the numbers reported for the step that ended at t."""

    def at_nodes(self, weights: dict[int, float]) -> tuple[Array, Array, Array]:
        """Return the fields at the nodes, a weighted sum of time levels."""

    def destroy(self) -> None:
        """Free what PETSc holds."""


def march(
    create_domain: Callable[[Any], "FlowDomain"],
    setup: FlowSetup,
    grid: TimeGrid,
    comm: Any,
    label: str | None,
    create_scheme: "Callable[[FlowDomain, FlowSetup], Scheme] | None" = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> NodalFlow:
    """Solve by a scheme that steps through time, by default the splitting scheme.

    Args:
        create_domain: Makes the domain, given the communicator.
        setup: Flow to solve for.
        grid: Steps and times to save.
        comm: MPI communicator; ``None`` for all processes.
        label: Label of the progress bar on the first process; ``None`` shows no bar.
        create_scheme: Makes the scheme.
        checkpoint: File for the state, every :data:`reference_fem._checkpoint.EVERY`
            steps; where it exists, the march goes on from it.

    Returns:
        The flow, on every process.

    Raises:
        ImportError: If dolfinx is missing or too old.
        ValueError: If the checkpoint is damaged or of another march.
        RuntimeError: If there is no C compiler, a linear solver fails, or the density
            does not stay positive.
    """
    from ._checkpoint import Checkpoint
    from ._mesh_arrays import mesh_arrays
    from ._splitting import Splitting

    comm = ready(comm)
    start = time.perf_counter()
    domain = create_domain(comm)
    comm = domain.msh.comm
    scheme: Scheme = (create_scheme or Splitting)(domain, setup)
    try:
        mesh = mesh_arrays(scheme.R, scheme.Q)
        file = None
        if checkpoint is not None:
            numbers = {
                "times": grid.steps.tolist(),
                "saved": grid.saved.tolist(),
                "viscosity": setup.viscosity,
                "grad_div": scheme.grad_div,
                "order": setup.order,
            }
            file = Checkpoint(checkpoint, scheme, numbers)
        record = _advance(scheme, grid, file, Tale(label, grid, scheme, comm))
    finally:
        scheme.destroy()
    rho, u, p = (np.stack(part) for part in zip(*record.fields, strict=True))
    rows = record.rows
    diagnostics = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    parameters = {
        "degree": setup.degree,
        "grad_div": scheme.grad_div,
        "viscosity": setup.viscosity,
        "order": setup.order,
        "dt": grid.dt,
        "num_steps": grid.num_steps,
        "seconds": time.perf_counter() - start,
        "processes": comm.size,
    }
    return NodalFlow(grid.saved, rho, u, p, diagnostics, parameters, mesh)


def ready(comm: Any) -> Any:
    """Return the communicator, when forms can be compiled.

    Args:
        comm: MPI communicator; ``None`` for all processes.

    Raises:
        ImportError: If dolfinx is missing or too old.
        RuntimeError: If there is no C compiler.
    """
    from ._dolfinx import MPI, require_compiler
    from ._form_cache import clear_stale_locks

    require_compiler()
    comm = MPI.COMM_WORLD if comm is None else comm
    clear_stale_locks(comm)
    return comm


def _advance(
    scheme: Scheme, grid: TimeGrid, file: "Checkpoint | None", tale: Tale
) -> "SavedMarch":
    """Run all steps that are left to do."""
    from ._checkpoint import EVERY, SavedMarch

    steps, saved, sizes = grid.steps, grid.saved, grid.sizes.tolist()
    record = None if file is None else file.load()
    if record is None:
        record = SavedMarch(rows=[scheme.diagnostics(0.0)])
        if saved[0] == 0.0:
            record.fields.append(scheme.at_nodes({0: 1.0}))
    scheme.taken = sizes[: record.step]
    for k in tale.steps(record.step):
        scheme.step(sizes[k - 1], float(steps[k]))
        record.rows.append(scheme.diagnostics(float(steps[k])))
        known = steps[max(0, k - 3) : k + 1]
        for moment in saved[(saved > steps[k - 1]) & (saved <= steps[k])]:
            weights = time_weights(known, float(moment))
            levels = {len(known) - 1 - i: w for i, w in weights.items()}
            record.fields.append(scheme.at_nodes(levels))
        record.step = k
        if file is not None and (k % EVERY == 0 or k == grid.num_steps):
            file.save(record)
    return record
