"""The tables of ../shared/data/birds, against counts and sums by plain numpy."""

import csv
import gzip
import itertools
from collections import defaultdict
from operator import itemgetter

import numpy as np
import pytest

from ncl_deepxde.radar import (
    Projection,
    integrate_profiles,
    minutes_since_dusk,
    nights,
    read,
)

VALUES = ("dens_per_km3", "u_m_s", "v_m_s")


def plain_rows(path):
    data = path.read_bytes()
    text = gzip.decompress(data) if path.suffix == ".gz" else data
    return list(csv.DictReader(text.decode().splitlines()))


@pytest.mark.parametrize(
    ("name", "radars", "bins", "epsg"),
    [("eu15a", 5, (300, 3900), 3035), ("us15a", 13, (300, 2900), None)],
)
def test_profiles_hold_what_a_plain_loop_finds(birds, name, radars, bins, epsg):
    path = birds / f"{name}_profiles.csv.gz"
    profiles, source = read(path), plain_rows(path)
    by_profile = defaultdict(list)
    for row in source:
        values = [float(row[key]) for key in VALUES]
        by_profile[row["radar"], row["time_utc"]].append(values)
    kept = [np.array(rows) for rows in by_profile.values() if np.any(rows)]
    together = np.concatenate(kept)
    assert len(profiles) == len(together)
    assert len(profiles) + sum(profiles.left_out.values()) == len(source)
    rows = profiles.rows
    np.testing.assert_allclose(rows["dens"].sum(), together[:, 0].sum(), rtol=1e-12)
    moving = together[(together[:, 1:] != 0).any(axis=1)]
    assert rows["u"].notna().sum() == len(moving)
    np.testing.assert_allclose(rows["v"].sum(), moving[:, 2].sum(), rtol=1e-12)
    assert len(profiles.radars) == radars
    assert (rows["altitude"].min(), rows["altitude"].max()) == bins
    assert Projection.of(profiles.radars).crs.to_epsg() == epsg


def test_measured_profiles_of_zeros_are_kept(birds):
    path, bands = birds / "us15a_profiles.csv.gz", birds / "neus2010_birds_2bands.csv"
    profiles = read(path, measured=bands)
    slots = {
        (row["radar_id"], slot_of(row["interval_start_time"]))
        for row in plain_rows(bands)
    }
    rows = plain_rows(path)
    missing = 0
    for (radar, time), group in itertools.groupby(
        rows, itemgetter("radar", "time_utc")
    ):
        values = [float(row[key]) for row in group for key in VALUES]
        if not any(values) and (radar, slot_of(time)) not in slots:
            missing += len(values) // 3
    assert sum(profiles.left_out.values()) == missing
    assert len(profiles) == len(rows) - missing
    assert len(read(path)) < len(profiles)


def slot_of(time):
    """The date, the hour and which 20 minutes of it, of 2010-09-09?02:40:00."""
    return time[:10], time[11:13], int(time[14:16]) // 20


@pytest.mark.parametrize(
    ("bins", "bands"),
    [
        ("eu15a_profiles.csv.gz", "nlbe2013_birds_2bands.csv"),
        ("us15a_profiles.csv.gz", "neus2010_birds_2bands.csv"),
    ],
)
def test_lower_band_is_the_mean_of_the_bins_in_it(birds, bins, bands):
    """Two sources of the same study agree in radars, times, altitudes and densities.

    Bins that are missing make some differ. With altitudes off by one bin less than
    a fifth of the profiles agree.
    """
    keys = ["radar", "time"]
    fine = read(birds / bins, measured=birds / bands).rows
    coarse = read(birds / bands).rows
    lower = coarse[coarse["altitude"] == 900]
    lower = lower.assign(time=lower["time"].dt.floor("20min"))
    one = fine[fine["altitude"].between(200, 1600)].groupby(keys)["dens"].mean()
    two = lower.groupby(keys)["dens"].mean()
    both = one.index.intersection(two.index)
    assert len(both) > 1300
    difference = (one[both] - two[both]).abs() / (two[both] + 0.1)
    assert (difference < 1e-3).mean() > 0.9


@pytest.mark.parametrize(
    ("name", "radars", "smallest"),
    [
        ("flyway2016_vp_flowviz_dens_ge10.csv", 67, 10),
        ("flyway2016_birds_dens_ge5_70radars.csv", 70, 5),
        ("neus2010_birds_2bands.csv", 13, 0),
        ("nlbe2013_birds_2bands.csv", 5, 0),
    ],
)
def test_tables_of_bands(birds, name, radars, smallest):
    profiles, source = read(birds / name), plain_rows(birds / name)
    assert len(profiles) == len(source)
    assert profiles.left_out == {}
    assert len(profiles.radars) == radars
    assert profiles.rows["dens"].min() == pytest.approx(smallest, abs=1e-3)
    assert any("censored" in note for note in profiles.notes) == (smallest > 0)


def test_velocities_alone_complete_densities(birds):
    velocities = birds / "flyway2016_birds_uv_all_58radars.csv"
    alone = read(velocities)
    assert alone.rows["dens"].isna().all()
    empty = sum(row["avg_u_speed"] in ("", "NA") for row in plain_rows(velocities))
    assert alone.left_out == {"neither density nor velocity": empty}


def test_three_nights_over_america(birds):
    profiles = read(birds / "us15a_profiles.csv.gz")
    found = nights(profiles)
    assert [f"{date:%d}" for date in found] == ["08", "09", "10", "11"]
    minutes = minutes_since_dusk(profiles)
    assert minutes.min() == 0
    assert minutes.max() < 16 * 60


def test_profile_of_odim_equals_its_rows_of_vpts_csv(birds):
    """Both were written by others from the same scan, in ODIM HDF5 and in VPTS CSV."""
    name = "nosta_vp_20230311T235500Z"
    rows = read(birds / "public" / f"vptstools_{name}.h5").rows
    table = plain_rows(birds / "public" / "vptstools_nosta_vpts_20230311.csv")
    same = [row for row in table if name in row["source_file"] and row["dens"]]
    assert rows["altitude"].tolist() == [float(row["height"]) + 100 for row in same]
    assert rows["dens"].tolist() == [float(row["dens"]) for row in same]
    moving = [float(row["u"]) for row in same if row["u"] not in ("", "NaN")]
    assert rows["u"].dropna().tolist() == moving


def test_two_scans_of_one_time_in_vpts_csv(birds):
    table = birds / "public" / "vptstools_nosta_vpts_20230311.csv"
    with pytest.raises(ValueError, match="several for 28 of them"):
        read(table)
    assert len(read(table, conflicts="first")) == 67


def test_birds_and_traffic_of_biorads_example(birds):
    """The means and the largest values, by plain numpy from the file."""
    path = birds / "public" / "biorad_example_vpts.csv"
    series = integrate_profiles(read(path))
    assert len(series) == 49
    assert series["vid"].mean() == pytest.approx(9.748769, abs=1e-6)
    assert series["mtr"].mean() == pytest.approx(336.762736, abs=2e-5)
    assert series["vid"].max() == pytest.approx(15.520523, abs=1e-6)
    assert series["mtr"].max() == pytest.approx(621.996118, abs=2e-5)
