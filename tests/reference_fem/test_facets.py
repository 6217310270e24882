"""Facets and who claims them."""

import meshes
import numpy as np
import pytest

pytestmark = pytest.mark.fem


def left(x):
    return x[0] < 1e-9


def everywhere(x):
    return x[0] < 9


@pytest.fixture
def msh():
    return meshes.create(*meshes.scattered(4))


@pytest.fixture
def tags(msh):
    from reference_fem._dolfinx import mesh
    from reference_fem._facets import corners_of, exterior_facets

    facets = exterior_facets(msh)
    values = np.where(corners_of(msh, facets)[:, :, 0].max(axis=1) < 1e-9, 3, 8)
    order = np.argsort(facets)
    return mesh.meshtags(
        msh, 1, facets[order].astype(np.int32), values[order].astype(np.int32)
    )


def test_facets_go_to_the_first_that_claims_them(msh, tags):
    from reference_fem._facets import corners_of, distribute
    from reference_fem.boundary import FreeSlip, NoSlip

    for where in (left, 3):
        first, second = distribute(
            msh, tags, [(where, NoSlip()), (everywhere, FreeSlip())]
        )
        assert (len(first.facets), len(second.facets)) == (4, 12)
        assert corners_of(msh, first.facets).shape == (4, 2, 2)
        assert np.abs(corners_of(msh, first.facets)[:, :, 0]).max() == 0
        assert isinstance(first.condition, NoSlip)


def test_facets_without_a_condition_are_counted_and_placed(msh):
    from reference_fem._facets import distribute
    from reference_fem.boundary import NoSlip

    with pytest.raises(
        ValueError, match=r"12 have none: in the box from \[0.125, 0.0\]"
    ):
        distribute(msh, None, [(left, NoSlip())])


def test_pairs_that_claim_nothing_are_named(msh, tags):
    from reference_fem._facets import distribute
    from reference_fem.boundary import FreeSlip, NoSlip

    rest = (everywhere, FreeSlip())
    with pytest.raises(ValueError, match=r"got 5 for NoSlip.*tags \[3, 8\]"):
        distribute(msh, tags, [(5, NoSlip()), rest])
    with pytest.raises(ValueError, match=r"got the tag 5; read the mesh"):
        distribute(msh, None, [(5, NoSlip()), rest])
    with pytest.raises(ValueError, match=r"for NoSlip, which has none; mind that all"):
        distribute(msh, None, [(lambda x: x[0] < -1, NoSlip()), rest])
    with pytest.raises(ValueError, match=r"to booleans \(N,\), got float64"):
        distribute(msh, None, [(lambda x: x[0], NoSlip()), rest])


def test_extent_of_a_mesh(msh):
    from reference_fem._facets import extent

    low, high = extent(msh)
    assert np.array_equal(low, [0, 0])
    assert np.array_equal(high, [1, 1])
