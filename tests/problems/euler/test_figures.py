"""Figures of flows: the data that each image shows."""

import json

import numpy as np
import pytest
from PIL import Image

from ncl_deepxde import plotting
from ncl_deepxde.plotting import View
from ncl_deepxde.problems.euler.figures import Appearance, draw_flows

APPEARANCE = Appearance(
    reference="FEM",
    times=[0.1],
    frames=[0.0, 0.1],
    colors={"pinn": "#d55e00"},
    density="Density",
    velocity="Velocity",
    difference="Density minus FEM",
    view=View(),
)


def flow(amplitude):
    """A density wave that moves along x."""

    def solution(points, time):
        x, y = 2 * np.pi * points.T
        rho = 1 + amplitude * np.sin(x - time)[:, None]
        u = np.stack([2 + np.sin(y), np.cos(x)], axis=1)
        return {"rho": rho, "u": u, "p": 0 * rho}

    return solution


FLOWS = {"pinn": flow(0.5), "FEM": flow(0.1)}
ERRORS = {"rho": {"0": 0.1, "0.1": 0.2}, "u": {"0": 0.3, "0.1": 0.4}}
METRICS = {"models": {"pinn": {"standardized_l2": ERRORS}}}


def test_all_images_are_written(tmp_path):
    record = {"model": "pinn", "stage": "adam", "seconds": 0.1, "terms": {"wall": 1.0}}
    lines = [json.dumps({**record, "step": k, "loss": 1.0 / k}) for k in (1, 2)]
    (tmp_path / "log.jsonl").write_text("\n".join(lines))
    draw_flows(tmp_path, FLOWS, METRICS, APPEARANCE)
    folder = tmp_path / "figures"
    names = ["density", "velocity", "difference", "errors", "losses"]
    files = {f"{name}.png" for name in names} | {"density.gif"}
    assert {path.name for path in folder.iterdir()} == files
    for name in names:
        with Image.open(folder / f"{name}.png") as image:
            assert np.asarray(image.convert("L")).std() > 0
    with Image.open(folder / "density.gif") as animation:
        assert animation.n_frames == len(APPEARANCE.frames)


@pytest.fixture
def calls(monkeypatch):
    """What each kind of image is asked to show, by the name of its file."""
    found = {}

    def recorder(path, *shown, **options):
        found[path.name] = (shown, options)

    for kind in (
        "density_panels",
        "velocity_panels",
        "difference_panels",
        "density_animation",
        "error_curves",
        "loss_curves",
    ):
        monkeypatch.setattr(plotting, kind, recorder)
    return found


def test_reference_sets_the_scale_and_has_no_difference(tmp_path, calls):
    draw_flows(tmp_path, FLOWS, METRICS, APPEARANCE)
    for name in ("density.png", "velocity.png", "density.gif"):
        (flows, times), options = calls[name]
        assert flows == FLOWS
        assert options["scale_from"] == "FEM"
        assert options["view"] is APPEARANCE.view
        is_movie = name.endswith("gif")
        assert times is (APPEARANCE.frames if is_movie else APPEARANCE.times)
    (models, reference, times), _ = calls["difference.png"]
    assert models == {"pinn": FLOWS["pinn"]}
    assert reference is FLOWS["FEM"]
    assert times is APPEARANCE.times
    assert calls["errors.png"][0] == (METRICS["models"],)
    assert calls["errors.png"][1]["metric"] == "standardized_l2"
    assert calls["losses.png"][0] == (tmp_path / "log.jsonl",)
