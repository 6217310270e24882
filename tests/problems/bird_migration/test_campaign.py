"""From profiles to networks: nights, clocks, masks, the split, units."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from ncl_deepxde.problems.bird_migration.campaign import ARRAYS, Campaign
from ncl_deepxde.problems.bird_migration.models import velocity_noise
from ncl_deepxde.problems.bird_migration.problem import PROBLEM
from ncl_deepxde.problems.bird_migration.results import region_of
from ncl_deepxde.problems.bird_migration.rows import campaign_of, read_campaign, report
from ncl_deepxde.problems.bird_migration.stations import HELD_OUT, STATIONS, held_out
from ncl_deepxde.problems.bird_migration.units import Units
from ncl_deepxde.radar import Profiles

BIRDS = Path(__file__).parents[4] / "shared" / "data" / "birds"
CHOICE = {"nights": 3, "clock": "utc", "moving": 1.0, "start": None, "end": None}
PLACES = {"west": (-2.0, 48.0), "center": (5.0, 49.0), "east": (12.0, 50.0)}


def profiles_of(days=5, birds=lambda day: 10.0 * (1 + (day == 3))):
    """Three radars in five nights, hourly from 20 to 4 UTC, in two bins."""
    rows = [
        (name, lon, lat, pd.Timestamp("2018-04-01T20:00", tz="UTC"), day, hour, z)
        for name, (lon, lat) in PLACES.items()
        for day in range(days)
        for hour in range(9)
        for z in (500.0, 1500.0)
    ]
    columns = ["radar", "lon", "lat", "start", "day", "hour", "altitude"]
    table = pd.DataFrame(rows, columns=columns)
    table["time"] = table["start"] + pd.to_timedelta(24 * table.day + table.hour, "h")
    table["dens"] = [birds(day) for day in table.day]
    table.loc[table.altitude > 1000, "dens"] = 0.5
    table["u"], table["v"] = 10.0, 0.0
    return Profiles.of(table)


@pytest.fixture(scope="module")
def campaign():
    """Three of the five nights."""
    return campaign_of(profiles_of(), CHOICE)


def test_nights_with_the_most_birds_are_taken(campaign):
    # The fourth night has twice as many; of two windows with it the first counts.
    assert campaign.start == np.datetime64("2018-04-02T20:00")
    assert campaign.points[:, 3].max() == 56
    assert len(campaign) == 3 * 3 * 9 * 2
    reason = "outside the 3 nights with the most birds"
    assert campaign.left_out[reason] == 2 * 3 * 9 * 2


def test_all_nights_are_taken_where_there_are_few():
    campaign = campaign_of(profiles_of(days=2), CHOICE)
    assert len(campaign) == 2 * 3 * 9 * 2
    assert not any("outside" in reason for reason in campaign.left_out)


def test_velocities_are_in_the_plane_and_missing_where_few_birds_fly(campaign):
    """10 m/s to the east, turned by the convergence of the meridians."""
    is_low = campaign.points[:, 2] < 1
    assert np.isnan(campaign.velocity[~is_low]).all()
    speed = np.linalg.norm(campaign.velocity[is_low], axis=1)
    # The plane stretches by less than 0.3 %.
    np.testing.assert_allclose(speed, 36, rtol=4e-3)
    angle = np.degrees(np.arctan2(*campaign.velocity[is_low].T[::-1]))
    expected = {
        n: (lon - 10) * np.sin(np.radians(52)) for n, (lon, _) in PLACES.items()
    }
    for name, degrees in expected.items():
        found = angle[campaign.labels[is_low] == name]
        np.testing.assert_allclose(found, degrees, atol=0.2)
    assert any(reason.startswith("velocities") for reason in campaign.left_out)
    assert not np.isnan(campaign.density).any()


def test_dusk_clock_appends_nights_without_days():
    campaign = campaign_of(profiles_of(), {**CHOICE, "clock": "dusk"})
    assert sorted(set(campaign.points[:, 3])) == list(range(25))
    with pytest.raises(ValueError, match=r"clock: must be one of .*'noon'"):
        campaign_of(profiles_of(), {**CHOICE, "clock": "noon"})


def test_report_prints_every_reason(campaign, capsys):
    report(campaign)
    printed = capsys.readouterr().err
    assert "162 rows of 3 radars" in printed
    for reason, number in campaign.left_out.items():
        assert f"{number}  {reason}" in printed


def test_split_of_the_37_stations_is_that_of_the_paper():
    places = {name: np.array(place) for name, place in STATIONS.items()}
    assert len(places) == 37
    found = held_out(places)
    assert found == sorted(HELD_OUT)
    assert len(found) == 17
    assert {"frbou", "deneu", "deeis", "frniz"}.isdisjoint(found)


def test_split_of_others_holds_out_the_center():
    places = {str(i): np.array([float(i), 0.0]) for i in range(9)}
    assert held_out(places) == ["3", "4"]
    assert held_out({"a": [0.0, 0.0], "b": [1.0, 0.0]}) == ["a"]
    with pytest.raises(ValueError, match="at least two radars"):
        held_out({"a": [0.0, 0.0]})


def test_no_row_of_a_held_out_radar_is_trained_on(campaign):
    train, test = campaign.table().hold_out(campaign.held_out)
    assert campaign.held_out == ["center"]
    assert train.stations == ["east", "west"]
    assert test.stations == ["center"]
    assert len(train) + len(test) == len(campaign)


def test_units_round_trip(campaign):
    units = campaign.units
    inputs = units.points_in(campaign.points)
    # A few roundings of coordinates of some thousand km.
    np.testing.assert_allclose(units.points_out(inputs), campaign.points, rtol=1e-14)
    u = np.random.default_rng(0).standard_normal((7, 3))
    np.testing.assert_allclose(units.velocity_out(units.velocity_in(u)), u, rtol=1e-15)
    np.testing.assert_allclose(inputs[:, 0].min(), -1)
    np.testing.assert_allclose(inputs[:, 0].max(), 1)
    assert inputs[:, 2].max() == 1


def test_velocity_is_the_rate_of_position_in_both_units():
    units = Units.of(np.array([[0.0, 0, 0.1, 0], [900.0, 400, 4.9, 60]]))
    x, u, dt = np.array([[100.0, 50, 1, 5]]), np.array([[40.0, -20, 0.3]]), 0.5
    later = x + dt * np.hstack([u, [[1.0]]])
    a, b = units.points_in(x), units.points_in(later)
    rate = (b - a)[:, :3] / (b - a)[:, 3:]
    np.testing.assert_allclose(rate, units.velocity_in(u), rtol=1e-12)
    assert units.volume == pytest.approx(450 * 450 * 2.45)


def test_velocity_residuals_count_in_1000_km_per_day():
    units = Units.of(np.array([[0.0, 0, 0.1, 0], [900.0, 400, 4.9, 60]]))
    one = units.velocity_in(np.full((1, 3), 1000 / 24))
    squares = np.square(one / velocity_noise(units))
    np.testing.assert_allclose(squares, [[1.0, 1.3, 1.0]])


def test_table_has_no_vertical_velocity(campaign):
    observed = campaign.table(velocity_noise(campaign.units)).observed
    assert torch.isnan(observed.velocity[:, 2]).all()
    expected = campaign.velocity / campaign.units.speeds[:2]
    found = observed.velocity[:, :2].numpy()
    np.testing.assert_allclose(found, expected)
    assert observed.velocity_noise.shape == (1, 3)


def test_preset_with_times_takes_what_is_between():
    preset = PROBLEM.presets["smoke@2018-04-06T12:00..2018-04-07T12:00"]
    campaign = read_campaign([], preset.settings)
    last = campaign.start + np.timedelta64(int(3600 * campaign.points[:, 3].max()), "s")
    assert campaign.start >= np.datetime64("2018-04-06T12:00")
    assert np.datetime64("2018-04-07T03:00") < last < np.datetime64("2018-04-07T12:00")


@pytest.mark.parametrize(
    "choice", ["2018-04-06", "2018-04-07..2018-04-06", "a..b", "..", "2018-04-06.."]
)
def test_preset_with_bad_times_is_refused(choice):
    assert f"quick@{choice}" in PROBLEM.presets
    with pytest.raises(ValueError, match=r"must be START\.\.END, two times in UTC"):
        PROBLEM.presets[f"quick@{choice}"]


def test_region_holds_all_of_the_bins(campaign):
    # Bins at 500 and 1500 m are 1000 m thick.
    assert region_of(campaign).altitude == pytest.approx((0.0, 2.0))
    lone = campaign.points[:, 2] < 1
    rows = {name: getattr(campaign, name)[lone] for name in ARRAYS}
    assert region_of(replace(campaign, **rows)).altitude == pytest.approx((0.4, 0.6))


def test_saved_campaign_is_loaded_as_it_was(campaign, tmp_path):
    path = tmp_path / "reference.npz"
    campaign.save(path)
    found = Campaign.load(path)
    for name, value in vars(campaign).items():
        np.testing.assert_equal(getattr(found, name), value)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match="damaged"):
        Campaign.load(path)


def test_night_is_the_window_with_the_most_birds(campaign):
    assert campaign.night() == (48.0, 56.0)


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
    settings = {"data": CHOICE, "reference": {"n": 25, "dt": 0.25}}
    campaign = read_campaign([BIRDS / file], settings)
    assert len(campaign.radars) == radars
    assert campaign.held_out == held
    assert hours - 1 < campaign.points[:, 3].max() <= hours
    assert "profile of zeros, which stands for missing" in campaign.left_out
    assert not campaign.is_synthetic
    # Birds in autumn and spring fly at some ten m/s.
    speed = np.linalg.norm(campaign.velocity, axis=1) / 3.6
    assert 5 < np.nanmedian(speed) < 20
