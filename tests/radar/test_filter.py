"""Filters: half-open spans of UTC, names of radars."""

import pandas as pd
import pytest

from ncl_deepxde.radar._filter import Filter

TIMES = pd.to_datetime(
    ["2018-04-05T17:59Z", "2018-04-05T18:00Z", "2018-04-05T19:00Z", None]
).to_series(index=range(4))
DUSK = "2018-04-05T18:00"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, [True, True, True, True]),
        (DUSK, None, [False, True, True, True]),
        (DUSK, "2018-04-05T21:00+02:00", [False, True, False, True]),
        (None, pd.Timestamp(DUSK), [True, False, False, True]),
    ],
)
def test_start_is_in_the_span_and_the_end_is_not(start, end, expected):
    assert Filter.of(start, end, None).times(TIMES).tolist() == expected


def test_rows_that_are_not_asked_for_are_counted_once():
    times = TIMES[[0, 0, 1, 1]].reset_index(drop=True)
    rows = pd.DataFrame({"radar": list("abab"), "time": times})
    kept, counts = Filter.of(DUSK, None, "a").apply(rows)
    assert kept.index.tolist() == [2]
    assert counts == {"radar not asked for": 2, "time not asked for": 1}


def test_radars_must_be_known():
    wanted = Filter.of(None, None, ["a", 7])
    assert [wanted.has(name) for name in ("a", "7", "b")] == [True, True, False]
    wanted.check(["a", "7", "b"])
    with pytest.raises(ValueError, match="radars: must be some of a, b; got 7"):
        wanted.check(["b", "a"])
    with pytest.raises(ValueError, match="radars: must be some of a; got none"):
        Filter.of(None, None, []).check(["a"])
    Filter.of(None, None, None).check([])


def test_bad_times_are_refused():
    with pytest.raises(ValueError, match="end: must be after start"):
        Filter.of(DUSK, DUSK, None)
    with pytest.raises(ValueError, match=r"end: must be a time such as .*'dawn'"):
        Filter.of(DUSK, "dawn", None)
