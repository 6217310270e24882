"""Meshes as arrays, and files of them."""

import meshes
import meshio
import numpy as np
import pytest

from reference_fem.raw_mesh import RawMesh, read
from reference_fem.simplices import exponents

SIDES = {"line": 2, "line3": 2}


def tagged(x, cells):
    """Return the exterior facets with tag 7 on the left and 9 elsewhere."""
    facets = meshes.raw(x, cells).exterior()
    return facets, np.where(x[facets][:, :, 0].max(axis=1) < 1e-9, 7, 9)


@pytest.mark.parametrize(
    ("ending", "name"),
    [("msh", "gmsh:physical"), ("vtu", "facet_tags"), ("xdmf", "facet_tags")],
)
def test_files_come_back_with_their_tags(tmp_path, ending, name):
    if ending == "xdmf":
        pytest.importorskip("h5py", reason="h5py is not installed: [mesh]")
    x, cells = meshes.scattered(4)
    facets, tags = tagged(x, cells)
    # a point of no cell, and the third coordinate that most formats have
    points = np.pad(np.vstack([[5.0, 5.0], x]), ((0, 0), (0, 1)))
    data = {name: [np.zeros(len(cells), int), tags]}
    if ending == "msh":
        data["gmsh:geometrical"] = data[name]
    blocks = [("triangle", cells + 1), ("line", facets + 1)]
    path = tmp_path / f"mesh.{ending}"
    options = {
        "msh": {"file_format": "gmsh22", "binary": False},
        "vtu": {},
        "xdmf": {"data_format": "XML"},
    }[ending]
    meshio.write(path, meshio.Mesh(points, blocks, cell_data=data), **options)
    raw = read(path)
    assert raw.points.shape == x.shape
    assert np.abs(raw.points[raw.cells] - x[cells]).max() < 1e-15
    assert np.array_equal(raw.tags, tags)
    assert np.abs(raw.points[raw.facets] - x[facets]).max() < 1e-15


@pytest.mark.parametrize(("kind", "dim"), [("triangle6", 2), ("tetra10", 3)])
def test_quadratic_cells_are_put_in_our_order(tmp_path, kind, dim):
    edges = {
        2: [(0, 1), (1, 2), (2, 0)],
        3: [(0, 1), (1, 2), (2, 0), (0, 3), (1, 3), (2, 3)],
    }
    corners = np.vstack([np.zeros(dim), np.eye(dim)])
    middles = [(corners[a] + corners[b]) / 2 for a, b in edges[dim]]
    points = np.pad(np.vstack([corners, middles]), ((0, 0), (0, 3 - dim)))
    path = tmp_path / "cell.vtu"
    meshio.write(path, meshio.Mesh(points, [(kind, np.arange(len(points))[None])]))
    raw = read(path)
    expected = exponents(dim, 2)[:, 1:] / 2
    assert np.array_equal(raw.points[raw.cells[0]], expected)
    assert raw.facets.shape == (0, dim)


def test_files_that_hold_no_domain_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no mesh at"):
        read(tmp_path / "missing.msh")
    (tmp_path / "text.msh").write_text("nothing")
    with pytest.raises(ValueError, match=r"is no mesh that meshio reads"):
        read(tmp_path / "text.msh")
    points = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    surface = [("triangle", np.array([[0, 1, 2], [0, 1, 3]]))]
    meshio.write(tmp_path / "surface.vtu", meshio.Mesh(points, surface))
    with pytest.raises(ValueError, match=r"must have triangles in the plane"):
        read(tmp_path / "surface.vtu")
    lines = [("line", np.array([[0, 1]]))]
    meshio.write(tmp_path / "lines.vtu", meshio.Mesh(points, lines))
    with pytest.raises(ValueError, match=r"must hold triangles or tetrahedra"):
        read(tmp_path / "lines.vtu")


def test_arrays_of_wrong_shapes_are_refused():
    none = np.zeros((0, 2), int), np.zeros(0, int)
    with pytest.raises(ValueError, match="got 1 cells of 4 nodes in 2 dimensions"):
        RawMesh(np.zeros((4, 2)), np.arange(4)[None], *none)
    with pytest.raises(ValueError, match="nodes from 0 to 3 of 3"):
        RawMesh(np.zeros((3, 2)), np.array([[0, 1, 3]]), *none)
