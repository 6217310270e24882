"""Skip tests that need dolfinx where it is missing, but never in CI."""

import importlib.util
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(items):
    if importlib.util.find_spec("dolfinx") is not None or os.environ.get("CI"):
        return
    skip = pytest.mark.skip(reason="dolfinx is not installed: ncl-deepxde[fem]")
    for item in items:
        if item.get_closest_marker("fem"):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def small_result():
    """Five steps of the Euler torus on 6 x 6 squares, saved at three times."""
    from reference_fem import starts, torus

    start = starts.published_start("torus")
    return torus.solve(
        start.density,
        start.velocity,
        n=6,
        dt=0.004,
        t_end=0.02,
        save_times=[0.0, 0.009, 0.02],
        progress=False,
    )
