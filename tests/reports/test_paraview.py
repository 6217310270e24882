"""ParaView files read back with meshio."""

from xml.etree import ElementTree

import meshio
import numpy as np
import pytest

from ncl_deepxde.reports.paraview import write_paraview, write_paraview_ball

TIMES = [0.0, 0.1, 1 / 3]


def flow(points, time):
    x, y = 2 * np.pi * points.T
    rho = 2 + np.cos(x - time) + np.sin(y)
    return {
        "rho": rho[:, None],
        "u": np.stack([np.sin(y), np.cos(x) + time], axis=1),
        "p": (np.sin(x) * time)[:, None],
    }


@pytest.fixture
def collection(tmp_path):
    return write_paraview(tmp_path / "fields", "fem", flow, TIMES, n=8)


def test_collection_carries_files_and_times(collection):
    sets = ElementTree.parse(collection).getroot().findall("Collection/DataSet")
    assert [float(entry.get("timestep")) for entry in sets] == TIMES
    assert len({entry.get("file") for entry in sets}) == len(TIMES)
    assert all((collection.parent / entry.get("file")).is_file() for entry in sets)


@pytest.mark.parametrize("index", range(len(TIMES)))
def test_values_equal_the_solution_at_every_node_and_the_seam(collection, index):
    mesh = meshio.read(collection.parent / f"fem_{index:04d}.vtu")
    assert mesh.points.shape == (81, 3)
    expected = flow(mesh.points[:, :2], TIMES[index])
    # the formulas are periodic to round-off of sin and cos at 2 pi
    close = {"rtol": 0, "atol": 1e-14}
    np.testing.assert_allclose(mesh.point_data["rho"], expected["rho"][:, 0], **close)
    np.testing.assert_allclose(mesh.point_data["p"], expected["p"][:, 0], **close)
    assert mesh.point_data["u"].shape == (81, 3)
    np.testing.assert_allclose(mesh.point_data["u"][:, :2], expected["u"], **close)
    np.testing.assert_array_equal(mesh.point_data["u"][:, 2], 0)


def test_cells_cover_the_unit_square_counterclockwise(collection):
    mesh = meshio.read(collection.parent / "fem_0000.vtu")
    corners = mesh.points[mesh.cells_dict["quad"], :2]
    assert corners.shape == (64, 4, 2)
    diagonals = corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]
    (a, b), (c, d) = diagonals[0].T, diagonals[1].T
    np.testing.assert_allclose((a * d - b * c) / 2, 1 / 64, rtol=1e-12)


def test_single_precision_solution_is_written(tmp_path):
    def single(points, time):
        return {k: v.astype(np.float32) for k, v in flow(points, time).items()}

    path = write_paraview(tmp_path, "net", single, [0.1], n=3)
    assert meshio.read(path.with_name("net_0000.vtu")).points.shape == (16, 3)


def swirl(points, time):
    x, y, z = points.T
    u = np.stack([-y, x, time + z], axis=1)
    return {"rho": 2 - x[:, None], "u": u, "p": (x * y)[:, None]}


def test_ball_is_filled_and_carries_the_solution(tmp_path):
    path = write_paraview_ball(tmp_path, "fem", swirl, TIMES, n=8)
    assert path == tmp_path / "fem.pvd"
    mesh = meshio.read(tmp_path / "fem_0002.vtu")
    radius = np.linalg.norm(mesh.points, axis=1)
    assert mesh.points.shape == (9**3, 3)
    assert radius.max() < 1 + 1e-15
    assert (radius > 1 - 1e-15).sum() == 9**3 - 7**3
    expected = swirl(mesh.points, TIMES[2])
    for name in ("rho", "p"):
        np.testing.assert_array_equal(mesh.point_data[name], expected[name][:, 0])
    np.testing.assert_array_equal(mesh.point_data["u"], expected["u"])


def test_hexahedra_of_the_ball_have_its_volume(tmp_path):
    """By six tetrahedra around a diagonal each; curved faces cost h^2."""
    volumes = []
    for n in (8, 16):
        write_paraview_ball(tmp_path, "fem", swirl, [0.0], n=n)
        mesh = meshio.read(tmp_path / "fem_0000.vtu")
        c = mesh.points[mesh.cells_dict["hexahedron"]]
        assert c.shape == (n**3, 8, 3)
        parts = [
            np.linalg.det(np.stack([c[:, i], c[:, j], c[:, 6]], 1) - c[:, :1])
            for i, j in [(1, 2), (2, 3), (3, 7), (7, 4), (4, 5), (5, 1)]
        ]
        volumes.append(sum(p.sum() for p in parts) / 6)
        assert min(p.min() for p in parts) > -1e-12
    errors = 1 - np.array(volumes) / (4 / 3 * np.pi)
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.1)


def test_name_must_be_a_file_name(tmp_path):
    with pytest.raises(ValueError, match=r"name: .*'a/b'"):
        write_paraview(tmp_path, "a/b", flow, [0.0])
