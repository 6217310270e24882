"""Tracks on a map: where they lead, their times, their names."""

import matplotlib as mpl
import numpy as np
from drawn import only, texts
from PIL import Image

from ncl_deepxde.radar.products import follow, track_map
from ncl_deepxde.radar.products.figures.tracks import draw_tracks


def test_tracks_are_drawn_where_they_lead(turning, region, marks, tmp_path):
    place = {"a": (7.0, 51.0, 1.0)}
    tracks = follow(turning, region, place, 2.1, [0, 1, 2.1, 3])
    figure = draw_tracks(tracks, region, marks, "Tracks")
    lines = only(figure.axes[0], mpl.collections.LineCollection)
    pieces = np.array(lines.get_segments())
    assert pieces.shape == (3, 2, 2)
    np.testing.assert_allclose(pieces[1, 1], (7.0, 51.0), atol=1e-9)
    np.testing.assert_allclose(lines.get_array(), [-1.6, -0.55, 0.45])
    (start,) = [n for n in figure.axes[0].get_lines() if n.get_marker() == "s"]
    np.testing.assert_allclose(start.get_xydata(), [(7.0, 51.0)], atol=1e-9)
    assert {"a", "Tracks", "given place"} <= texts(figure)
    assert "hours from 2018-04-05 20:06 UTC" in texts(figure)
    track_map(tmp_path / "tracks.png", tracks, region, marks)
    with Image.open(tmp_path / "tracks.png") as image:
        assert image.width == 1800
