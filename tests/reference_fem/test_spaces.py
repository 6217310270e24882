"""Spaces of a flow: equally spaced nodes, as files hold them."""

import meshes
import numpy as np
import pytest

pytestmark = pytest.mark.fem


@pytest.mark.parametrize("degree", [2, 3])
def test_nodes_are_equally_spaced(degree):
    from reference_fem._spaces import flow_spaces

    spaces = flow_spaces(meshes.create(*meshes.scattered(2)), degree)
    degrees = [space.element.basix_element.degree for space in spaces]
    assert degrees == [degree, degree, degree - 1]
    assert [space.dofmap.bs for space in spaces] == [1, 2, 1]
    for k, space in zip(degrees, spaces, strict=True):
        nodes = space.element.basix_element.points * k
        assert np.abs(nodes - np.rint(nodes)).max() < 1e-14


@pytest.mark.parametrize("gravity", [(0, 0, -1), (0, np.nan), 9.81])
def test_gravity_is_a_vector_of_the_dimension(gravity):
    from reference_fem._setup import FlowSetup
    from reference_fem._spaces import gravity_of

    msh = meshes.create(*meshes.scattered(2))
    assert gravity_of(msh, FlowSetup(np.sin, np.sin)) is None
    found = gravity_of(msh, FlowSetup(np.sin, np.sin, gravity=(0, -2)))
    assert np.array_equal(found.value, [0, -2])
    with pytest.raises(ValueError, match="gravity must be a finite vector of 2"):
        gravity_of(msh, FlowSetup(np.sin, np.sin, gravity=gravity))
