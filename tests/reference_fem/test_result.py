"""Files and evaluation of results: round trips, dolfinx as second source, bad files."""

import subprocess
import sys

import manufactured
import meshio
import numpy as np
import pytest

import reference_fem
from reference_fem import lattice, torus

DOLFINX_FREE = """
import sys, numpy, reference_fem
r = reference_fem.load(sys.argv[1])
r.evaluate(numpy.zeros((1, 2)), r.times[-1])
print([m for m in ("dolfinx", "torch", "deepxde", "mpi4py") if m in sys.modules])
"""


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_evaluation_reproduces_polynomials(degree):
    # inside one square a global polynomial is in the space: exact to rounding
    n, m = 3, 6 * degree
    i, j = np.meshgrid(np.arange(m), np.arange(m), indexing="ij")
    even = (i + j) % 2 == 0
    values = np.zeros((1, m, m // 2))
    values[0, i[even], j[even] // 2] = (i[even] / m) ** degree - (j[even] / m)
    points = np.random.default_rng(0).uniform(0.35, 0.65, (50, 2))
    result = lattice.evaluate(values, n, points)
    assert result.shape == (1, 50)
    exact = points[:, 0] ** degree - points[:, 1]
    assert np.abs(result[0] - exact).max() < 1e-13


@pytest.mark.fem
@pytest.mark.parametrize("degree", [2, 3])
def test_evaluation_equals_dolfinx(degree):
    from mpi4py import MPI

    from reference_fem._dolfinx import fem, ufl
    from reference_fem._periodic_mesh import create_domain
    from reference_fem._splitting import Splitting

    scheme = Splitting(
        create_domain(MPI.COMM_WORLD, 5),
        degree,
        1.0,
        manufactured.density,
        manufactured.velocity,
        None,
    )
    cells = np.arange(scheme.msh.topology.index_map(2).size_local, dtype=np.int32)
    reference_points = np.array([[0.2, 0.3], [0.1, 0.05], [0.45, 0.5]])
    rho, u, p = torus.read_lattice(scheme, {0: 1.0})
    fields = np.concatenate([rho[None], u])

    def tabulate(expression):
        tabulated = fem.Expression(expression, reference_points)
        return tabulated.eval(scheme.msh, cells).reshape(len(cells) * 3, -1)

    x = tabulate(ufl.SpatialCoordinate(scheme.msh)) % 1.0
    expected = np.hstack([tabulate(scheme.rho[0]), tabulate(scheme.w[0])])
    scheme.destroy()
    assert np.abs(lattice.evaluate(fields, 5, x).T - expected).max() < 1e-13
    pressure = lattice.evaluate(p[None], 5, x)
    assert pressure.shape == (1, len(x))


@pytest.mark.fem
def test_file_round_trip_without_dolfinx(small_result, tmp_path):
    path = tmp_path / "f.npz"
    small_result.save(path)
    loaded = reference_fem.load(path)
    x = np.random.default_rng(1).normal(size=(7, 2))
    for time in (0.0, 0.0123, 0.02):
        expected, values = small_result.evaluate(x, time), loaded.evaluate(x, time)
        assert {k: v.shape for k, v in values.items()} == {
            "rho": (7, 1),
            "u": (7, 2),
            "p": (7, 1),
        }
        assert all(np.array_equal(values[k], expected[k]) for k in expected)
    assert loaded.parameters == small_result.parameters
    assert loaded.diagnostics.keys() == small_result.diagnostics.keys()
    assert list(tmp_path.iterdir()) == [path]
    run = subprocess.run(
        [sys.executable, "-c", DOLFINX_FREE, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "[]"


@pytest.mark.fem
def test_values_are_periodic_and_start_at_the_initial_state(small_result):
    x = manufactured.grid(11).T
    here, there = (
        small_result.evaluate(y, 0.0) for y in (x, x + np.array([2.0, -3.0]))
    )
    assert np.abs(here["rho"] - there["rho"]).max() < 1e-12
    rho_0 = reference_fem.initial_states.euler_torus_density(x.T)
    # P2 interpolation at h = 1/6
    assert np.abs(here["rho"][:, 0] - rho_0).max() < 0.1


@pytest.mark.fem
def test_paraview_files_hold_the_fields(small_result, tmp_path):
    collection = small_result.write_paraview(tmp_path / "pv")
    text = collection.read_text()
    assert text.count("<DataSet") == 3
    assert 'timestep="0.009"' in text
    mesh = meshio.read(tmp_path / "pv" / "solution_0001.vtu")
    cells = mesh.cells_dict["triangle6"]
    assert cells.shape == (4 * 36, 6)
    corners = mesh.points[cells[:, :3], :2]
    edges = corners[:, 1:] - corners[:, :1]
    area = np.linalg.det(edges) / 2
    assert np.allclose(area, 1 / (4 * 36))
    values = small_result.evaluate(mesh.points[:, :2], 0.009)
    assert np.array_equal(mesh.point_data["rho"], values["rho"][:, 0])
    assert np.array_equal(mesh.point_data["u"][:, :2], values["u"])


@pytest.mark.fem
def test_bad_points_and_times_are_refused(small_result):
    with pytest.raises(ValueError, match=r"points must be .* \(N, 2\)"):
        small_result.evaluate(np.zeros((3, 3)), 0.0)
    with pytest.raises(ValueError, match="points must be finite"):
        small_result.evaluate(np.full((3, 2), np.nan), 0.0)
    for time in (-1e-6, 0.03, float("nan")):
        with pytest.raises(ValueError, match="time must lie in the saved range"):
            small_result.evaluate(np.zeros((3, 2)), time)


@pytest.mark.fem
def test_truncated_and_foreign_files_are_refused(small_result, tmp_path):
    path = tmp_path / "f.npz"
    small_result.save(path)
    whole = path.read_bytes()
    pickled = tmp_path / "pickled.npz"
    np.savez(pickled, header=np.array([{}], dtype=object))
    foreign = tmp_path / "foreign.npz"
    np.savez(foreign, a=np.zeros(3))
    for name, content in (
        ("cut", whole[: len(whole) // 2]),
        ("text", b"abc"),
        ("0", b""),
    ):
        (tmp_path / name).write_bytes(content)
    for name in ("cut", "text", "0", "pickled.npz", "foreign.npz"):
        with pytest.raises(ValueError, match="not a complete reference solution"):
            reference_fem.load(tmp_path / name)
    with pytest.raises(FileNotFoundError, match="no reference solution at"):
        reference_fem.load(tmp_path / "missing.npz")


def test_time_weights_are_exact_for_cubics():
    from reference_fem.solution import time_weights

    times = np.array([0.0, 0.1, 0.25, 0.3, 0.5, 0.6])
    for time in (0.02, 0.27, 0.58):
        weights = time_weights(times, time)
        assert len(weights) == 4
        value = sum(w * times[k] ** 3 for k, w in weights.items())
        assert abs(value - time**3) < 1e-14
    assert time_weights(times, 0.25) == {2: 1.0}
