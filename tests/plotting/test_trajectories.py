"""Trajectories: where particles go, colored by time."""

import numpy as np
from matplotlib.collections import LineCollection

from ncl_deepxde.plotting import View, trajectory_panels
from ncl_deepxde.plotting.trajectories import draw_trajectories

TIMES = np.linspace(0, 2, 5)
VIEW = View(-3.0, 3.0)


def circle(radius):
    angle = TIMES[:, None] + np.array([0.0, 1.0, 2.0])
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=2)


PATHS = {"exact": circle(2.0), "pinn": circle(1.0)}


def colored(axes):
    (lines,) = axes.findobj(LineCollection)
    return lines


def test_pieces_follow_the_positions_and_colors_the_time():
    figure = draw_trajectories(PATHS, TIMES, "exact", view=VIEW)
    lines = colored(figure.axes[1])
    pieces = np.array(lines.get_segments())
    assert pieces.shape == (3 * 4, 2, 2)
    np.testing.assert_array_equal(pieces[:4, 0], PATHS["pinn"][:-1, 0])
    np.testing.assert_array_equal(pieces[4:8, 1], PATHS["pinn"][1:, 1])
    np.testing.assert_array_equal(lines.get_array(), np.tile(TIMES[:-1], 3))
    assert lines.get_clim() == (0, 2)


def test_truth_is_repeated_in_the_panels_of_models():
    figure = draw_trajectories(PATHS, TIMES, "exact", view=VIEW)
    gray = [
        [line for line in axes.get_lines() if line.get_color() == "0.6"]
        for axes in figure.axes[:2]
    ]
    assert [len(lines) for lines in gray] == [0, 3]
    np.testing.assert_array_equal(gray[1][2].get_xdata(), PATHS["exact"][:, 2, 0])


def test_panels_show_the_square_of_the_view():
    seen = []
    view = View(-3.0, 3.0, overlay=seen.append)
    figure = draw_trajectories(PATHS, TIMES, view=view)
    assert seen == figure.axes[:2]
    for axes in figure.axes[:2]:
        assert axes.get_xlim() == axes.get_ylim() == (-3, 3)
        assert [t.get_text() for t in axes.get_xticklabels()] == ["-3", "0", "3"]


def test_file_is_written_for_four_panels(tmp_path):
    paths = {f"model {i}": circle(1.0 + i / 4) for i in range(4)}
    trajectory_panels(tmp_path / "t.png", paths, TIMES, truth="model 0", view=VIEW)
    assert (tmp_path / "t.png").stat().st_size > 1000
    assert len(draw_trajectories(paths, TIMES).axes) == 4 + 1
