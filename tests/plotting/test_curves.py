"""Curves: the right numbers, one color per model, logs of killed runs."""

import json

import numpy as np
import pytest
from matplotlib.colors import same_color
from PIL import Image

from ncl_deepxde.evaluation.metrics import errors_over_time, torus_grid
from ncl_deepxde.plotting import error_curves, loss_curves
from ncl_deepxde.plotting.curves import draw_errors, draw_losses, read_log
from ncl_deepxde.plotting.style import PALETTE, model_colors

TIMES = [0.0, 0.1, 0.2]


def record(model="pinn", step=0, loss=1.0):
    terms = {"momentum": loss / 2, "initial": loss / 2}
    return {
        "model": model,
        "stage": "adam",
        "step": step,
        "seconds": 0.1 * step,
        "loss": loss,
        "terms": terms,
    }


def write_log(path, *lines):
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts))
    return path


@pytest.fixture
def errors(solutions):
    reference = solutions.pop("fem")
    grid = torus_grid(16)
    return {
        k: errors_over_time(s, reference, grid, TIMES) for k, s in solutions.items()
    }


def test_model_colors_are_those_of_the_problem_and_distinct():
    known = {"pinn": PALETTE["blue"], "ncl": PALETTE["green"]}
    names = ["ncl", "mine", "pinn", "yours"]
    colors = model_colors(names, known)
    assert len(set(colors.values())) == len(names)
    assert {name: colors[name] for name in known} == known
    assert model_colors(reversed(names), known) == colors
    assert set(model_colors(names)) == set(names)


def test_error_curves_show_the_errors_on_a_logarithmic_axis(errors):
    blue = PALETTE["blue"]
    density, velocity = draw_errors(errors, colors={"pinn": blue}).axes
    line = density.get_lines()[0]
    np.testing.assert_array_equal(line.get_xdata(), TIMES)
    expected = list(errors["pinn"]["relative_l2"]["rho"].values())
    np.testing.assert_array_equal(line.get_ydata(), expected)
    assert density.get_yscale() == velocity.get_yscale() == "log"
    assert density.get_xlabel() == "time $t$"
    assert "relative" in density.get_ylabel()
    assert same_color(line.get_color(), blue)
    assert same_color(line.get_color(), velocity.get_lines()[0].get_color())


def test_error_curves_take_the_strings_of_a_json_file(errors, tmp_path):
    stored = json.loads(json.dumps(errors))
    lines = [
        draw_errors(e).axes[0].get_lines()[0].get_xydata() for e in (errors, stored)
    ]
    np.testing.assert_array_equal(*lines)
    error_curves(tmp_path / "e.png", stored, metric="standardized_l2")
    with Image.open(tmp_path / "e.png") as image:
        assert image.width == 1800


def test_error_axis_is_not_stretched_by_round_off():
    curve = {"0": 1e-16, "0.05": 0.0, "0.1": 0.02, "0.2": float("nan"), "0.3": 0.5}
    errors = {"ncl-hard": {"relative_l2": {"rho": curve}}}
    axes = draw_errors(errors).axes[0]
    assert axes.get_ylim()[0] == pytest.approx(0.5e-5)
    np.testing.assert_array_equal(axes.get_lines()[0].get_xdata(), [0, 0.1, 0.3])


def test_read_log_skips_torn_lines_and_keeps_the_last_of_repeated_steps(tmp_path):
    log = write_log(
        tmp_path / "log.jsonl",
        record(step=0),
        record(step=10, loss=0.5),
        '{"model": "pi' + json.dumps(record(step=10, loss=9.0)),
        record(step=10, loss=0.4),
        record(step=20, loss=0.3),
        '{"model": "pinn", "stage": "adam", "st',
    )
    assert [(r["step"], r["loss"]) for r in read_log(log)] == [
        (0, 1.0),
        (10, 0.4),
        (20, 0.3),
    ]


@pytest.mark.parametrize("text", ["", "no json", '{"a": 1}', "[1, 2]", "7"])
def test_read_log_refuses_a_file_without_records(tmp_path, text):
    with pytest.raises(ValueError, match="log_path: must hold records"):
        read_log(write_log(tmp_path / "log.jsonl", text))


def test_loss_curves_show_every_model_against_seconds_and_steps(tmp_path):
    models = ("pinn", "ncl-matrix", "ncl-vector")
    records = [record(m, s, 1 / (1 + s)) for m in models for s in (0, 10, 20)]
    by_seconds, by_step, *single = draw_losses(records).axes
    for axes, times in ((by_seconds, [0, 1, 2]), (by_step, [0, 10, 20])):
        assert len(axes.get_lines()) == 3
        np.testing.assert_allclose(axes.get_lines()[1].get_xdata(), times)
        np.testing.assert_allclose(axes.get_lines()[1].get_ydata(), [1, 1 / 11, 1 / 21])
    assert "(s)" in by_seconds.get_xlabel()
    assert [axes.get_title() for axes in single] == list(models)
    *terms, total = single[0].get_lines()
    assert len(terms) == 2
    assert all(line.get_linewidth() < total.get_linewidth() for line in terms)
    assert same_color(total.get_color(), by_step.get_lines()[0].get_color())
    loss_curves(tmp_path / "l.png", write_log(tmp_path / "log.jsonl", *records))
    with Image.open(tmp_path / "l.png") as image:
        assert image.width == 1800


def test_losses_without_terms_are_drawn():
    bare = [{**record(step=s), "terms": None} for s in (0, 10)]
    draw_losses(bare).draw_without_rendering()
