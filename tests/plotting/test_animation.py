"""The animation: frames, their order, their colors, their weight."""

from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from ncl_deepxde.plotting import animation, density_animation

TIMES = np.linspace(0, 1 / 3, 12)


@pytest.fixture
def frames(tmp_path, solutions, capsys):
    path = tmp_path / "rho.gif"
    density_animation(path, solutions, TIMES, n=48, fps=20)
    assert "animation" in capsys.readouterr().err
    with Image.open(path) as image:
        assert image.info["duration"] == 50
        assert image.info["loop"] == 0
        pictures = []
        for index in range(image.n_frames):
            image.seek(index)
            pictures.append(np.asarray(image.convert("RGB")).astype(int))
    # forty such frames stay below 3 MB
    assert path.stat().st_size / len(TIMES) < 75_000
    return pictures


def test_animation_has_one_frame_per_time_and_all_differ(frames):
    assert len(frames) == len(TIMES)
    for earlier, later in pairwise(frames):
        assert np.mean(np.any(earlier != later, axis=2)) > 0.02


def test_animation_shows_the_colors_of_the_scale(frames):
    # The blob of the first solution reaches both ends of the shared scale.
    for end in (0.0, 1.0):
        color = 255 * np.array(mpl.colormaps["viridis"](end)[:3])
        distance = np.abs(frames[0] - color).max(axis=2).min()
        assert distance < 8


def test_large_animation_is_written_with_fewer_colors(tmp_path, monkeypatch, solutions):
    sizes = []
    for limit in (3_000_000, 1):
        monkeypatch.setattr(animation, "MAX_BYTES", limit)
        path = tmp_path / "rho.gif"
        density_animation(path, solutions, TIMES[:2], n=16)
        with Image.open(path) as image:
            sizes.append(
                (path.stat().st_size, len(image.convert("RGB").getcolors(999)))
            )
    assert sizes[1][0] < sizes[0][0]
    assert sizes[1][1] <= 36 + 16 < sizes[0][1]


def test_failed_animation_leaves_no_file(tmp_path):
    def broken(points, time):
        return {"rho": np.full((len(points), 1), np.nan)}

    with pytest.raises(ValueError, match="solutions: must have a finite value"):
        density_animation(tmp_path / "rho.gif", {"a": broken}, [0.0, 0.1], n=8)
    assert list(tmp_path.iterdir()) == []
