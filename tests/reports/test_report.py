"""The report opens offline and shows the numbers."""

import base64
import re

import pytest
from markupsafe import Markup
from PIL import Image

from ncl_deepxde.evaluation.rows import (
    CONSERVATION_ROWS,
    ERROR_ROWS,
    TRAINING_ROWS,
)
from ncl_deepxde.reports.report import terminal_table, write_report

ROWS = (*ERROR_ROWS, *CONSERVATION_ROWS, *TRAINING_ROWS)
METRICS = {
    "problem": "euler-torus",
    "preset": "quick",
    "seed": 0,
    "device": "cpu",
    "models": {
        "pinn": {
            "relative_l2": {"rho": {"0.1": 0.25, "0.3333": 0.5}},
            "continuity_max": 0.41,
            "mass_drift": 3e-3,
            "train_seconds": 120.0,
            "steps": 2000,
            "parameters": 50563,
        },
        "ncl-matrix": {
            "relative_l2": {"rho": {"0.1": 0.125, "0.3333": 0.75}},
            "continuity_max": 3.2e-6,
            "mass_drift": 1e-8,
            "train_seconds": 120.0,
            "steps": 900,
            "parameters": 50179,
        },
    },
    "reference": {"solver": {"name": "dolfinx", "dt": 0.002}, "times": [0.0, 0.1]},
}


@pytest.fixture
def run_directory(tmp_path):
    (tmp_path / "figures").mkdir()
    Image.new("RGB", (4, 4), "red").save(tmp_path / "figures" / "density.png")
    first, *others = (Image.new("RGB", (4, 4), c) for c in ("red", "blue", "black"))
    moving = {"save_all": True, "append_images": others, "duration": 250}
    first.save(tmp_path / "figures" / "density.gif", **moving)
    (tmp_path / "fields").mkdir()
    (tmp_path / "fields" / "fem.pvd").touch()
    (tmp_path / "fields" / "fem_0000.vtu").touch()
    return tmp_path


def make_report(directory, **changes):
    arguments = {
        "title": "Torus & friends",
        "summary_html_or_text": "First <b>.\n\nSecond.",
        "metrics": METRICS,
        "rows": ROWS,
        "figures": [("figures/density.png", "One"), ("figures/density.gif", "Two")],
        "command": "ncl-deepxde run euler-torus --seed 0",
    }
    path = write_report(directory, **(arguments | changes))
    assert path == directory / "report.html"
    return path.read_text(encoding="utf-8")


def test_report_embeds_every_figure(run_directory):
    html = make_report(run_directory)
    still, *moving = re.findall(r'src="([^"]*)"', html)
    kind, data = still.split(";base64,")
    assert kind == "data:image/png"
    assert (
        base64.b64decode(data)
        == (run_directory / "figures" / "density.png").read_bytes()
    )
    # An animation is taken apart, to be paused.
    assert len(moving) == 3
    assert all(picture.startswith("data:image/png;base64,") for picture in moving)
    assert html.count("<button") == 1
    # The rule of all figures overrules the attribute "hidden".
    assert ".film img { display: none; }" in html
    assert 'data-duration="250"' in html


def test_report_opens_offline(run_directory):
    html = make_report(run_directory)
    assert not re.search(r"https?:|//[a-z]|@import|<script src|<link", html)
    links = re.findall(r'href="([^"]*)"', html)
    assert links == ["fields/fem.pvd"]
    assert all((run_directory / link).is_file() for link in links)


def test_report_begins_with_what_happened(run_directory):
    html = make_report(run_directory)
    questions = re.findall(r"<h3>(.*)</h3>", html)
    assert questions[0] == "Who is the most accurate?"
    assert questions[-1] == "What is exact?"
    assert html.index("What happened</h2>") < html.index("<table")
    assert html.index("<table") < html.index("<figure")
    assert "Mass is conserved" not in html  # no ratio was measured
    assert "The total mass is constant: pinn to 2 digits, ncl-matrix to 8" in html
    assert "1 is as bad as answering" not in html
    assert "mass that appears or vanishes" in html


