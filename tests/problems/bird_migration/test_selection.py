"""From profiles to a campaign: nights, clocks, masks, real data."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from migration_network import CHOICE, PLACES, profiles_of

from ncl_deepxde.problems.bird_migration.selection import (
    campaign_of,
    print_campaign,
    read_campaign,
)
from ncl_deepxde.problems.bird_migration.settings import Scans

BIRDS = Path(__file__).parents[4] / "shared" / "data" / "birds"


def test_nights_with_the_most_birds_are_taken(three_nights):
    # The fourth night has twice as many; of two windows with it the first counts.
    assert three_nights.start == np.datetime64("2018-04-02T20:00")
    assert three_nights.points[:, 3].max() == 56
    assert len(three_nights) == 3 * 3 * 9 * 2
    reason = "outside the 3 nights with the most birds"
    assert three_nights.left_out[reason] == 2 * 3 * 9 * 2


def test_all_nights_are_taken_where_there_are_few():
    campaign = campaign_of(profiles_of(days=2), CHOICE)
    assert len(campaign) == 2 * 3 * 9 * 2
    assert not any("outside" in reason for reason in campaign.left_out)


def test_velocities_are_in_the_plane_and_missing_where_few_birds_fly(three_nights):
    """10 m/s to the east, turned by the convergence of the meridians."""
    is_low = three_nights.points[:, 2] < 1
    assert np.isnan(three_nights.velocity[~is_low]).all()
    speed = np.linalg.norm(three_nights.velocity[is_low], axis=1)
    # The plane stretches by less than 0.3 %.
    np.testing.assert_allclose(speed, 36, rtol=4e-3)
    angle = np.degrees(np.arctan2(*three_nights.velocity[is_low].T[::-1]))
    expected = {
        n: (lon - 10) * np.sin(np.radians(52)) for n, (lon, _) in PLACES.items()
    }
    for name, degrees in expected.items():
        found = angle[three_nights.labels[is_low] == name]
        np.testing.assert_allclose(found, degrees, atol=0.2)
    assert any(reason.startswith("velocities") for reason in three_nights.left_out)
    assert not np.isnan(three_nights.density).any()


def test_dusk_clock_appends_nights_without_days():
    campaign = campaign_of(profiles_of(), replace(CHOICE, clock="dusk"))
    assert sorted(set(campaign.points[:, 3])) == list(range(25))


def test_every_reason_is_printed(three_nights, capsys):
    print_campaign(three_nights)
    printed = capsys.readouterr().err
    assert "162 rows of 3 radars" in printed
    for reason, number in three_nights.left_out.items():
        assert f"{number}  {reason}" in printed


@pytest.mark.parametrize(
    ("file", "radars", "held", "hours"),
    [
        ("us15a_profiles.csv.gz", 13, ["KBGM", "KENX", "KOKX"], 60),
        ("eu15a_profiles.csv.gz", 5, ["6451"], 72),
    ],
)
def test_real_data(file, radars, held, hours):
    if not BIRDS.exists():
        pytest.skip("real radar data are not in ../shared/data/birds")
    campaign = read_campaign([BIRDS / file], CHOICE, Scans(n=25, dt=0.25))
    assert len(campaign.radars) == radars
    assert campaign.held_out == held
    assert hours - 1 < campaign.points[:, 3].max() <= hours
    assert "profile of zeros, which stands for missing" in campaign.left_out
    assert not campaign.is_synthetic
    # Birds in autumn and spring fly at some ten m/s.
    speed = np.linalg.norm(campaign.velocity, axis=1) / 3.6
    assert 5 < np.nanmedian(speed) < 20
