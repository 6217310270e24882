"""Rows of balance laws, and where their columns are."""

import pytest

from ncl_deepxde.nn.base.laws import LawColumns, conversion_of, with_source
from ncl_deepxde.potentials import Summand
from ncl_deepxde.potentials.constructions import MATRIX


def test_a_source_is_the_rate_of_its_potential() -> None:
    flux = MATRIX.operator([1, 0])
    law = with_source(flux, time=1, size=3.0)
    assert law.num_potentials == flux.num_potentials + 1
    q, F, s = law.components
    assert Summand((), 1, 3.0) in q
    assert list(F) == list(flux.components[1])
    assert s == [Summand((1,), 1, 3.0)]
    # d_t q + d_x F - s: no summand is left.
    left = {}
    for row, axis, sign in (q, 1, 1), (F, 0, 1), (s, None, -1):
        for summand in row:
            axes = tuple(sorted((*summand.axes, *([axis] if axis is not None else []))))
            key = axes, summand.channel
            left[key] = left.get(key, 0) + sign * summand.factor
    assert set(left.values()) == {0}


def test_columns_come_law_by_law_then_sources_then_extras() -> None:
    place = LawColumns.of([3, 8, 9], 2, (1,))
    assert (place.dim, place.extras) == (2, 2)
    assert [range(9)[place.law(k)] for k in range(2)] == [range(3), range(3, 6)]
    assert range(9)[place.source(1)] == range(6, 7)
    assert place.names(None) == (
        *("q_0", "F_01", "F_02", "q_1", "F_11", "F_12", "s_1"),
        *("extra_1", "extra_2"),
    )


def test_one_source_may_be_a_number() -> None:
    assert LawColumns.of([2, 8, 5], 2, 1).sources == (1,)


def test_numbers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"at least 7, for 2 laws .* and 1 sources"):
        LawColumns.of([3, 8, 6], 2, (1,))
    with pytest.raises(ValueError, match="laws: must be an integer"):
        LawColumns.of([3, 8, 6], 1.5, ())
    with pytest.raises(ValueError, match="sources: must hold different numbers"):
        LawColumns.of([3, 8, 6], 1, (True, 0.0))


def test_fluxes_need_no_conversion() -> None:
    place = LawColumns.of([2, 8, 2], 1, ())
    assert conversion_of("flux", place) is None
    assert conversion_of("velocity", place) is not None
