"""Files of samples, as a user has them, and figures as they are written."""

import numpy as np
import pytest
from matplotlib.figure import Figure


@pytest.fixture
def write_samples(tmp_path):
    """Return a function that writes samples of two normal densities to two files."""

    def write(d=2, scale=1.0, n=40):
        x = np.random.default_rng(0).normal(size=(2, n, d)) * scale
        before, after = tmp_path / "before.csv", tmp_path / "after.npy"
        np.savetxt(before, x[0], delimiter=",")
        np.save(after, x[1] / 2)
        return [before, after]

    return write


@pytest.fixture
def saved(monkeypatch):
    """Collect the figures that are written, coarsely, to be fast."""
    figures, savefig = [], Figure.savefig

    def save(figure, path, **options):
        figures.append(figure)
        savefig(figure, path, **{**options, "dpi": 10})

    monkeypatch.setattr(Figure, "savefig", save)
    return figures
