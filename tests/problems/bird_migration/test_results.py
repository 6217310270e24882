"""Figures of the bird migration: the air that maps show."""

import pytest

from ncl_deepxde.problems.bird_migration.results import region_of


def test_region_holds_all_of_the_bins(three_nights):
    # Bins at 500 and 1500 m are 1000 m thick.
    assert region_of(three_nights).altitude == pytest.approx((0.0, 2.0))
    lone = three_nights.rows(three_nights.points[:, 2] < 1)
    assert region_of(lone).altitude == pytest.approx((0.4, 0.6))
