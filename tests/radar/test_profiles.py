"""The table itself: order, copies, conflicts, units, missing values, zones."""

import numpy as np
import pandas as pd
import pytest
from radar_files import frame

from ncl_deepxde.radar import COLUMNS, Profiles


def test_rows_are_sorted_whatever_their_order():
    rng = np.random.default_rng(0)
    index = pd.MultiIndex.from_product(
        [["b", "a"], pd.date_range("2018-04-05", periods=4, freq="h"), [500, 300, 100]],
        names=["radar", "time", "altitude"],
    )
    table = index.to_frame(index=False).assign(lon=5.0, lat=50.0, u=1.0, v=2.0)
    table["dens"] = rng.uniform(1, 9, len(table))
    shuffled = table.sample(frac=1, random_state=1)
    rows = Profiles.of(shuffled).rows
    expected = table.sort_values(["radar", "time", "altitude"], ignore_index=True)
    assert tuple(rows) == COLUMNS
    pd.testing.assert_series_equal(rows["dens"], expected["dens"])
    assert rows["time"].dtype == "datetime64[ns, UTC]"
    assert rows.index.equals(pd.RangeIndex(24))


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


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"dens": [1e-8, 2e-8]}, "looks like birds per m"),
        ({"dens": [1e7, 20.0]}, "dens: must be birds per km.3, at most"),
        ({"dens": [-9999.0, 20.0]}, "dens: must not be negative, got -9999"),
        ({"u": [45.0, 50.0], "v": [30.0, 20.0]}, "looks like km/h"),
        ({"altitude": [0.3, 0.5]}, "looks like kilometers"),
        ({"altitude": [300.0, 40000.0]}, "altitude: must be meters"),
        ({"lat": [50.0, 3e6]}, "lat: must be degrees"),
        ({"lon": [5.0, 181.0]}, "lon: must be degrees"),
    ],
)
def test_wrong_units_say_what_is_wrong(columns, message):
    with pytest.raises(ValueError, match=message):
        Profiles.of(frame(**columns))
    assert len(Profiles.of(frame(**columns), check_units=False)) == 2


def many(n, **first):
    """Return n bins of one radar, the first with other values."""
    table = pd.concat([frame().iloc[:1]] * n, ignore_index=True)
    table["altitude"] = 100.0 + 10 * np.arange(n)
    for name, value in first.items():
        table.loc[0, name] = value
    return table


def test_impossible_values_are_missing_if_they_are_few():
    profiles = Profiles.of(many(200, dens=1e7, u=300.0))
    assert len(profiles) == 199
    assert profiles.left_out == {"neither density nor velocity": 1}
    assert profiles.notes == (
        "1 densities above 100000 per km^3 are missing",
        "1 speeds above 100 m/s are missing",
    )
    fast = Profiles.of(many(200, u=300.0)).rows
    assert fast["dens"].notna().all()
    assert fast["u"].isna().tolist() == [True] + [False] * 199


def test_impossible_values_are_an_error_if_they_are_not():
    with pytest.raises(
        ValueError, match="u, v: must be m/s, at most 100, got a speed of"
    ):
        Profiles.of(many(50, u=300.0))
    with pytest.raises(ValueError, match="dens: must be birds per km"):
        Profiles.of(many(50, dens=1e7))


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


def test_between_includes_the_start_only():
    table = frame(radar="a", lon=5.0, lat=50.0)
    table["time"] = pd.to_datetime(["2018-04-05T18:00Z", "2018-04-05T19:00Z"])
    profiles = Profiles.of(table)
    assert profiles.between("2018-04-05T18:00", "2018-04-05T19:00").rows[
        "dens"
    ].tolist() == [10]
    assert profiles.between("2018-04-05T20:30+02:00").rows["dens"].tolist() == [20]
    assert len(profiles.between()) == 2
    with pytest.raises(ValueError, match="start, end: must leave some"):
        profiles.between("2019-01-01")
    with pytest.raises(ValueError, match="end: must be after start"):
        profiles.between("2018-04-06", "2018-04-05")
    with pytest.raises(ValueError, match="start: must be a time"):
        profiles.between("dusk")


def test_select_takes_known_radars():
    profiles = Profiles.of(frame())
    assert profiles.select("b").radars.to_numpy().tolist() == [["b", 6.0, 51.0]]
    assert len(profiles.select(["a", "b"])) == 2
    with pytest.raises(ValueError, match="radars: must be some of a, b; got c"):
        profiles.select(["a", "c"])
    with pytest.raises(ValueError, match="radars: must be some of a, b; got none"):
        profiles.select([])
