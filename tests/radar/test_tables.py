"""VPTS CSV and the plain tables, and the files that are none."""

import gzip

import numpy as np
import pandas as pd
import pytest
from radar_files import BANDS_HEADER, PROFILE_HEADER, VPTS_HEADER, vpts_line, write

from ncl_deepxde.radar import read

LINE = "KBGM,-75.98,42.2,2010-09-09T02:00:00Z,{altitude},{values}"


def profile_lines(*values, start=300):
    return [
        LINE.format(altitude=start + 200 * i, values=row)
        for i, row in enumerate(values)
    ]


def test_vpts_height_is_the_lower_edge(tmp_path):
    lines = [
        vpts_line(height=h, dens=d) for h, d in ((0, "NaN"), (200, "7.5"), (400, ""))
    ]
    profiles = read(write(tmp_path / "a.csv", VPTS_HEADER, *lines))
    rows = profiles.rows
    assert rows["altitude"].tolist() == [100, 300, 500]
    assert rows["radar"].eq("bejab").all()
    assert rows[["lon", "lat"]].iloc[0].tolist() == [3.0642, 51.1917]
    np.testing.assert_array_equal(rows["dens"], [np.nan, 7.5, np.nan])
    assert rows[["u", "v"]].iloc[1].tolist() == [3.5, -2.5]
    assert rows["time"].eq(pd.Timestamp("2024-09-01T20:00Z")).all()


def test_vpts_bins_have_the_height_of_their_radar(tmp_path):
    lines = [vpts_line(height=h) for h in (0, 200, 400)]
    lines += [vpts_line("KLOT", height=h, lon="-88", lat="41") for h in (0, 100, 300)]
    path = write(tmp_path / "a.csv", VPTS_HEADER, *lines)
    rows = read(path).rows
    assert rows["altitude"].tolist() == [75, 175, 375, 100, 300, 500]
    assert rows["width"].tolist() == [150] * 3 + [200] * 3
    higher = read(path, corrections="antenna-height").rows
    assert (higher["altitude"] - rows["altitude"]).eq(50).all()
    with pytest.raises(ValueError, match="bird-fraction needs the fraction of birds"):
        read(path, corrections="bird-fraction")


def test_vpts_zero_is_zero_and_copies_are_counted(tmp_path):
    lines = [vpts_line(u="NaN", v="NaN", dens="0")] * 4
    profiles = read(write(tmp_path / "a.csv", VPTS_HEADER, *lines))
    assert profiles.rows["dens"].tolist() == [0]
    assert profiles.left_out == {"copies of another row": 3}


def test_vpts_times_with_zones_unsorted(tmp_path):
    lines = [
        vpts_line(time=t, dens=d)
        for t, d in (
            ("2024-09-01T23:00:00+02:00", "3"),
            ("2024-09-01 20:00:00", "2"),
            ("2024-09-01T19:00:00Z", "1"),
        )
    ]
    rows = read(write(tmp_path / "a.csv", VPTS_HEADER, *lines)).rows
    assert rows["dens"].tolist() == [1, 2, 3]
    assert rows["time"].dt.hour.tolist() == [19, 20, 21]


def test_profile_of_zeros_is_missing_and_a_zero_in_a_profile_is_not(tmp_path):
    evening = profile_lines("5,3,-2", "0,0,0", "2,0,0")
    day = [line.replace("T02", "T15") for line in profile_lines("0,0,0", "0,0,0")]
    path = write(tmp_path / "us_profiles.csv", PROFILE_HEADER, *day, *evening)
    profiles = read(path)
    assert profiles.rows["dens"].tolist() == [5, 0, 2]
    np.testing.assert_array_equal(profiles.rows["u"], [3, np.nan, np.nan])
    assert profiles.left_out == {"profile of zeros, which stands for missing": 2}
    assert "2 velocities of exactly (0, 0), 1 of them with birds" in profiles.notes[0]


