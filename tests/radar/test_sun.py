"""The height of the sun, against what is known without a formula."""

import pandas as pd
import pytest

from ncl_deepxde.radar.sun import sun_elevation


def at(*times):
    return pd.DatetimeIndex(times)


def test_equinoxes_and_solstices():
    """At its highest the sun stands at 90 degrees less latitude plus declination.

    In half a day the declination changes by at most 0.2 degrees, at a solstice by none.
    """
    day = pd.date_range("2023-06-21", periods=1440, freq="min")
    assert sun_elevation(day, 5.0, 50.0).max() == pytest.approx(63.44, abs=0.02)
    day = pd.date_range("2023-12-22", periods=1440, freq="min")
    assert sun_elevation(day, 5.0, 50.0).max() == pytest.approx(16.56, abs=0.02)
    day = pd.date_range("2023-03-20", periods=1440, freq="min")
    assert sun_elevation(day, -70.0, 0.0).max() == pytest.approx(90, abs=0.2)


def test_noon_follows_the_longitude_and_the_equation_of_time():
    """On 3 November the sun is 16.4 minutes early, on 11 February 14.2 late."""
    for date, minutes in (("2023-11-03", -16.4), ("2023-02-11", 14.2)):
        times = pd.date_range(date, periods=86400 // 20, freq="20s")
        for lon in (0.0, 60.0):
            noon = times[sun_elevation(times, lon, 40.0).argmax()]
            expected = pd.Timestamp(f"{date}T12:00") - pd.Timedelta(hours=lon / 15)
            late = (noon - expected) / pd.Timedelta(minutes=1)
            assert late == pytest.approx(minutes, abs=0.5)


def test_zones_and_poles():
    naive, zoned = at("2023-06-21T00:00"), at("2023-06-21T02:00+02:00")
    assert sun_elevation(naive, 5.0, 50.0) == sun_elevation(zoned, 5.0, 50.0)
    assert sun_elevation(naive, 5.0, 90.0)[0] == pytest.approx(23.44, abs=0.01)
