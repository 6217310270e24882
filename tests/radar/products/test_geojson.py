"""GeoJSON of tracks: RFC 7946."""

import json
from datetime import datetime

import numpy as np
import pytest

from ncl_deepxde.radar import Projection
from ncl_deepxde.radar.products import Region, Tracks, follow, geojson_of, write_geojson

PLACES = {"a": (6.5, 50.5, 1.0), "ä/b": (5.0, 49.0, 2.0)}


def test_file_is_a_collection_of_lines(turning, region, tmp_path):
    tracks = follow(turning, region, PLACES, 1.0, [0, 1.0, 2.5])
    write_geojson(tmp_path / "tracks.geojson", tracks, region)
    data = json.loads((tmp_path / "tracks.geojson").read_text(encoding="utf-8"))
    assert set(data) == {"type", "features"}
    assert data["type"] == "FeatureCollection"
    assert [f["properties"]["name"] for f in data["features"]] == list(PLACES)
    for feature, place in zip(data["features"], PLACES.values(), strict=True):
        assert set(feature) == {"type", "geometry", "properties"}
        assert feature["type"] == "Feature"
        assert feature["geometry"]["type"] == "LineString"
        line = feature["geometry"]["coordinates"]
        assert np.shape(line) == (3, 2)
        # longitude first; six digits are written
        assert line[1] == pytest.approx(place[:2], abs=1e-6)
        assert feature["properties"]["altitudes_m"][1] == 1000 * place[2]
        assert feature["properties"]["times"] == [
            "2018-04-05T18:00:00Z",
            "2018-04-05T19:00:00Z",
            "2018-04-05T20:30:00Z",
        ]
        assert feature["properties"]["origin"] == "2018-04-05T19:00:00Z"


def test_line_ends_where_the_bird_leaves(cloud, region):
    tracks = follow(cloud, region, {"a": (10.0, 50.0, 1.0)}, 0, [0, 1, 2, 12])
    (feature,) = geojson_of(tracks, region)["features"]
    assert np.isnan(tracks.positions[-1]).all()
    assert len(feature["geometry"]["coordinates"]) == 3
    assert len(feature["properties"]["times"]) == 3


def test_single_position_is_a_point(turning, region):
    tracks = follow(turning, region, {"a": (6.5, 50.5, 1.0)}, 1.0, [1.0])
    (feature,) = geojson_of(tracks, region)["features"]
    assert feature["geometry"]["type"] == "Point"
    assert feature["geometry"]["coordinates"] == pytest.approx([6.5, 50.5], abs=1e-6)


@pytest.mark.parametrize("middle", [179.0, -179.0])
@pytest.mark.parametrize("direction", [1, -1])
def test_track_is_cut_at_the_antimeridian(middle, direction):
    plane = Projection(f"+proj=laea +lat_0=0 +lon_0={middle} +datum=WGS84 +units=m")
    region = Region(plane, datetime(2018, 4, 5), (-500, 500), (-300, 300), (0, 3))
    x = direction * np.linspace(-400.0, 400.0, 5)
    positions = np.stack([x, 0 * x, 1 + 0 * x], axis=1)[:, None]
    tracks = Tracks(("a",), np.arange(5.0), 0.0, positions[0], positions)
    (feature,) = geojson_of(tracks, region)["features"]
    assert feature["geometry"]["type"] == "MultiLineString"
    first, second = feature["geometry"]["coordinates"]
    assert len(first) + len(second) == 7
    assert (first[-1][0], second[0][0]) == (180 * direction, -180 * direction)
    assert first[-1][1] == second[0][1]
    for part in (first, second):
        lon = np.array(part)[:, 0]
        assert np.all(np.abs(lon) <= 180)
        assert np.all(direction * np.diff(lon) > 0)
    times = feature["properties"]["times"]
    assert [len(part) for part in times] == [len(first), len(second)]
    assert times[0][-1] == times[1][0]


def test_bird_without_a_position_is_refused(region):
    nowhere = np.full((1, 1, 3), np.nan)
    tracks = Tracks(("lost",), np.array([0.0]), 0.0, np.zeros((1, 3)), nowhere)
    with pytest.raises(ValueError, match="tracks: lost has no position"):
        geojson_of(tracks, region)
