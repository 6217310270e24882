"""The archive of one JSON file per radar, against the matrices it was made from."""

import json

import numpy as np
import pandas as pd
import pytest
from radar_files import BINS, TIMES, archive_files, record, write_folder, write_zip

from ncl_deepxde.radar import COLUMNS, read


@pytest.fixture(params=["zip", "zip with a folder", "folder"])
def archive(request, tmp_path):
    files = archive_files()
    if request.param == "folder":
        return write_folder(tmp_path / "dc_zeno", files)
    folder = "dc_zeno/" if "with" in request.param else ""
    return write_zip(tmp_path / "dc_zeno.zip", files, folder)


def test_archive_gives_each_value_its_radar_time_and_altitude(archive):
    profiles = read(archive)
    rows = profiles.rows
    assert list(rows) == [*COLUMNS]
    assert rows["time"].dtype == "datetime64[ns, UTC]"
    assert profiles.radars["radar"].tolist() == ["deb", "nla"]
    assert profiles.left_out == {"neither density nor velocity": 2 * 3}
    times = pd.to_datetime(
        ["2018-04-05T18:00Z", "2018-04-05T18:05Z", "2018-04-06T02:00Z"],
        format="ISO8601",
    )
    for seed, name in enumerate(["nla", "deb"]):
        mine, source = rows[rows["radar"] == name], record(seed, name)
        assert (mine["lat"] == 50.0 + seed).all()
        for column, key in (("dens", "dens"), ("u", "ub"), ("v", "vb")):
            table = mine.pivot(index="altitude", columns="time", values=column)
            np.testing.assert_array_equal(table.index, BINS[1:])
            assert list(table.columns) == list(times)
            expected = np.array(source[key][1:], dtype=float)
            np.testing.assert_array_equal(table.to_numpy(), expected)


def test_archive_filters_before_it_reads_a_radar(tmp_path):
    files = archive_files() | {"dc_nla.json": "not even JSON"}
    path = write_zip(tmp_path / "a.zip", files)
    profiles = read(path, radars=["deb"], start="2018-04-05T18:05", end="2018-04-06")
    assert len(profiles) == 24
    assert profiles.rows["time"].unique().tolist() == [
        pd.Timestamp("2018-04-05T18:05Z")
    ]
    assert profiles.left_out == {
        "radar not asked for": 75,
        "time not asked for": 50,
        "neither density nor velocity": 1,
    }
    assert sum(profiles.left_out.values()) + len(profiles) == 2 * 3 * 25


def test_null_is_missing_and_density_alone_is_kept(tmp_path):
    content = record(0, "nla")
    content["ub"][3][1] = None
    content["dens"][4][2] = None
    files = {"time.json": json.dumps(TIMES), "dc_nla.json": json.dumps(content)}
    rows = read(write_folder(tmp_path / "a", files)).rows
    calm = rows[rows["u"].isna()]
    assert len(calm) == 1
    assert calm[["altitude", "dens"]].to_numpy().tolist() == [
        [700, content["dens"][3][1]]
    ]
    assert calm["v"].isna().all()
    unknown = rows[rows["dens"].isna()]
    assert unknown["altitude"].tolist() == [900]
    assert unknown["u"].notna().all()


def test_released_corrections_only_by_name(archive):
    plain = read(archive, radars="nla").rows
    twice = read(archive, radars="nla", corrections=["bird-fraction", "antenna-height"])
    bird = np.array(record(0, "nla")["bird"][1:], dtype=float)
    np.testing.assert_array_equal(twice.rows["altitude"], plain["altitude"] + 185)
    # rows are sorted by time, then altitude; the matrix by altitude
    np.testing.assert_array_equal(twice.rows["dens"], plain["dens"] * bird.T.ravel())
    with pytest.raises(ValueError, match="corrections: must be some of"):
        read(archive, corrections="birds")


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        (
            "dc_nla.json",
            lambda text: text[: len(text) // 2],
            "dc_nla.json: is truncated",
        ),
        ("dc_nla.json", lambda text: text.replace('"dens"', '"d"'), "must have 'dens'"),
        ("dc_nla.json", lambda text: text.replace("[[null", "[[nul", 1), "is no JSON"),
        ("dc_nla.json", lambda text: text.replace("[[null", "[[1,null", 1), "'dens'"),
        ("dc_nla.json", lambda text: text.replace("[[null", "[[[]", 1), "'dens'"),
        (
            "dc_nla.json",
            lambda text: text.replace("5.0,", '"five",'),
            "'lon' must be a n",
        ),
        ("time.json", lambda text: text[:-9], "time.json is truncated"),
        ("time.json", lambda text: "{}", "time.json must be a list of times"),
        (
            "time.json",
            lambda text: text.replace("05-Apr", "45-Apr"),
            "a time must be wri",
        ),
        ("time.json", lambda text: json.dumps(TIMES[:2]), "25 altitudes and 2 times"),
    ],
)
def test_damaged_members_are_named(tmp_path, name, change, message):
    files = archive_files()
    files[name] = change(files[name])
    with pytest.raises(ValueError, match=message):
        read(write_zip(tmp_path / "a.zip", files))


def test_truncated_zip_says_so(tmp_path):
    path = write_zip(tmp_path / "a.zip", archive_files())
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ValueError, match="truncated or damaged zip"):
        read(path)


def test_damaged_zip_says_which_file(tmp_path):
    path = write_zip(tmp_path / "a.zip", archive_files())
    data = bytearray(path.read_bytes())
    middle = data.index(b"dc_nla.json") + 200
    data[middle : middle + 20] = bytes(20)
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"dc_nla\.json is damaged"):
        read(path)


def test_zip_without_radars_and_without_times(tmp_path):
    with pytest.raises(ValueError, match=r"must hold files dc_<radar>\.json"):
        read(write_zip(tmp_path / "a.zip", {"readme.txt": "hello"}))
    files = archive_files()
    del files["time.json"]
    with pytest.raises(ValueError, match=r"must hold time\.json"):
        read(write_folder(tmp_path / "b", files))


def test_archive_of_nothing_but_null_is_an_error(tmp_path):
    content = record(0, "nla")
    for key in ("dens", "ub", "vb"):
        content[key] = [[None] * 3] * 25
    files = {"time.json": json.dumps(TIMES), "dc_nla.json": json.dumps(content)}
    with pytest.raises(ValueError, match="no row is left: 75 neither density"):
        read(write_zip(tmp_path / "a.zip", files))
