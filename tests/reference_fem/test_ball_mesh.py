"""The mesh of the ball fits together and fills it."""

import numpy as np
import pytest

from reference_fem import ball_mesh


@pytest.mark.parametrize("n", [1, 2, 3])
def test_mesh_is_conforming_and_fills_the_ball(n):
    nodes, cells = ball_mesh.create(n)
    assert nodes.shape == (len(np.unique(cells)), 3)
    assert cells.shape == (20 * n**3, 10)
    assert cells[:, :4].max() + 1 == len(np.unique(cells[:, :4]))
    facets = np.sort(cells[:, [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]], axis=2)
    facets, counts = np.unique(facets.reshape(-1, 3), axis=0, return_counts=True)
    assert set(counts) <= {1, 2}
    wall = np.unique(facets[counts == 1])
    assert (counts == 1).sum() == 20 * n**2
    radius = np.linalg.norm(nodes, axis=1)
    assert np.abs(radius[wall] - 1).max() < 1e-14
    assert (radius > 1 - 1e-9).sum() == 10 * (2 * n) ** 2 + 2
    corners = nodes[cells[:, :4]]
    volumes = np.abs(np.linalg.det(corners[:, 1:] - corners[:, :1])) / 6
    assert volumes.min() > 0.05 / n**3
