"""Whatever stands for a mesh."""

import subprocess
import sys
from pathlib import Path

import meshes
import meshio
import numpy as np
import pytest

pytestmark = pytest.mark.fem


def write(path, n=5):
    x, cells = meshes.scattered(n)
    facets = meshes.raw(x, cells).exterior()
    tags = np.where(np.abs(x[facets][:, :, 0]).max(axis=1) < 1e-9, 1, 2)
    right = np.abs(x[facets][:, :, 0] - 1).max(axis=1) < 1e-9
    data = {"facet_tags": [np.zeros(len(cells), int), np.where(right, 3, tags)]}
    blocks = [("triangle", cells), ("line", facets)]
    meshio.write(path, meshio.Mesh(np.pad(x, ((0, 0), (0, 1))), blocks, cell_data=data))


CHANNEL = """
import sys
import numpy as np
from reference_fem import flow
from reference_fem.boundary import Inflow, NoSlip, Outflow
from reference_fem._dolfinx import MPI

one = lambda x: 1 + 0 * x[0]
profile = lambda x: np.stack([4 * x[1] * (1 - x[1]), 0 * x[0]])
boundary = [(1, Inflow(profile, lambda x: 2 - x[1])), (3, Outflow()), (2, NoSlip())]
found = flow.solve(sys.argv[1], one, lambda x: 0 * x, dt=0.02, t_end=0.1,
    save_times=[0.1], boundary=boundary, viscosity=0.05, progress=False)
if MPI.COMM_WORLD.rank == 0:
    found.save(sys.argv[2])
"""


@pytest.mark.slow
def test_file_is_solved_on_by_one_process_and_by_two(tmp_path):
    import reference_fem

    write(tmp_path / "mesh.vtu")
    (tmp_path / "channel.py").write_text(CHANNEL)
    found, points = [], np.random.default_rng(0).random((200, 2))
    launcher = str(Path(sys.executable).parent / "mpirun")
    for count in (1, 2):
        out = tmp_path / f"flow{count}.npz"
        command = [launcher, "-n", str(count), sys.executable, "channel.py", "mesh.vtu"]
        subprocess.run([*command, str(out)], cwd=tmp_path, check=True)
        result = reference_fem.load(out)
        assert result.parameters["processes"] == count
        found.append(result.evaluate(points, 0.1))
    for name in ("rho", "u", "p"):
        size = np.abs(found[0][name]).max()
        assert np.abs(found[0][name] - found[1][name]).max() < 1e-9 * size


def test_meshes_of_dolfinx_come_with_or_without_tags():
    from mpi4py import MPI

    from reference_fem._dolfinx import mesh
    from reference_fem._facets import exterior_facets
    from reference_fem._mesh_source import open_mesh
    from reference_fem.boundary import NoSlip, Periodic

    msh = meshes.create(*meshes.scattered(4))
    facets = np.sort(exterior_facets(msh)).astype(np.int32)
    tags = mesh.meshtags(msh, 1, facets, np.full(len(facets), 4, dtype=np.int32))
    walls = [(lambda x: x[0] < 9, NoSlip())]
    assert open_mesh(msh, walls, MPI.COMM_SELF) == (msh, None)
    assert open_mesh((msh, tags), walls, MPI.COMM_SELF) == (msh, tags)
    glue = [(lambda x: x[0] < 1e-9, Periodic((1, 0))), *walls]
    glued, _ = open_mesh(msh, glue, MPI.COMM_SELF)
    assert len(exterior_facets(glued)) == 8
    with pytest.raises(ValueError, match="by functions of points where Periodic"):
        open_mesh((msh, tags), glue, MPI.COMM_SELF)


@pytest.mark.parametrize("name", ["UnitTorus", "UnitBall"])
def test_meshes_of_their_own_are_not_glued_again(name):
    from mpi4py import MPI

    from reference_fem import geometry
    from reference_fem._mesh_source import open_mesh
    from reference_fem.boundary import FreeSlip, Periodic

    source = getattr(geometry, name)(3)
    boundary = [
        (lambda x: x[0] < 1e-9, Periodic((1, 0))),
        (lambda x: x[0] < 9, FreeSlip()),
    ]
    with pytest.raises(
        ValueError, match=rf"^boundary must have no Periodic on a {name}"
    ):
        open_mesh(source, boundary, MPI.COMM_SELF)


def test_what_is_no_mesh_is_refused():
    from mpi4py import MPI

    from reference_fem._mesh_source import open_mesh

    with pytest.raises(ValueError, match=r"must be a mesh of dolfinx.*got ndarray"):
        open_mesh(np.zeros(3), [], MPI.COMM_SELF)
    with pytest.raises(FileNotFoundError, match="no mesh at"):
        open_mesh("missing.msh", [], MPI.COMM_SELF)


def test_words_are_meshed():
    from mpi4py import MPI

    pytest.importorskip("netgen.meshing", reason="netgen is not installed: [mesh]")
    from reference_fem._mesh_source import open_mesh
    from reference_fem.geometry import Disk

    msh, tags = open_mesh(Disk((0, 0), 1, 0.5), [], MPI.COMM_SELF)
    assert msh.geometry.cmaps[0].degree == 2
    assert set(tags.values) == {1}
