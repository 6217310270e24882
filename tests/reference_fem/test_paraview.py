"""ParaView files of a result."""

import meshio
import numpy as np
import pytest


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
