"""Meshes of dolfinx from arrays, and sides glued together."""

import exact_flows
import meshes
import numpy as np
import pytest

pytestmark = pytest.mark.fem


def left(x):
    return x[0] < 1e-9


def bottom(x):
    return x[1] < 1e-9


def glue(*pairs):
    from reference_fem.boundary import Periodic

    return [(where, Periodic(shift)) for where, shift in pairs]


ROUND = ((left, (1, 0)), (bottom, (0, 1)))


def build(boundary, n=4, move=0.0):
    from mpi4py import MPI

    from reference_fem._build_mesh import build
    from reference_fem.raw_mesh import RawMesh

    x, cells = meshes.scattered(n)
    x[(x[:, 0] == 1) & (x[:, 1] == 0.5), 1] += move
    facets = meshes.raw(x, cells).exterior()
    tags = np.where(left(x[facets].transpose(2, 0, 1)).all(axis=1), 7, 9)
    raw = RawMesh(x, cells.astype(np.int64), facets, tags)
    return build(raw, boundary, MPI.COMM_SELF)


def test_tags_are_kept():
    from reference_fem._facets import corners_of, exterior_facets

    msh, tags = build([])
    assert (len(tags.find(7)), len(tags.find(9))) == (4, 12)
    assert np.abs(corners_of(msh, tags.find(7))[:, :, 0]).max() == 0
    assert set(tags.indices) == set(exterior_facets(msh))


@pytest.mark.parametrize(
    ("pairs", "walls"), [(ROUND[:1], 8), (ROUND[1:], 8), (ROUND, 0)]
)
def test_glued_sides_are_no_boundary(pairs, walls):
    from reference_fem._dolfinx import fem, ufl
    from reference_fem._facets import exterior_facets

    msh, _ = build(glue(*pairs))
    assert len(exterior_facets(msh)) == walls
    space = fem.functionspace(msh, ("Lagrange", 1))
    assert space.dofmap.index_map.size_global == {1: 20, 2: 16}[len(pairs)]
    area = fem.assemble_scalar(fem.form(fem.Constant(msh, 1.0) * ufl.dx))
    assert area == pytest.approx(1)


def test_tags_name_a_side_to_glue():
    from reference_fem._facets import exterior_facets

    msh, _ = build(glue((7, (1, 0))))
    assert len(exterior_facets(msh)) == 8


def test_sides_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"got 1 of 5 without a partner.*\[1.0, 0.5\]"):
        build(glue((left, (1, 0))), move=0.05)
    with pytest.raises(ValueError, match=r"got 5 of 5 without a partner"):
        build(glue((left, (2, 0))))
    with pytest.raises(ValueError, match=r"got none; choose the side"):
        build(glue((lambda x: x[0] < -1, (1, 0))))
    with pytest.raises(ValueError, match=r"at least three cells"):
        build(glue(*ROUND), n=2)


def test_flow_goes_round():
    """Taylor and Green's vortex, moved by half a period, has no walls at all."""
    from reference_fem import flow

    def moved(x, t, nu):
        # of period 2 in pi x: a domain of two by two cells of the vortex
        return exact_flows.taylor_green(2 * x, 4 * t, nu)

    nu, t_end, found = 0.02, 0.1, []
    points = np.random.default_rng(0).random((2, 2000))
    for k in (0, 1):
        x, cells = meshes.scattered(8, k)
        result = flow.solve(
            meshes.raw(x, cells),
            lambda x: 1 + 0 * x[0],
            lambda x: moved(x, 0.0, nu)[0],
            dt=0.01,
            t_end=t_end,
            save_times=[t_end],
            boundary=glue(*ROUND),
            viscosity=nu,
            progress=False,
        )
        found.append(exact_flows.errors(result, moved, points, t_end, nu))
    assert np.log2(found[0]["u"] / found[1]["u"]) > 2.8
    assert np.log2(found[0]["p"] / found[1]["p"]) > 1.8
