"""Cleaning: copies, conflicts, missing values, zones, one place for a radar."""

import numpy as np
import pandas as pd
import pytest
from radar_files import frame

from ncl_deepxde.radar import Profiles


def test_exact_copies_are_dropped_and_counted():
    profiles = Profiles.of(pd.concat([frame(), frame(), frame()]))
    assert len(profiles) == 2
    assert profiles.left_out == {"copies of another row": 4}


def test_rows_that_complete_each_other_become_one():
    density = frame(u=np.nan, v=np.nan)
    velocity = frame(dens=np.nan)
    profiles = Profiles.of(pd.concat([velocity, density]))
    pd.testing.assert_frame_equal(profiles.rows, Profiles.of(frame()).rows)
    assert profiles.left_out == {"copies of another row": 2}


def test_conflicting_rows_are_an_error_or_the_first_is_kept():
    both = pd.concat([frame(), frame(dens=[10.0, 21.0])])
    with pytest.raises(
        ValueError, match="got several for 1 of them, the first b at 2018"
    ):
        Profiles.of(both)
    profiles = Profiles.of(both, conflicts="first")
    assert profiles.rows["dens"].tolist() == [10.0, 20.0]
    assert profiles.left_out == {
        "copies of another row": 1,
        "same radar, time and altitude as an earlier row": 1,
    }
    with pytest.raises(ValueError, match="conflicts: must be 'error' or 'first'"):
        Profiles.of(both, conflicts="mean")


def test_rows_that_say_nothing_are_left_out_and_counted():
    table = pd.concat(
        [
            frame(),
            frame(radar=["c", "d"], lon=[np.nan, 0.0], lat=[50.0, 0.0]),
            frame(radar=[None, "b"], altitude=[500.0, np.nan]),
            frame(time=pd.NaT),
            frame(altitude=500.0, dens=np.nan, u=np.nan),
        ]
    )
    profiles = Profiles.of(table)
    assert len(profiles) == 2
    assert profiles.left_out == {
        "no radar": 1,
        "radar without position (c, d)": 2,
        "no time": 2,
        "no altitude": 1,
        "neither density nor velocity": 2,
    }
    summary = profiles.summary()
    for reason, number in profiles.left_out.items():
        assert f"  {number}  {reason}" in summary
    assert "left out  8 rows" in summary


def test_no_row_left_is_an_error_that_tells_why():
    with pytest.raises(ValueError, match=r"no row is left, of 2: 2 neither density"):
        Profiles.of(frame(dens=np.nan, u=np.nan, v=np.nan))
    with pytest.raises(ValueError, match=r"2 radar without position \(a, b\)"):
        Profiles.of(frame(lon=np.nan))


def test_density_without_velocity_is_kept_and_half_a_velocity_is_none():
    profiles = Profiles.of(frame(u=[np.nan, 4.0], v=[np.nan, np.nan]))
    assert profiles.rows["dens"].tolist() == [10.0, 20.0]
    assert profiles.rows[["u", "v"]].isna().all(axis=None)
    assert profiles.notes == ("1 velocities with one missing component are missing",)


def test_times_of_any_zone_become_utc():
    table = frame(time=["2018-04-05T20:00:00+02:00", "2018-04-05 18:00:00"])
    assert Profiles.of(table).rows["time"].nunique() == 1
    zone = pd.to_datetime(["2018-04-05T20:00+02:00"] * 2).tz_convert("Europe/Berlin")
    rows = Profiles.of(frame(time=zone)).rows
    assert rows["time"].eq(pd.Timestamp("2018-04-05T18:00Z")).all()
    with pytest.raises(ValueError, match="rows: a time must be written like 2018"):
        Profiles.of(frame(time=["yesterday", "2018-04-05 18:00:00"]))


def test_radar_stands_at_one_place():
    moved = pd.concat([frame(), frame(altitude=500.0, lon=[5.0, 7.0])])
    with pytest.raises(ValueError, match=r"b with positions 1\.00 degrees apart"):
        Profiles.of(moved)
    rounded = pd.concat([frame(), frame(altitude=500.0, lon=[5.0, 6.01])])
    assert Profiles.of(rounded).radars["lon"].tolist() == [5.0, 6.0]


def test_wrong_columns_and_values_are_named():
    with pytest.raises(ValueError, match="dens missing"):
        Profiles.of(frame().drop(columns="dens"))
    with pytest.raises(
        ValueError, match="dens must be a finite number, got 'many' in row 1"
    ):
        Profiles.of(frame(dens=["many", 20.0]))
    with pytest.raises(
        ValueError, match="u must be a finite number, got 'inf' in row 2"
    ):
        Profiles.of(frame(u=[3.0, np.inf]))
