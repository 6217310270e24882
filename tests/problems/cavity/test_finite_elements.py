"""The cavity by finite elements, against a solution that others published."""

import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from ncl_deepxde.problems.cavity import finite_elements

# x, y, u, v, see tests/benchmarks/precision_problems/test_cavity.py
PUBLISHED = np.array(
    [
        (0.4921463413440897, 0.21249737397836077, -0.1065282716, 0.0041013108),
        (0.21249737397836077, 0.6619587090990747, -0.0306812320, 0.2036411713),
        (0.8002101126629421, 0.9090748587125117, 0.3326399941, -0.1850705702),
    ]
)


@pytest.mark.fem
@pytest.mark.skipif(
    None in map(find_spec, ("dolfinx", "netgen")),
    reason="dolfinx or netgen is not installed: ncl-deepxde[fem,mesh]",
)
def test_velocity_is_the_published_one():
    found = finite_elements.solve(0.05, 0.01)
    u = found.evaluate(PUBLISHED[:, :2], 0.0)["u"]
    # measured 4e-4; uniform triangles feel the infinite pressure at the lid's ends
    assert np.abs(u - PUBLISHED[:, 2:]).max() < 1e-3


def test_script_runs_without_deepxde():
    code = (
        "import sys, runpy; runpy.run_path(sys.argv[1]); "
        "assert not {'deepxde', 'torch'} & set(sys.modules)"
    )
    command = [sys.executable, "-P", "-c", code, finite_elements.__file__]
    subprocess.run(command, check=True)
