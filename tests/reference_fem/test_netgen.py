"""Meshes of domains in words: areas, volumes and tags."""

import numpy as np
import pytest

from reference_fem.geometry import Cuboid, Disk, Polygon, Rectangle, Sphere

pytest.importorskip("netgen.meshing", reason="netgen is not installed: [mesh]")

TURNING_RIGHT = [(0, 0), (0, 1), (2, 1), (2, 0)]
HOLE = [(1.2, 0.3), (1.6, 0.3), (1.4, 0.7)]
HOLES = (Disk((0.5, 0.5), 0.2, 0.05), Polygon(HOLE, 0.1))


def volume(raw):
    """Integrate by the corners' simplices and by the curved cells' determinants."""
    from reference_fem.simplices import degree_of, shape_slopes

    dim = raw.dim
    # of degree dim in quadratic cells: a rule on lattice points is exact enough
    rng = np.random.default_rng(0)
    place = rng.dirichlet(np.ones(dim + 1), size=4000)
    slopes = shape_slopes(place, degree_of(dim, raw.cells.shape[1]))
    slopes = slopes[:, :, 1:] - slopes[:, :, :1]
    x = raw.points[raw.cells]
    jacobian = np.einsum("cix,nia->cnxa", x, slopes)
    simplex = {2: 2, 3: 6}[dim]
    return np.abs(np.linalg.det(jacobian)).mean(axis=1).sum() / simplex


@pytest.mark.parametrize(
    ("domain", "exact", "tolerance"),
    [
        (Rectangle((0, 1), (2, 2), 0.3), 2.0, 1e-12),
        (Cuboid((0, 0, 0), (1, 2, 3), 1.0), 6.0, 1e-12),
        # quadratic arcs miss their circle by h^4; the sample by 1e-3 of curved parts
        (Disk((1, 1), 0.5, 0.2), np.pi / 4, 1e-3),
        (Sphere((0, 0, 1), 2.0, 1.0), 32 / 3 * np.pi, 0.01 * 32 / 3 * np.pi),
        (Polygon(TURNING_RIGHT, 0.2, HOLES), 2 - 0.04 * np.pi - 0.08, 1e-3),
    ],
)
def test_meshes_fill_their_domains(domain, exact, tolerance):
    from reference_fem._netgen import mesh_domain

    raw = mesh_domain(domain)
    assert volume(raw) == pytest.approx(exact, abs=tolerance)
    # each facet of the boundary has a tag
    tagged = np.sort(raw.facets, axis=1)
    assert np.array_equal(np.unique(tagged, axis=0), raw.exterior())


def middles(raw, tag):
    return raw.points[raw.facets[raw.tags == tag]].mean(axis=1)


def test_tags_are_those_of_the_sides():
    from reference_fem._netgen import mesh_domain

    box = mesh_domain(Cuboid((0, 0, 0), (1, 2, 3), 1.0))
    for axis, length in enumerate((1, 2, 3)):
        for end in (0, 1):
            found = middles(box, 1 + 2 * axis + end)
            assert len(found) > 1
            assert np.abs(found[:, axis] - end * length).max() < 1e-12
    raw = mesh_domain(Polygon(TURNING_RIGHT, 0.2, HOLES))
    for tag, axis, value in ((1, 0, 0), (2, 1, 1), (3, 0, 2), (4, 1, 0), (6, 1, 0.3)):
        assert np.abs(middles(raw, tag)[:, axis] - value).max() < 1e-12
    corners = raw.points[raw.facets[raw.tags == 5]].reshape(-1, 2)
    assert np.abs(np.linalg.norm(corners - 0.5, axis=1) - 0.2).max() < 1e-12
    assert set(raw.tags) == set(range(1, 9))
    assert set(mesh_domain(Sphere((0, 0, 0), 1.0, 0.8)).tags) == {1}


def test_missing_netgen_names_the_remedy(monkeypatch):
    import builtins

    from reference_fem._netgen import mesh_domain

    def refuse(name, *rest, found=builtins.__import__, **options):
        if name.startswith("netgen"):
            raise ModuleNotFoundError(f"No module named {name!r}")
        return found(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ImportError, match=r"needs Netgen to mesh Disk.*\[mesh\]"):
        mesh_domain(Disk((0, 0), 1, 0.5))
