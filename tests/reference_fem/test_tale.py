"""What a march tells: solvers, a forecast where it is long, nothing where unasked."""

import meshes
import numpy as np
import pytest

pytestmark = pytest.mark.fem


@pytest.fixture
def scheme():
    from reference_fem._setup import FlowSetup
    from reference_fem._splitting import Splitting

    setup = FlowSetup(lambda x: 1 + 0 * x[0], lambda x: 0 * x)
    found = Splitting(meshes.torus(3), setup)
    yield found
    found.destroy()


def told(scheme, label, num_steps, seconds, monkeypatch, capsys, done=0):
    """Return the lines of a march whose steps take so many seconds."""
    from mpi4py import MPI

    from reference_fem import _tale
    from reference_fem._setup import TimeGrid

    clock = iter(np.arange(2.0) * _tale.FIRST * seconds)
    monkeypatch.setattr(_tale.time, "perf_counter", lambda: next(clock))
    grid = TimeGrid.create(1.0, num_steps, 2)
    tale = _tale.Tale(label, grid, scheme, MPI.COMM_SELF)
    numbers = list(tale.steps(done))
    assert numbers == list(range(done + 1, num_steps + 1))
    return capsys.readouterr().err


def test_solvers_and_sizes_are_told(scheme, monkeypatch, capsys):
    text = told(scheme, "FEM", 8, 1.0, monkeypatch, capsys)
    # 72 nodes of rho and of two components, 18 of the pressure
    assert "234 unknowns; density by gmres with jacobi" in text
    assert "velocity by gmres with lu (mumps); pressure by cg with gamg" in text
    assert "more steps" not in text


def test_long_march_tells_what_it_will_take(scheme, monkeypatch, capsys):
    text = told(scheme, "FEM", 306, 2.0, monkeypatch, capsys)
    assert "300 more steps of 2 s take about 10 minutes and " in text
    assert "GiB of memory in each of 1 processes" in text


def test_march_that_goes_on_counts_what_is_left(scheme, monkeypatch, capsys):
    text = told(scheme, "FEM", 306, 2.0, monkeypatch, capsys, done=150)
    assert "goes on after step 150 of 306" in text
    assert "150 more steps of 2 s take about 5 minutes" in text


def test_nothing_is_told_unasked(scheme, monkeypatch, capsys):
    assert told(scheme, None, 306, 2.0, monkeypatch, capsys) == ""
