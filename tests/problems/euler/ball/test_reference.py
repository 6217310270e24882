"""The reference of the Euler ball: points of the wall, and without dolfinx."""

from types import SimpleNamespace

import numpy as np
import pytest

from ncl_deepxde.problems.euler.ball import reference
from ncl_deepxde.problems.euler.ball.problem import PROBLEM


def test_missing_dolfinx_is_explained(tmp_path, monkeypatch):
    monkeypatch.setattr(reference, "find_spec", lambda name: None)
    with pytest.raises(RuntimeError, match=r"dolfinx.*pip install.*before the run"):
        PROBLEM.compute_reference(PROBLEM.presets["smoke"], tmp_path / "reference.npz")


def test_points_a_rounding_outside_are_points_of_the_ball(tmp_path, monkeypatch):
    def evaluate(points, time):
        return {"rho": np.linalg.norm(points, axis=1, keepdims=True) + time}

    saved = SimpleNamespace(evaluate=evaluate)
    monkeypatch.setattr(reference.reference_fem, "load", lambda path: saved)
    solution = reference.load(tmp_path / "reference.npz")
    points = np.array([[0.0, 0.5, 0.0], [0.6, 0.8, 1e-7], [0.0, 0.0, 0.0]])
    found = solution(points, 0.25)["rho"][:, 0]
    np.testing.assert_allclose(found, [0.75, 1.25, 0.25], rtol=0, atol=1e-15)
