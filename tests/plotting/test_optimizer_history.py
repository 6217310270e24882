"""The history of Gauss-Newton as a figure: the right numbers, lost steps marked."""

import math
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ncl_deepxde.optimizers.gauss_newton.history import StepRecord
from ncl_deepxde.plotting import optimizer_history
from ncl_deepxde.plotting.optimizer_history import draw_optimizer_history


def history(number=6):
    losses = [10.0 ** (-k) for k in range(number + 1)]
    return [
        StepRecord(
            step=k + 1,
            loss=losses[k],
            left=losses[k + 1],
            damping=2.0 ** (-k),
            size=0.5**k,
            ratio=0.9 - 0.1 * k,
            corrections=k % 4,
            norm=3.0 * losses[k],
            shape=(30 + k, 20),
            held_out=2 * losses[k + 1],
            best=2 * losses[k + 1],
        )
        for k in range(number)
    ]


def lines(axes):
    return {line.get_label(): line for line in axes.get_lines()}


def lost_at(axes):
    return [line.get_xdata()[0] for line in axes.get_lines() if line.get_ls() == ":"]


def panels(records):
    names = ("loss", "damping", "norm", "search", "system")
    return dict(zip(names, draw_optimizer_history(records).axes, strict=True))


def test_panels_show_the_records():
    records = history()
    shown = panels(records)
    steps = [1, 2, 3, 4, 5, 6]
    losses = lines(shown["loss"])
    for label, name in {
        "before the step, at its points": "loss",
        "after the step, at its points": "left",
        "after the step, held out": "held_out",
        "best so far, held out": "best",
    }.items():
        np.testing.assert_array_equal(losses[label].get_xdata(), steps)
        values = [getattr(r, name) for r in records]
        np.testing.assert_array_equal(losses[label].get_ydata(), values)
    for name in ("damping", "norm"):
        values = [getattr(r, name) for r in records]
        np.testing.assert_array_equal(shown[name].get_lines()[0].get_ydata(), values)
    search = lines(shown["search"])
    assert list(search["size"].get_ydata()) == [r.size for r in records]
    assert list(search["ratio"].get_ydata()) == [r.ratio for r in records]
    bars = [bar.get_height() for bar in shown["search"].patches]
    assert bars == [r.corrections for r in records]
    system = lines(shown["system"])
    assert list(system["residuals"].get_ydata()) == [30, 31, 32, 33, 34, 35]
    assert "rank" not in system
    scales = [axes.get_yscale() for axes in shown.values()]
    assert scales == ["log", "log", "log", "linear", "log"]


def test_ranks_are_shown_where_they_are_known():
    records = history()
    records[2:] = [replace(r, rank=7) for r in records[2:]]
    rank = lines(panels(records)["system"])["rank"]
    assert list(rank.get_xdata()) == [3, 4, 5, 6]
    assert list(rank.get_ydata()) == [7, 7, 7, 7]


@pytest.mark.parametrize("held_out", [1e30, math.inf, math.nan])
def test_lost_steps_are_marked_in_every_panel_and_flatten_nothing(held_out):
    records = history()
    records[3] = replace(records[3], held_out=held_out, is_kept=False)
    shown = panels(records)
    assert [lost_at(axes) for axes in shown.values()] == [[4]] * 5
    assert [lost_at(axes) for axes in panels(history()).values()] == [[]] * 5
    assert shown["loss"].get_ylim()[1] <= 10.0
    texts = [t.get_text() for t in shown["loss"].get_legend().get_texts()]
    assert texts.count("lost and left") == 1


def test_a_step_that_stays_and_a_wild_ratio_are_drawn():
    records = history()
    records[3] = replace(records[3], size=0.0, norm=0.0, ratio=1e9)
    shown = panels(records)
    norms = shown["norm"].get_lines()[0].get_ydata()
    assert list(np.isnan(norms)) == [False, False, False, True, False, False]
    assert shown["search"].get_ylim()[1] < 4


def test_it_writes_an_image_of_one_step_too(tmp_path):
    optimizer_history(history(1), tmp_path / "history.png")
    with Image.open(tmp_path / "history.png") as image:
        assert image.size == (1800, 1800)


def test_an_empty_history_is_refused(tmp_path):
    message = r"^history: must hold at least one step, got none\. Train first"
    with pytest.raises(ValueError, match=message):
        optimizer_history([], tmp_path / "history.png")
    assert not list(tmp_path.iterdir())
