r"""Variable-density incompressible Euler on the periodic unit square, by FEM.

.. math::
    \partial_t \rho + \nabla \cdot (\rho u) = 0, \qquad
    \rho (\partial_t u + u \cdot \nabla u) + \nabla p = f, \qquad
    \nabla \cdot u = 0.

The scheme is written out in :mod:`reference_fem._splitting`.
"""

import math
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from reference_fem.result import TorusResult
from reference_fem.solution import Array, time_weights

if TYPE_CHECKING:
    from reference_fem._splitting import Splitting


def solve(
    rho0: Callable[[Array], Array],
    u0: Callable[[Array], Array],
    *,
    n: int,
    dt: float,
    t_end: float,
    save_times: Sequence[float] | int = 41,
    degree: int = 2,
    comm: Any = None,
    force: Callable[[Array, float], Array] | None = None,
    grad_div: float = 1.0,
    progress: bool = True,
) -> TorusResult:
    r"""Solve from an initial state; the same numbers on any number of processes.

    The time step is t_end / ceil(t_end / dt), so the last step ends at t_end. Fields at
    save times between two steps come from the cubic polynomial in time through the four
    newest steps (fewer at the start), so saving does not change the steps.

    Args:
        rho0: Initial density, coordinates (2, N) -> (N,), positive.
        u0: Initial velocity, (2, N) -> (2, N), divergence-free.
        n: Squares per axis, at least 3; there are 4 n^2 triangles.
        dt: Largest time step.
        t_end: Final time.
        save_times: Increasing times in [0, t_end], or a number of equally spaced ones.
        degree: Polynomial degree of rho and u, 2 or 3; the pressure has one less.
        comm: MPI communicator, by default all processes.
        force: Body force per volume f, ((2, N), t) -> (2, N).
        grad_div: Coefficient of the grad-div term.
        progress: Whether the first process shows a progress bar.

    Returns:
        The result, on every process.

    Raises:
        ValueError: If an argument is out of range.
        ImportError: If dolfinx is missing or too old.
        RuntimeError: If there is no C compiler, a linear solver fails, or the density
            does not stay positive.
    """
    _check(n, dt, t_end, degree, grad_div)
    times = _save_times(save_times, t_end)
    from reference_fem._dolfinx import MPI, require_compiler
    from reference_fem._splitting import Splitting

    require_compiler()
    comm = MPI.COMM_WORLD if comm is None else comm
    start = time.perf_counter()
    num_steps = math.ceil(t_end / dt * (1 - 1e-12))
    show = progress and comm.rank == 0
    scheme = Splitting(comm, n, degree, grad_div, rho0, u0, force)
    try:
        fields, rows = _march(scheme, t_end, num_steps, times, show)
    finally:
        scheme.destroy()
    rho, u, p = (np.stack(part) for part in zip(*fields, strict=True))
    parameters = {
        "n": n,
        "degree": degree,
        "dt": t_end / num_steps,
        "num_steps": num_steps,
        "grad_div": grad_div,
        "seconds": time.perf_counter() - start,
        "processes": comm.size,
    }
    diagnostics = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return TorusResult(times, rho, u, p, diagnostics, parameters)


def _march(
    scheme: "Splitting", t_end: float, num_steps: int, times: Array, show: bool
) -> tuple[list[tuple[Array, Array, Array]], list[dict[str, float]]]:
    """Run all steps; return the fields at the save times and the diagnostics."""
    steps = t_end / num_steps * np.arange(num_steps + 1)
    steps[-1] = t_end
    fields, rows = [], [scheme.diagnostics(0.0)]
    if times[0] == 0.0:
        fields.append(scheme.lattice({0: 1.0}))
    label = f"FEM n={scheme.n}"
    for k in tqdm(range(1, num_steps + 1), label, disable=not show, file=sys.stderr):
        scheme.step(t_end / num_steps, float(steps[k]))
        rows.append(scheme.diagnostics(float(steps[k])))
        known = steps[max(0, k - 3) : k + 1]
        for moment in times[(times > steps[k - 1]) & (times <= steps[k])]:
            weights = time_weights(known, float(moment))
            fields.append(
                scheme.lattice({len(known) - 1 - i: w for i, w in weights.items()})
            )
    return fields, rows


def _check(n: int, dt: float, t_end: float, degree: int, grad_div: float) -> None:
    rules = [
        ("n", n, isinstance(n, int) and n >= 3, "an integer of at least 3"),
        ("t_end", t_end, 0 < t_end < math.inf, "positive and finite"),
        ("dt", dt, 0 < dt <= t_end, f"positive and at most t_end = {t_end!r}"),
        ("degree", degree, degree in (2, 3), "2 or 3"),
        ("grad_div", grad_div, 0 <= grad_div < math.inf, "finite and not negative"),
    ]
    for name, value, holds, rule in rules:
        if not holds:
            raise ValueError(f"{name} must be {rule}, got {value!r}")


def _save_times(save_times: Sequence[float] | int, t_end: float) -> Array:
    if isinstance(save_times, int):
        if save_times < 2:
            raise ValueError(
                f"save_times as a number must be at least 2, got {save_times!r}"
            )
        return np.linspace(0.0, t_end, save_times)
    times = np.asarray(save_times, dtype=np.float64)
    close = np.abs(times - t_end) <= 1e-12 * t_end
    times = np.where(close, t_end, times)
    ordered = times.ndim == 1 and times.size > 0 and bool((np.diff(times) > 0).all())
    if not ordered or times[0] < 0 or times[-1] > t_end:
        raise ValueError(
            f"save_times must increase within [0, t_end = {t_end:g}], "
            f"got {save_times!r}"
        )
    return times
