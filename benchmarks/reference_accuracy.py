"""Accuracy and cost of the finite-element reference against a fine spectral solution.

    python benchmarks/reference_accuracy.py [--n 50 --n 100] [--dt 1e-3] [--check 384]

Errors of rho are in units of its standard deviation, sqrt(1.25); errors of u in units
of the standard deviation of u at that time. Differences between successive n show
self-convergence. The spectral solution is kept in the cache directory. The memory is
the largest so far, so small n come first. Under mpirun the CPU seconds are those of all
processes together, the memory that of the largest one.
"""

import argparse
import json
import sys
from pathlib import Path
from time import process_time

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from ncl_deepxde.problems.euler.torus.initial_state import (
    DENSITY_VARIANCE,
    density,
    velocity,
)
from reference_fem import SavedSolution, spectral, torus
from reference_fem._dolfinx import MPI
from reference_fem._mesh_source import on_first
from reference_fem._tale import peak_memory

STATE = (density, velocity)
T_END = 1 / 3
TIMES = (0.0, 0.1, 0.2, 0.3, T_END)


def sample_points(m: int = 160) -> np.ndarray:
    """Return m^2 points off every lattice used."""
    axis = (np.arange(m) + 0.37) / m
    return np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)


def spectral_solution(n: int, cache: Path) -> spectral.SpectralSolution:
    """Return the solution with n points per axis, computed once."""
    path = cache / f"spectral_{n}.npz"
    on_first(MPI.COMM_WORLD, lambda: save_spectral_solution(n, path))
    with np.load(path) as data:
        return spectral.SpectralSolution(data["times"], data["fields"])


def save_spectral_solution(n: int, path: Path) -> None:
    """Solve and write a file, where there is none."""
    if not path.exists():
        solution = spectral.solve(*STATE, n=n, t_end=T_END, save_times=TIMES)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, times=solution.times, fields=solution.fields)


def errors(
    solution: SavedSolution, exact: SavedSolution
) -> dict[str, dict[str, float]]:
    """Return the errors of rho and u at the four times."""
    x, result = sample_points(), {"rho": {}, "u": {}}
    for time in TIMES[1:]:
        a, b = solution.evaluate(x, time), exact.evaluate(x, time)
        scales = {
            "rho": DENSITY_VARIANCE**0.5,
            "u": np.var(b["u"], axis=0).sum() ** 0.5,
        }
        for name, scale in scales.items():
            rms = np.sqrt(((a[name] - b[name]) ** 2).sum(axis=1).mean())
            result[name][f"{time:.4g}"] = float(rms / scale)
    return result


def measure(
    n: int, dt: float, order: int, exact: SavedSolution
) -> tuple[dict, SavedSolution]:
    """Solve with n squares per axis and return the numbers to print."""
    comm, start = MPI.COMM_WORLD, process_time()
    solution = torus.solve(
        *STATE, n=n, dt=dt, t_end=T_END, save_times=TIMES, order=order
    )
    seconds = comm.allreduce(process_time() - start)
    memory = comm.allreduce(peak_memory(), MPI.MAX)
    d, p = solution.diagnostics, solution.parameters
    return {
        "n": n,
        "dt": p["dt"],
        "order": order,
        "processes": p["processes"],
        "cpu_seconds": seconds,
        "peak_memory_mib": memory,
        "error": errors(solution, exact),
        "seconds_per_step": p["seconds"] / p["num_steps"],
        "mass_drift": float(np.abs(d["mass"] / d["mass"][0] - 1).max()),
        "energy_drift": float(np.abs(d["energy"] / d["energy"][0] - 1).max()),
        "divergence": float(d["divergence"].max()),
        "density_range": [float(d["min_density"].min()), float(d["max_density"].max())],
    }, solution


def tell(line: str) -> None:
    """Print a line on the first process."""
    if MPI.COMM_WORLD.rank == 0:
        print(line, flush=True)


def main() -> None:
    """Measure, print and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, action="append", help="squares (50 and 100)")
    parser.add_argument("--dt", type=float, default=1e-3)
    parser.add_argument("--order", type=int, default=2, help="order in time, 2 or 3")
    parser.add_argument("--spectral", type=int, default=256)
    parser.add_argument("--check", type=int, help="finer spectral solution to compare")
    parser.add_argument("--cache", type=Path, default=Path("runs/reference_accuracy"))
    parser.add_argument("--out", type=Path, default=Path("reference_accuracy.json"))
    options = parser.parse_args()
    exact = spectral_solution(options.spectral, options.cache)
    report: dict = {"spectral": options.spectral, "runs": [], "self_convergence": []}
    if options.check:
        finer = spectral_solution(options.check, options.cache)
        report["spectral_check"] = errors(exact, finer)
        tell(
            f"spectral {options.spectral} to {options.check} {report['spectral_check']}"
        )
    previous = None
    for n in options.n or (50, 100):
        row, solution = measure(n, options.dt, options.order, exact)
        report["runs"].append(row)
        tell(json.dumps(row))
        if previous is not None:
            change = {"to_n": n, "change": errors(previous, solution)}
            report["self_convergence"].append(change)
            tell(json.dumps(change))
        previous = solution
    options.out.write_text(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
