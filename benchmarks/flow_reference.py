r"""Finite elements on any domain against published tables.

    python benchmarks/flow_reference.py cavity [--n 64]
    python benchmarks/flow_reference.py cylinder [--h 0.04]
    python benchmarks/flow_reference.py rayleigh-taylor [--n 16] [--limited]
        [--out rt.npz]

- cavity: the lid of the unit square moves with speed 1, Reynolds number 1000; extrema
  on the lines through the center: O. Botella and R. Peyret, Computers and Fluids 27
  (1998) 421-433;
- cylinder: the steady flow of Reynolds number 20 past a cylinder in a channel, the
  difference of pressures before and behind it: M. Schaefer and S. Turek (1996), here in
  digits of G. Nabh (1998);
- rayleigh-taylor: density ratio 3, Reynolds number 1000, viscosity the same in both
  fluids, as J.-L. Guermond and L. Quartapelle, J. Comput. Phys. 165 (2000) 167-188: the
  interface between no-slip ends 4 widths apart, one half of it between planes of
  symmetry; lowest and highest point of the interface (density 2) over time in units of
  (d / (A g))^(1/2), A = 1/2.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar

sys.path.insert(0, str(Path(__file__).parents[1]))

from reference_fem import FlowResult, boundary, flow, geometry
from reference_fem.raw_mesh import RawMesh

CAVITY = {"u_min": -0.3885698, "v_max": 0.3769447, "v_min": -0.5270771}
CYLINDER = 0.11752016697


def one(x: np.ndarray) -> np.ndarray:
    """Return the density 1."""
    return 1 + 0 * x[0]


def rest(x: np.ndarray) -> np.ndarray:
    """Return the velocity 0."""
    return 0 * x


def crossed(low: tuple, high: tuple, cells: tuple) -> RawMesh:
    """Return squares that both diagonals cut into triangles."""
    m, n = cells
    i, j = (part.ravel() for part in np.mgrid[:m, :n])
    corner = i * (n + 1) + j
    center = (m + 1) * (n + 1) + i * n + j
    around = [corner, corner + n + 1, corner + n + 2, corner + 1]
    triangles = [
        np.stack([around[k], around[(k + 1) % 4], center], axis=1) for k in range(4)
    ]
    whole = np.mgrid[: m + 1, : n + 1].reshape(2, -1)
    half = np.mgrid[:m, :n].reshape(2, -1) + 0.5
    x = np.concatenate([whole, half], axis=1).T / [m, n]
    points = np.array(low) + x * (np.array(high) - low)
    none = np.zeros((0, 2), dtype=np.int64), np.zeros(0, dtype=np.int64)
    return RawMesh(points, np.concatenate(triangles), *none)


def cavity(n: int) -> None:
    """Print the extrema of the lid-driven cavity beside the published ones."""
    raw = crossed((0, 0), (1, 1), (n, n))
    x = 0.45 * (1 - np.cos(np.pi * raw.points)) + 0.1 * raw.points
    graded = RawMesh(x, raw.cells, raw.facets, raw.tags)
    # at the ends of the lid the flow rests
    lid = boundary.Moving(
        lambda x: np.stack([1.0 * (abs(x[0] - 0.5) < 0.5 - 1e-9), 0 * x[0]])
    )
    start = time.process_time()
    found = flow.solve(
        graded,
        one,
        rest,
        steady=True,
        viscosity=1e-3,
        boundary=[
            (lambda x: x[1] > 1 - 1e-9, lid),
            (lambda x: x[1] < 2, boundary.NoSlip()),
        ],
    )
    seconds = time.process_time() - start
    lines = {"u_min": (0, 1, 0.05, 0.6), "v_max": (1, -1, 0.05, 0.4)}
    lines["v_min"] = (1, 1, 0.7, 0.97)
    print(f"cavity, Re 1000, n = {n}: {seconds:.1f} s of one core")
    for name, (component, sign, low, high) in lines.items():

        def value(s: float, component: int = component, sign: int = sign) -> float:
            point = [0.5, s] if component == 0 else [s, 0.5]
            return sign * float(found.evaluate([point], 0.0)["u"][0, component])

        best = minimize_scalar(value, bounds=(low, high), method="bounded")
        extremum, published = sign * best.fun, CAVITY[name]
        off = abs(extremum / published - 1)
        place = f"{extremum:.7f} at {best.x:.4f}"
        print(f"  {name}: {place}, published {published} ({off:.1e})")


def cylinder(h: float) -> None:
    """Print the difference of pressures at the cylinder beside the published one."""
    hole = geometry.Disk((0.2, 0.2), 0.05, h / 6)
    corners = [(0, 0), (2.2, 0), (2.2, 0.41), (0, 0.41)]

    def profile(x: np.ndarray) -> np.ndarray:
        return np.stack([1.2 * x[1] * (0.41 - x[1]) / 0.41**2, 0 * x[0]])

    start = time.process_time()
    found = flow.solve(
        geometry.Polygon(corners, h, holes=[hole]),
        one,
        rest,
        steady=True,
        viscosity=1e-3,
        boundary=[
            (4, boundary.Inflow(profile, one)),
            (2, boundary.Outflow()),
            *((tag, boundary.NoSlip()) for tag in (1, 3, 5)),
        ],
    )
    seconds = time.process_time() - start
    before, behind = found.evaluate([[0.15, 0.2], [0.25, 0.2]], 0.0)["p"][:, 0]
    off = abs((before - behind) / CYLINDER - 1)
    print(
        f"cylinder, Re 20, h = {h}: {seconds:.1f} s of one core, "
        f"{len(found.mesh['cells'])} triangles\n"
        f"  pressure: {before - behind:.8f}, published {CYLINDER} ({off:.1e})"
    )


def rayleigh_taylor(n: int, dt: float, out: Path | None, limited: bool) -> None:
    """Print the positions of the interface and the bounds of the density."""

    def layered(x: np.ndarray) -> np.ndarray:
        return 2 + np.tanh((x[1] + 0.1 * np.cos(2 * np.pi * x[0])) / 0.01)

    scale = 2**0.5
    start = time.process_time()
    found = flow.solve(
        crossed((0, -2), (0.5, 2), (n, 8 * n)),
        layered,
        rest,
        dt=dt,
        t_end=2.5 * scale,
        save_times=[scale * t for t in (0, 1, 1.5, 1.75, 2, 2.25, 2.5)],
        viscosity=1e-3,
        gravity=(0.0, -1.0),
        boundary=[
            (lambda x: abs(x[1]) > 2 - 1e-9, boundary.NoSlip()),
            (lambda x: x[1] < 3, boundary.FreeSlip()),
        ],
        limited=limited,
        checkpoint=None if out is None else out.with_suffix(".march"),
    )
    seconds = time.process_time() - start
    if out is not None:
        found.save(out)
    mass, d = found.diagnostics["mass"], found.diagnostics
    print(
        f"Rayleigh-Taylor, n = {n}, dt = {dt:g}: {seconds:.0f} s of one core; mass to "
        f"{np.abs(mass / mass[0] - 1).max():.0e}, density from "
        f"{d['min_density'].min():.3f} to {d['max_density'].max():.3f} (1 to 3)"
    )
    for t in found.times:
        low, high = fronts(found, t)
        print(f"  t = {t / scale:.2f}: falls to {low:.3f}, rises to {high:.3f}")


def fronts(found: FlowResult, t: float) -> tuple[float, float]:
    """Return the lowest and the highest point where the density is 2."""
    x, y = np.linspace(0, 0.5, 51), np.linspace(-1.99, 1.99, 797)
    points = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2)
    excess = found.evaluate(points, t)["rho"].reshape(len(x), len(y)) - 2
    lines, below = np.nonzero(np.diff(np.sign(excess), axis=1))
    first, second = excess[lines, below], excess[lines, below + 1]
    heights = y[below] + first / (first - second) * (y[1] - y[0])
    return float(heights.min()), float(heights.max())


def main() -> None:
    """Run the benchmark that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("flow", choices=("cavity", "cylinder", "rayleigh-taylor"))
    parser.add_argument("--n", type=int, help="cells per unit, or per half width")
    parser.add_argument("--h", type=float, default=0.04, help="size of the cells")
    parser.add_argument("--dt", type=float, default=0.01, help="time step")
    parser.add_argument("--limited", action="store_true", help="keep density's bounds")
    parser.add_argument("--out", type=Path, help="npz file for the flow")
    options = parser.parse_args()
    if options.flow == "cavity":
        cavity(options.n or 64)
    elif options.flow == "cylinder":
        cylinder(options.h)
    else:
        rayleigh_taylor(options.n or 16, options.dt, options.out, options.limited)


if __name__ == "__main__":
    main()
