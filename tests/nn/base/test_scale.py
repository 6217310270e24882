"""The size of a field on an embedding, against its formula."""

import math

import pytest

from ncl_deepxde.nn.base.scale import highest_frequency, scaled_operator
from ncl_deepxde.potentials import MATRIX, VECTOR


def test_highest_frequency_is_that_of_the_shortest_period() -> None:
    assert highest_frequency([2.0, None, 0.5], 3) == 2 * math.pi * 3 / 0.5
    assert highest_frequency([None, None], 3) == 1.0
    with pytest.raises(ValueError, match=r"^harmonics: must be an integer .* got 0"):
        highest_frequency([None], 0)


@pytest.mark.parametrize(("construction", "order"), [(MATRIX, 1), (VECTOR, 2)])
def test_default_scale_undoes_the_derivatives_of_the_embedding(construction, order):
    operator = scaled_operator(construction, [0, 1], [0.5, None], 2, None)
    assert operator.scale == pytest.approx((8 * math.pi) ** -order, rel=1e-15)
    assert scaled_operator(construction, [0, 1], [None] * 2, 2, None).scale == 1.0
    assert scaled_operator(construction, [0, 1], [0.5, None], 2, 3.0).scale == 3.0


@pytest.mark.parametrize("scale", [0.0, -1.0, math.inf, "1"])
def test_scale_must_be_a_positive_number(scale) -> None:
    with pytest.raises(ValueError, match=r"^scale: must be positive and finite, got"):
        scaled_operator(MATRIX, [0, 1], [None] * 2, 1, scale)
