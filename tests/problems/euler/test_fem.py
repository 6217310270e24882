"""References by finite elements: the command that is run, and how well it conserves."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest

import reference_fem
from ncl_deepxde.problems.euler.fem import conservation, describe_fem, solve_by_fem
from ncl_deepxde.problems.euler.settings import Discretization
from ncl_deepxde.problems.euler.torus.presets import PRESETS

SETTINGS = replace(
    PRESETS["smoke"].settings(),
    t_end=0.1,
    reference=Discretization(n=4, dt=0.05),
)
SHEAR = """
import numpy as np

def density(x):
    return 2 + np.sin(2 * np.pi * x[1])

def velocity(x):
    return np.stack([np.cos(2 * np.pi * x[1]), 0 * x[1]])
"""

needs_dolfinx = pytest.mark.skipif(
    importlib.util.find_spec("dolfinx") is None, reason="dolfinx is not installed"
)


@pytest.mark.fem
@needs_dolfinx
def test_solver_is_given_the_start_and_the_settings(tmp_path):
    start, path = tmp_path / "shear.py", tmp_path / "reference.npz"
    start.write_text(SHEAR)
    solve_by_fem("torus", start, SETTINGS, path, 3)
    result = reference_fem.load(path)
    assert np.array_equal(result.times, [0.0, 0.05, 0.1])
    values = result.evaluate([[0.0, 0.25], [0.5, 0.75]], 0.0)
    assert np.abs(values["rho"][:, 0] - [3, 1]).max() < 1e-14
    facts = describe_fem(path)
    assert (facts["solver"], facts["n"]) == ("finite elements (dolfinx)", 4)
    assert (facts["dt"], facts["num_steps"]) == (0.05, 2)
    assert facts["mass_drift"] < 1e-13
    assert facts["largest_divergence"] == result.diagnostics["divergence"].max()


@pytest.mark.fem
@needs_dolfinx
@pytest.mark.slow  # three processes that import dolfinx
def test_two_processes_solve_as_one_does(tmp_path, monkeypatch):
    start, found = tmp_path / "shear.py", []
    start.write_text(SHEAR)
    for number in (1, 2):
        monkeypatch.setenv("REFERENCE_PROCESSES", str(number))
        path = tmp_path / f"{number}.npz"
        solve_by_fem("torus", start, SETTINGS, path, 3)
        found.append(reference_fem.load(path))
    assert [f.parameters["processes"] for f in found] == [1, 2]
    # Its linear solvers stop at 1e-10 of the right side, or earlier.
    for field in ("rho", "u", "p"):
        one, two = (getattr(f, field) for f in found)
        assert np.abs(two - one).max() < 1e-9 * np.abs(one).max()


def test_missing_mpirun_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("REFERENCE_PROCESSES", "2")
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="2 processes need mpirun"):
        solve_by_fem("torus", tmp_path, SETTINGS, tmp_path / "reference.npz", 3)


def test_failure_of_the_solver_is_an_error(tmp_path, capfd):
    path = tmp_path / "reference.npz"
    with pytest.raises(RuntimeError, match=r"ended with code 2.*reference_fem torus"):
        solve_by_fem("torus", tmp_path / "missing.py", SETTINGS, path, 3)
    assert "start must be a Python file" in capfd.readouterr().err
    assert not path.exists()


def test_drifts_are_relative_and_largest():
    mass, energy = np.array([2.0, 2.2, 2.0]), np.array([4.0, 3.0, 3.5])
    drifts = conservation(mass, energy)
    assert drifts["mass_drift"] == pytest.approx(0.1)
    assert drifts["energy_drift"] == pytest.approx(0.25)