def test_measured_profile_of_zeros_is_kept(tmp_path):
    day = [line.replace("T02", "T15") for line in profile_lines("0,0,0", "0,0,0")]
    later = [line.replace("T15:00", "T15:20") for line in day]
    path = write(tmp_path / "us.csv", PROFILE_HEADER, *day, *later)
    bands = write(
        tmp_path / "bands.csv", BANDS_HEADER, "KBGM,2010-09-09 15:05:00+00,1,0,0,0,0,14"
    )
    with pytest.raises(ValueError, match="no row is left: 4 profile of zeros"):
        read(path)
    profiles = read(path, measured=bands)
    assert profiles.rows["dens"].tolist() == [0, 0]
    assert profiles.rows["u"].isna().all()
    assert profiles.rows["time"].eq(pd.Timestamp("2010-09-09T15:00Z")).all()
    assert profiles.left_out == {"profile of zeros, which stands for missing": 2}


def bands_file(tmp_path, *lines, name="us2010_birds.csv"):
    return write(tmp_path / name, BANDS_HEADER, *lines)


@pytest.mark.parametrize(("area", "top"), [("2.8", 3000), ("4.8", 4000), ("", 4000)])
def test_bands_have_the_altitude_of_their_center(tmp_path, area, top):
    path = bands_file(
        tmp_path,
        "KBGM,2010-09-09 02:00:00+00,1,1.5,-2,10,14,14",
        f"KBGM,2010-09-09 02:00:00+00,2,0,0,2,{area},14",
    )
    rows = read(path, positions={"KBGM": (-75.98, 42.2)}).rows
    assert rows["altitude"].tolist() == [900, (1600 + top) / 2]
    assert rows["width"].tolist() == [1400, top - 1600]
    assert rows["dens"].tolist() == [10, 2]
    np.testing.assert_array_equal(rows["v"], [-2, np.nan])


def test_smallest_density_tells_of_censoring(tmp_path):
    path = bands_file(tmp_path, "a,2016-09-19 00:00:00+00,1,1,1,10,14,14")
    notes = read(path, positions={"a": (5, 50)}).notes
    assert notes == (
        "us2010_birds.csv: no density under 10 birds/km^3 (censored); an absent row is "
        "not zero",
    )


GOOD = f"{VPTS_HEADER}\n{vpts_line()}\n".encode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (f"{VPTS_HEADER}\n".encode(), "must have rows below the header"),
        (GOOD.replace(b",height", b",h"), "height missing"),
        (
            GOOD.replace(b"a.h5", b"\xff\xfe"),
            "must be text in UTF-8, got the byte 0xff",
        ),
        (
            GOOD.replace(b",12.5,", b",many,"),
            "dens must be a finite number, got 'many'",
        ),
        (GOOD.replace(b"2024-", b"24/"), "a time must be written like 2018-04-05T18"),
        (GOOD[:-40], "ends in the middle of a line"),
        (GOOD[: -len(",a.h5\n")], "ends in the middle of a line"),
        (GOOD[:-40] + b"\n" + GOOD, "is no table|finite number|a time must"),
        (gzip.compress(GOOD)[:-20], "the gzip data are truncated"),
        (
            b"name,color\nrobin,red\n",
            "must be a known table, got the columns name, color",
        ),
        (b"%PDF-1.4\n%binary\n", "must be a known table"),
        (GOOD.replace(b",dens,", b",d,").replace(b",u,v,", b",x,y,"), "all missing"),
        (GOOD.replace(b",12.5,", b",1e-8,"), "looks like birds per m"),
        (GOOD.replace(b",3.5,-2.5,", b",50,-20,"), "looks like km/h"),
        (GOOD.replace(b"Z,200", b"Z,200000"), "altitude: must be meters"),
    ],
)
def test_bad_tables(tmp_path, content, message):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read(path)


def test_line_of_too_many_cells_is_an_error(tmp_path):
    path = write(tmp_path / "a.csv", VPTS_HEADER, vpts_line(), vpts_line() + ",1,2,3")
    with pytest.raises(ValueError, match="is no table of columns"):
        read(path)


def test_semicolons_and_a_byte_order_mark(tmp_path):
    text = "\ufeff" + GOOD.decode().replace(",", ";")
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    assert read(tmp_path / "a.csv").rows["dens"].tolist() == [12.5]


def test_wrong_band_is_refused(tmp_path):
    path = bands_file(tmp_path, "a,2010-09-09 02:00:00+00,3,1,1,10,14,14")
    with pytest.raises(ValueError, match="altitude_band must be 1 or 2, got 3"):
        read(path)
