r"""What finite elements make of a turning disk and of a vortex without friction.

    python benchmarks/flow_rates.py zalesak [--n 50] [--limited]
    python benchmarks/flow_rates.py gresho [--n 10 --n 20 --n 40]

- zalesak: the disk with a slot of S. T. Zalesak, J. Comput. Phys. 31 (1979) 335-362,
  radius 0.15, slot 0.05 wide, turns once in the unit square; the L1 error of the
  density over the area of the disk, and of the disk that is cut at one half;
- gresho: the vortex of P. M. Gresho and S. T. Chan, Int. J. Numer. Meth. Fluids 11
  (1990) 621-659, speed 5 r, then 2 - 5 r, then 0, on the periodic unit square; the
  flow is steady, and its speed has kinks, so that its interpolation is of order 3/2.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from flow_reference import crossed, one

from reference_fem import boundary, torus, transport


def slotted_disk(x: np.ndarray) -> np.ndarray:
    """Return 1 in the disk and 0 elsewhere."""
    is_inside = np.hypot(x[0] - 0.5, x[1] - 0.75) <= 0.15
    is_slot = (abs(x[0] - 0.5) < 0.025) & (x[1] < 0.85)
    return 1.0 * (is_inside & ~is_slot)


def nothing(x: np.ndarray) -> np.ndarray:
    """Return the density of what comes through the sides, which the flow crosses."""
    return 0 * x[0]


def turning(x: np.ndarray) -> np.ndarray:
    """Return the velocity that turns once around the center in a unit of time."""
    return 2 * np.pi * np.stack([0.5 - x[1], x[0] - 0.5])


def vortex(x: np.ndarray) -> np.ndarray:
    """Return the velocity of Gresho's vortex."""
    y = x - 0.5
    r = np.maximum(np.hypot(*y), 1e-300)
    speed = np.where(r < 0.2, 5 * r, np.maximum(2 - 5 * r, 0))
    return speed / r * np.stack([-y[1], y[0]])


def points(m: int = 400) -> np.ndarray:
    """Return the middles (m^2, 2) of m x m squares."""
    axis = (np.arange(m) + 0.5) / m
    return np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)


def zalesak(n: int, limited: bool, turns: float = 1.0) -> tuple[float, float]:
    """Turn the disk; print its errors; return those of the density and of the cut."""
    start = time.process_time()
    found = transport.solve(
        crossed((0, 0), (1, 1), (n, n)),
        slotted_disk,
        turning,
        dt=1 / (8 * n),
        t_end=turns,
        save_times=2,
        boundary=[(lambda x: x[0] < 9, boundary.Inflow(turning, nothing))],
        limited=limited,
    )
    seconds = time.process_time() - start
    x, d = points(), found.diagnostics
    c, s = np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)
    exact = slotted_disk(0.5 + np.array([[c, s], [-s, c]]) @ (x.T - 0.5))
    rho, area = found.evaluate(x, turns)["rho"][:, 0], exact.mean()
    whole = float(abs(rho - exact).mean() / area)
    cut = float(((rho > 0.5) != (exact > 0.5)).mean() / area)
    print(
        f"zalesak, n = {n}, {8 * n} steps{', limited' if limited else ''}: "
        f"{seconds:.0f} s of one core; L1 {whole:.4f}, cut at one half {cut:.4f}; "
        f"density from "
        f"{d['min_density'].min():.3f} to {d['max_density'].max():.3f}, mass to "
        f"{abs(d['mass'] / d['mass'][0] - 1).max():.0e}"
    )
    return whole, cut


def gresho(sizes: list[int], t_end: float = 1.0) -> list[tuple[float, float]]:
    """Let the vortex turn; print and return errors and the drift of energy."""
    x, rows = points(200), []
    exact, before = vortex(x.T).T, None
    for n in sizes:
        start = time.process_time()
        found = torus.solve(
            one, vortex, n=n, dt=0.2 / n, t_end=t_end, save_times=2, progress=False
        )
        seconds = time.process_time() - start
        u, energy = found.evaluate(x, t_end)["u"], found.diagnostics["energy"]
        error = np.linalg.norm(u - exact) / np.linalg.norm(exact)
        rate = "" if before is None else f", rate {_rate(before, (n, error)):.2f}"
        print(
            f"gresho, n = {n}: {seconds:.0f} s of one core; u {error:.2e}{rate}, "
            f"energy {energy[-1] / energy[0] - 1:.1e}"
        )
        before = n, error
        rows.append((float(error), float(energy[-1] / energy[0] - 1)))
    return rows


def _rate(coarse: tuple[int, float], fine: tuple[int, float]) -> float:
    return float(np.log(coarse[1] / fine[1]) / np.log(fine[0] / coarse[0]))


def main() -> None:
    """Run the case that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", choices=("zalesak", "gresho"))
    parser.add_argument("--n", type=int, action="append", help="squares per axis")
    parser.add_argument("--limited", action="store_true", help="keep the bounds")
    options = parser.parse_args()
    if options.case == "gresho":
        gresho(options.n or [10, 20, 40])
    for n in (options.n or [50]) if options.case == "zalesak" else ():
        zalesak(n, options.limited)


if __name__ == "__main__":
    main()
