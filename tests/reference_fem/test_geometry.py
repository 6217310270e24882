"""Domains in words: what is refused."""

import numpy as np
import pytest

from reference_fem.geometry import (
    Cuboid,
    Disk,
    Polygon,
    Rectangle,
    Sphere,
    UnitBall,
    UnitTorus,
    area,
)

TRIANGLE = [(0, 0), (1, 0), (0, 1)]


def test_area_of_a_polygon_has_the_sign_of_its_turn():
    assert area(TRIANGLE) == 0.5
    assert area(TRIANGLE[::-1]) == -0.5


@pytest.mark.parametrize(
    ("create", "words"),
    [
        (lambda: Rectangle((0, 0), (1, 0), 0.1), "xmin must be below xmax"),
        (lambda: Rectangle((0, 0, 0), (1, 1, 1), 0.1), "xmin and xmax must be finite"),
        (
            lambda: Cuboid((0, 0, 0), (1, 1, np.nan), 0.1),
            "xmin and xmax must be finite",
        ),
        (lambda: Rectangle((0, 0), (1, 1), 0.0), "h must be positive and finite"),
        (lambda: Disk((0, 0, 0), 1, 0.1), "center must be finite points of 2"),
        (lambda: Disk((0, 0), -1, 0.1), "radius must be positive and finite, got -1"),
        (lambda: UnitTorus(2), "n must be an integer of at least 3, got 2"),
        (lambda: UnitTorus(8.0), "n must be an integer of at least 3, got 8.0"),
        (lambda: UnitBall(1), "n must be an integer of at least 2, got 1"),
        (lambda: Sphere((0, 0), 1, 0.1), "center must be finite points of 3"),
        (lambda: Polygon([(0, 0), (1, 1)], 0.1), "vertices must be at least three"),
        (lambda: Polygon([*TRIANGLE, (0, 0)], 0.1), "vertices .*do not repeat the"),
        (
            lambda: Polygon(TRIANGLE, 0.1, holes=[Rectangle((0, 0), (1, 1), 1)]),
            "holes must be Disk, or Polygon",
        ),
    ],
)
def test_bad_words_are_refused(create, words):
    with pytest.raises(ValueError, match=f"^{words}"):
        create()
