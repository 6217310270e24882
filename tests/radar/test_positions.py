"""Positions of radars: given, from lists in JSON and CSV, beside a table."""

import json

import pytest
from radar_files import BANDS_HEADER, write

from ncl_deepxde.radar import read
from ncl_deepxde.radar._positions import find_positions, load_positions


def bands_file(tmp_path, *lines):
    return write(tmp_path / "us2010_birds.csv", BANDS_HEADER, *lines)


def test_positions_beside_the_table_and_given(tmp_path):
    lines = [f"{r},2010-09-09 02:00:00+00,1,1,1,10,14,14" for r in ("a", "b", "c")]
    path = bands_file(tmp_path, *lines)
    with pytest.raises(ValueError, match=r"3 radar without position \(a, b, c\)"):
        read(path)
    list_of_a = {"radars": [{"id": "a", "coordinates": [5, 50]}]}
    (tmp_path / "us2010_radars.json").write_text(json.dumps(list_of_a))
    profiles = read(path)
    assert profiles.left_out == {"radar without position (b, c)": 2}
    write(tmp_path / "more.csv", "odim_code,longitude,latitude", "b,6,51", "c,7,52")
    more = read(path, positions=tmp_path / "more.csv")
    assert more.radars.to_numpy().tolist() == [["a", 5, 50], ["b", 6, 51], ["c", 7, 52]]
    moved = read(path, positions={"a": (1, 2)})
    assert moved.radars.to_numpy().tolist() == [["a", 1, 2]]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", '{"radars": [{"id": "a"', "is no JSON, or truncated"),
        ("a.json", '{"stations": []}', "must hold"),
        (
            "a.json",
            '{"radars": [{"id": "a", "coordinates": [1]}]}',
            r"must be \(lon, lat",
        ),
        ("a.csv", "radar,x,y\na,1,2\n", "must have columns such as radar, lon, lat"),
    ],
)
def test_bad_positions(tmp_path, name, text, message):
    path = bands_file(tmp_path, "a,2010-09-09 02:00:00+00,1,1,1,10,14,14")
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=message):
        read(path, positions=tmp_path / name)
    with pytest.raises(FileNotFoundError, match="no such file of positions"):
        read(path, positions=tmp_path / "absent.csv")


def test_later_list_beside_a_table_counts(tmp_path):
    write(tmp_path / "us_radar_metadata.csv", "id,lon,lat", "a,1,2", "b,3,4")
    list_of_a = {"radars": [{"id": "a", "coordinates": [5, 6]}]}
    (tmp_path / "us_radars.json").write_text(json.dumps(list_of_a))
    assert find_positions(tmp_path / "us_birds.csv") == {"a": (5, 6), "b": (3, 4)}
    assert find_positions(tmp_path / "eu_birds.csv") == {}


def test_positions_are_pairs_of_numbers():
    assert load_positions(None) == {}
    assert load_positions({7: ("5.5", 50)}) == {"7": (5.5, 50.0)}
    with pytest.raises(ValueError, match=r"must be \(lon, lat\) .*for a"):
        load_positions({"a": (5.0, 50.0, 100.0)})