def test_report_is_for_dark_rooms_and_paper_too(run_directory):
    html = make_report(run_directory)
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html
    assert "prefers-reduced-motion" in html


def test_report_shows_numbers_with_the_best_in_bold(run_directory):
    html = make_report(run_directory)
    cells = re.findall(r"<td( class=\"best\")?>([^<]*)</td>", html)
    best = [text for is_best, text in cells if is_best]
    assert best == ["0.125", "0.500", "3.20e-06", "1.00e-08", "0.0600"]
    plain = [text for is_best, text in cells if not is_best]
    assert {"0.250", "0.750", "0.410", "2,000", "50,563"} <= set(plain)


def test_report_shows_how_it_came_about(run_directory):
    html = make_report(run_directory)
    for text in (
        "ncl-deepxde run euler-torus --seed 0",
        "solver, dt",
        "0.002",
        "dolfinx",
    ):
        assert text in html
    assert "preset: quick" in html


def test_report_escapes_text_and_takes_markup(run_directory):
    html = make_report(run_directory)
    assert "<p>First &lt;b&gt;.</p>" in html
    assert "Torus &amp; friends" in html
    markup = Markup("<p class='own'>Bold <b>words</b></p>")
    assert str(markup) in make_report(run_directory, summary_html_or_text=markup)


def test_report_without_reference_and_fields(run_directory):
    for file in (run_directory / "fields").iterdir():
        file.unlink()
    html = make_report(run_directory, metrics=METRICS | {"reference": None})
    assert "ParaView" not in html
    assert "compared with?</h2>" not in html


def test_missing_figure_raises_and_writes_nothing(run_directory):
    with pytest.raises(ValueError, match=r"figures: .*lost\.png is missing"):
        make_report(run_directory, figures=[("figures/lost.png", "Lost")])
    assert not (run_directory / "report.html").exists()


def test_terminal_table_stars_the_best():
    lines = terminal_table(METRICS, ROWS).splitlines()
    (density,) = [line for line in lines if "rho, t = 0.3333" in line]
    assert density.split()[-2:] == ["0.500*", "0.750"]
    (residual,) = [line for line in lines if "continuity" in line]
    assert residual.split()[-2:] == ["0.410", "3.20e-06*"]
    assert len({len(line.rstrip(" *")) for line in lines if "rho" in line}) == 1


@pytest.mark.parametrize("count", [1, 3, 12])
def test_terminal_table_has_at_most_100_columns(count):
    models = {f"ncl-variant-{i}": METRICS["models"]["pinn"] for i in range(count)}
    text = terminal_table(METRICS | {"models": models}, ROWS)
    assert max(len(line) for line in text.splitlines()) <= 100
    assert all(name in text for name in models)


TRAINING = {
    "pinn": {"state": "diverged", "text": "Its last loss is 5 " + 20 * "and more "},
    "ncl-matrix": {"state": "improving", "text": "Its loss, 0.1, still falls."},
}


def test_trainings_that_went_wrong_are_named(run_directory):
    metrics = METRICS | {"training": TRAINING, "threads": 3}
    text = terminal_table(metrics, ROWS)
    assert "\n! pinn diverged. Its last loss is 5 and more" in text
    assert "still falls" not in text
    assert max(len(line) for line in text.splitlines()) <= 100
    assert "!" not in terminal_table(METRICS, ROWS)
    html = make_report(run_directory, metrics=metrics)
    assert re.search(
        r'class="warning">\s*<h3>Did every training succeed\?</h3>\s*'
        r'<p class="answer">pinn diverged. Its last loss is 5',
        html,
    )
    assert "training go?</h2>" in html
    assert "Its loss, 0.1, still falls." in html
    assert "threads: 3" in html
    assert "training go?</h2>" not in make_report(run_directory)
