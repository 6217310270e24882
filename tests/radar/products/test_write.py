"""All products at once."""

import json

import pytest
from PIL import Image

from ncl_deepxde.radar.products import write_products


def test_every_product_is_written_and_described(cloud, region, radars, tmp_path):
    found = write_products(
        tmp_path,
        cloud,
        region,
        (1, 11),
        radars,
        line=[(4.0, 51.0), (8.0, 49.0)],
        places={"here": (6.0, 50.0, 1.0)},
        name="cloud",
        n=8,
        frames=3,
    )
    names = [name for name, _ in found]
    assert names == [
        "figures/cloud_maps.png",
        "figures/cloud_maps.gif",
        "figures/cloud_tracks.png",
        "figures/cloud_crossing.png",
    ]
    for name, caption in found:
        assert caption.startswith("cloud: ")
        with Image.open(tmp_path / name) as image:
            assert image.width >= 900
    fields = sorted(path.name for path in (tmp_path / "fields").iterdir())
    assert fields == ["cloud_maps.nc", "cloud_tracks.geojson"]
    tracks = json.loads((tmp_path / "fields" / "cloud_tracks.geojson").read_text())
    assert [f["properties"]["name"] for f in tracks["features"]] == ["here"]
    assert "(4.00, 51.00) to (8.00, 49.00)" in found[-1][1]


def test_reversed_night_is_refused_before_anything_is_written(
    cloud, region, radars, tmp_path
):
    with pytest.raises(ValueError, match="end: must be after begin"):
        write_products(tmp_path, cloud, region, (11, 1), radars)
    assert list(tmp_path.iterdir()) == []
