"""DeepXDE's polygons and triangles work in our environment."""

import deepxde as dde
import numpy as np

import ncl_deepxde  # noqa: F401  mends DeepXDE


def test_polygon_and_triangle_know_their_inside_and_normals():
    ell = dde.geometry.Polygon([[0, 0], [2, 0], [2, 1], [1, 1], [1, 2], [0, 2]])
    x = np.array([[0.5, 1.5], [1.5, 1.5], [1.5, 0.5]])
    assert ell.inside(x).tolist() == [True, False, True]
    assert ell.boundary_normal(np.array([[1.0, 1.5]])).tolist() == [[1, 0]]
    triangle = dde.geometry.Triangle([0, 0], [1, 0], [0, 1])
    assert triangle.inside(np.array([[0.2, 0.2], [0.8, 0.8]])).tolist() == [True, False]
