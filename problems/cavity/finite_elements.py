"""The cavity by finite elements, a script of its own: it must not import DeepXDE.

python finite_elements.py SIZE VISCOSITY FILE
"""

import sys

import numpy as np

from reference_fem import FlowResult, boundary, flow, geometry


def solve(h: float, viscosity: float) -> FlowResult:
    """Solve on triangles of a size.

    Args:
        h: Size of the triangles.
        viscosity: Viscosity.
    """
    lid = boundary.Moving(lambda x: np.stack([4 * x[0] * (1 - x[0]), 0 * x[0]]))
    rest = boundary.NoSlip()
    return flow.solve(
        geometry.Rectangle((0, 0), (1, 1), h),
        lambda x: 1 + 0 * x[0],
        lambda x: 0 * x,
        steady=True,
        viscosity=viscosity,
        boundary=[(4, lid), (1, rest), (2, rest), (3, rest)],
    )


if __name__ == "__main__":
    size, mu, path = sys.argv[1:]
    solve(float(size), float(mu)).save(path)
