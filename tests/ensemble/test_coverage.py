"""Coverage by data held out: right spreads are told from wrong ones."""

import numpy as np
import pytest

from ncl_deepxde.ensemble import MemberValues, coverage, coverage_table

N = 20_000
# three standard deviations of a share of N
LIMIT = 3 * 0.5 / np.sqrt(N)


def drawn(scale):
    """Truth and eight members around the same means; members' scale may be wrong."""
    rng = np.random.default_rng(1)
    center = rng.normal(0, 10, N)
    return center + rng.normal(0, 1, N), center + scale * rng.normal(0, 1, (8, N))


def test_right_spread_covers_what_it_says():
    truth, members = drawn(1.0)
    for row in coverage(MemberValues(members), truth):
        assert row.share == pytest.approx(row.level, abs=LIMIT)


def test_small_spread_is_found_out():
    truth, members = drawn(0.3)
    assert all(
        r.share < r.level - 0.2 for r in coverage(MemberValues(members), truth)[:3]
    )


def test_missing_data_do_not_count():
    truth, members = drawn(1.0)
    half = truth.copy()
    half[::2] = np.nan
    rows = coverage(MemberValues(members), half, levels=[0.8])
    alone = coverage(MemberValues(members[:, 1::2]), truth[1::2], levels=[0.8])
    assert rows == alone


def test_table_and_errors():
    spread = MemberValues(np.array([[0.0, 0.0], [2.0, 2.0]]))
    rows = coverage(spread, np.array([1.0, 1000.0]), levels=[0.5, 0.9])
    table = coverage_table(rows, "birds/km3").splitlines()
    assert table[0].split() == ["level", "inside", "half-width", "(birds/km3)"]
    assert table[1].split()[:2] == ["50%", "50%"]
    with pytest.raises(ValueError, match=r"shape of the values, \(2,\), got \(3,\)"):
        coverage(spread, np.zeros(3))
    with pytest.raises(ValueError, match="must hold a number, got none"):
        coverage(spread, np.full(2, np.nan))
