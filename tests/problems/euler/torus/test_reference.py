"""The reference without dolfinx: the pseudo-spectral solver steps in, and says so."""

from dataclasses import replace

import numpy as np
import pytest

from ncl_deepxde.problems.euler.settings import Discretization
from ncl_deepxde.problems.euler.torus import reference
from ncl_deepxde.problems.euler.torus.initial_state import density
from ncl_deepxde.problems.euler.torus.presets import PRESETS

SETTINGS = replace(
    PRESETS["smoke"].settings(),
    t_end=0.05,
    reference=Discretization(n=16, dt=1e-2),
)


@pytest.fixture
def without_dolfinx(monkeypatch):
    monkeypatch.setattr(reference, "find_spec", lambda name: None)


def test_spectral_reference_is_saved_loaded_and_described(
    without_dolfinx, tmp_path, capsys
):
    path = tmp_path / "reference.npz"
    reference.compute(SETTINGS, path)
    assert "ncl-deepxde[fem]" in capsys.readouterr().err
    x = np.random.default_rng(0).random((7, 2))
    fields = reference.load(path)(x, 0.0)
    assert {k: v.shape for k, v in fields.items()} == {
        "rho": (7, 1),
        "u": (7, 2),
        "p": (7, 1),
    }
    # 32 modes hold the initial density, a polynomial of degree two, exactly.
    assert np.allclose(fields["rho"][:, 0], density(x.T), atol=1e-12)
    facts = reference.describe(path)
    assert (facts["solver"], facts["n"]) == ("pseudo-spectral", 32)
    assert facts["mass_drift"] < 1e-12


def test_spectral_reference_is_complete_or_absent(
    without_dolfinx, tmp_path, monkeypatch
):
    def torn(file, **arrays):
        file.write(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "savez", torn)
    with pytest.raises(OSError, match="No space"):
        reference.compute(SETTINGS, tmp_path / "reference.npz")
    assert not list(tmp_path.iterdir())
