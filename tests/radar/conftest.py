"""Real data where they are at hand; the tests of radars share small files."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("pandas", reason="needs the extra birds")
pytest.importorskip("pyproj", reason="needs the extra birds")
pytest.importorskip("h5py", reason="needs the extra birds")

sys.path.insert(0, str(Path(__file__).parent))

BIRDS = Path(__file__).parents[3] / "shared" / "data" / "birds"


@pytest.fixture
def birds() -> Path:
    """The folder of real radar data, whose licenses keep it out of the project."""
    if not BIRDS.exists():
        pytest.skip("real radar data are not in ../shared/data/birds")
    return BIRDS
