"""Guesses of solutions: exact for polynomials, the best order is found."""

import numpy as np
import pytest

pytestmark = pytest.mark.fem


def create():
    from reference_fem._dolfinx import PETSc
    from reference_fem._prediction import Predictor

    x = PETSc.Vec().createSeq(3)
    return Predictor(x), x


def follow(path, steps):
    """Return the errors of all guesses on the way."""
    predictor, x = create()
    errors = []
    for k in range(steps):
        predictor.predict(x)
        errors.append(np.abs(x.array - path(k)).max())
        x.array_w[:] = path(k)
        predictor.learn(x)
    return errors


def test_nothing_is_changed_before_there_is_a_past():
    predictor, x = create()
    x.array_w[:] = [3.0, 4.0, 5.0]
    predictor.predict(x)
    assert np.array_equal(x.array, [3.0, 4.0, 5.0])


@pytest.mark.parametrize("degree", range(6))
def test_polynomials_are_continued(degree):
    errors = follow(lambda k: (k / 10) ** degree * np.array([1.0, -2.0, 0.5]), 14)
    # binomial weights up to 20 amplify round-off
    assert max(errors[-3:]) < 1e-12
    if degree:
        assert errors[degree] > 1e-3 * (degree / 10) ** degree


def test_rough_paths_are_guessed_by_the_last_value():
    signs = np.array([1.0, -1.0, 0.0])
    errors = follow(lambda k: 1 + (-1) ** k * signs, 12)
    assert max(errors[2:]) == pytest.approx(2.0)
