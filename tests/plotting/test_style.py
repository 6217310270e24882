"""Style: one width, settings that end with the block, files that are whole."""

import itertools
from types import SimpleNamespace

import matplotlib as mpl
import matplotlib.legend
import matplotlib.pyplot as plt
import pytest
from PIL import Image

from ncl_deepxde.plotting.style import DPI, RC, WIDTH, new_figure, save, style


def test_style_ends_with_the_block():
    before = dict(mpl.rcParams)
    with style():
        assert all(mpl.rcParams[key] == value for key, value in RC.items())
        assert mpl.rcParams["font.size"] != before["font.size"]
    assert dict(mpl.rcParams) == before


def test_saved_figure_has_the_width_of_all(tmp_path):
    save(new_figure(height=2.0), tmp_path / "new" / "a.png")
    with Image.open(tmp_path / "new" / "a.png") as image:
        assert image.size == (WIDTH * DPI, 2.0 * DPI)
    assert plt.get_fignums() == []


def test_failed_save_leaves_the_older_file(tmp_path):
    path = tmp_path / "a.nonsense"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match="nonsense"):
        save(new_figure(height=2.0), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_legend_that_took_long_is_no_warning(tmp_path, monkeypatch):
    # Two seconds between any two looks at the clock, as on a busy machine.
    slow_clock = SimpleNamespace(perf_counter=itertools.count(0, 2).__next__)
    monkeypatch.setattr(matplotlib.legend, "time", slow_clock)
    figure = new_figure(height=2.0)
    axes = figure.subplots()
    axes.plot([0, 1], label="a")
    axes.legend()
    save(figure, tmp_path / "a.png")
    assert next(slow_clock.perf_counter.__self__) > 2
