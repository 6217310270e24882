"""Nights and minutes since dusk, against what one writes down by hand."""

import datetime

import numpy as np
import pandas as pd
import pytest
from radar_files import frame

from ncl_deepxde.radar import Profiles, minutes_since_dusk, nights


def profiles_at(times, lon=5.0, **columns):
    n = len(times)
    rows = pd.DataFrame(
        {"radar": ["a"] * n, "lon": lon, "lat": 50.0, "altitude": 300.0}
    )
    rows["time"] = times
    good = {"dens": np.arange(1.0, n + 1), "u": 1.0, "v": 2.0}
    return Profiles.of(rows.assign(**(good | columns)))


def test_night_ends_at_the_thirteenth_hour():
    times = ["05T12:59", "05T13:00", "05T23:00", "06T00:00", "06T12:59", "06T13:00"]
    found = nights(profiles_at([f"2018-04-{time}Z" for time in times]))
    first = datetime.date(2018, 4, 4)
    assert list(found) == [first + datetime.timedelta(days=i) for i in range(3)]
    assert [night.rows["dens"].tolist() for night in found.values()] == [
        [1],
        [2, 3, 4, 5],
        [6],
    ]


def test_night_agrees_with_date_and_hour():
    times = pd.date_range("2018-04-01", periods=500, freq="37min", tz="UTC")
    # the rule of the released code: the day before if the hour is at most 12
    expected = [(t - pd.Timedelta(days=int(t.hour <= 12))).date() for t in times]
    found = nights(profiles_at(times))
    for date, night in found.items():
        assert len(night) == expected.count(date)
    assert sum(map(len, found.values())) == 500


def test_solar_clock_keeps_a_night_in_japan_whole():
    times = pd.date_range("2018-04-05 09:30", "2018-04-05 20:30", freq="h", tz="UTC")
    profiles = profiles_at(times, lon=139.0)
    assert len(nights(profiles)) == 2
    assert list(nights(profiles, clock="sun")) == [datetime.date(2018, 4, 5)]
    with pytest.raises(ValueError, match="clock: must be 'utc' or 'sun', got 'local'"):
        nights(profiles, clock="local")


def two_radars():
    """Radar b begins 30 minutes after a; in the second night it lasts longer."""
    times = {
        "a": ["05T18:00", "05T20:00", "06T18:00", "06T19:00"],
        "b": ["05T18:30", "05T19:30", "06T18:30", "06T21:30"],
    }
    rows = [
        frame(time=pd.Timestamp(f"2018-04-{time}Z"), altitude=height).query(
            f"radar == '{r}'"
        )
        for r, all_times in times.items()
        for time in all_times
        for height in (300.0, 500.0)
    ]
    return Profiles.of(pd.concat(rows))


def test_minutes_since_each_radars_own_first_record():
    minutes = minutes_since_dusk(two_radars())
    assert minutes.index.equals(pd.RangeIndex(16))
    assert minutes.tolist() == np.repeat([0, 120, 0, 60, 0, 60, 0, 180], 2).tolist()


def test_nights_set_one_after_the_other():
    minutes = minutes_since_dusk(two_radars(), appended=True)
    assert (
        minutes.tolist() == np.repeat([0, 120, 120, 180, 0, 60, 120, 300], 2).tolist()
    )


def test_three_nights_add_up():
    times = [f"2018-04-0{day}T{hour}:00Z" for day in (5, 6, 7) for hour in (18, 20)]
    minutes = minutes_since_dusk(profiles_at(times), appended=True)
    assert minutes.tolist() == [0, 120, 120, 240, 240, 360]


def test_first_record_has_a_density():
    times = pd.to_datetime(
        ["2018-04-05T18:00Z", "2018-04-05T18:20Z", "2018-04-06T18:00Z"]
    )
    profiles = profiles_at(times, dens=[np.nan, 5.0, np.nan])
    # the second night has velocities only, so its first row counts
    assert minutes_since_dusk(profiles).tolist() == [-20, 0, 0]
