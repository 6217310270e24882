"""The figure of a radar's series shows the numbers, the nights and the gaps."""

import numpy as np
import pandas as pd
import pytest
from radar_files import ODIM_CODES, VPTS_HEADER, vpts_line, write, write_odim

from ncl_deepxde.radar import integrate_profiles, read, series_figure
from ncl_deepxde.radar.__main__ import main
from ncl_deepxde.radar.series_figure import draw_series


@pytest.fixture
def profiles(tmp_path):
    """Two hours of profiles, one in ten minutes, with half an hour missing."""
    times = pd.date_range("2024-09-01T18:00Z", periods=13, freq="10min")
    lines = [
        vpts_line(time=f"{time:%Y-%m-%dT%H:%M:%SZ}", height=height, dens=f"{5 + i}")
        for i, time in enumerate(times)
        if i not in (5, 6)
        for height in (0, 200, 400)
    ]
    return read(write(tmp_path / "a.csv", VPTS_HEADER, *lines))


def test_lines_are_the_series_with_a_gap(profiles):
    axes = draw_series(profiles).axes
    for panel, column in zip(axes[1:3], ("vid", "mtr"), strict=True):
        drawn = panel.lines[0].get_ydata()
        assert np.isnan(drawn).sum() == 1
        expected = integrate_profiles(profiles)[column]
        np.testing.assert_allclose(drawn[~np.isnan(drawn)], expected)
    assert "UTC" in axes[2].get_xlabel()


def test_image_has_profiles_and_gaps(profiles):
    image = draw_series(profiles).axes[0].collections[0].get_array()
    assert image.shape == (3, 21)
    assert image.mask[:, 1::2].all()
    np.testing.assert_allclose(image[:, 0], 5)
    np.testing.assert_allclose(image[:, -1], 17)


def test_night_begins_at_sunset(profiles):
    """At 51.2 N, 3.1 E the sun sets on 1 September about 18:27 UTC."""
    panel = draw_series(profiles).axes[1]
    dark = panel.collections[0].get_paths()[0].vertices[:, 0].min()
    minutes = (dark - np.floor(dark)) * 1440
    assert minutes == pytest.approx(18 * 60 + 26, abs=6)


def test_command_writes_table_and_figure(tmp_path, capsys):
    path = write_odim(tmp_path / "a.h5")
    figure, table = tmp_path / "a.png", tmp_path / "a.csv"
    assert main(["series", str(path), "--figure", str(figure)]) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines()[0] == "radar,time,vid,mtr,layers,vid_without_velocity"
    assert printed.splitlines()[1].startswith("bejab,2022-11-11T23:30:00Z,0.6")
    assert figure.stat().st_size > 10_000
    assert main(["series", str(path), "--out", str(table)]) == 0
    assert table.read_text() == printed


def test_several_radars_need_a_name(tmp_path):
    write_odim(tmp_path / "a.h5")
    write_odim(tmp_path / "b.h5", {**ODIM_CODES, "dens": [-1000.0] * 4}, source="NOD:b")
    profiles = read(tmp_path)
    with pytest.raises(ValueError, match="radar: must name one of b, bejab"):
        series_figure(tmp_path / "a.png", profiles)
    series_figure(tmp_path / "b.png", profiles, "b", title="without a density")
    assert (tmp_path / "b.png").exists()
