"""Figures and words for flows on the torus."""

import numpy as np
import pytest

from ncl_deepxde.problems.euler.torus import results


def test_summary_says_the_numbers_of_every_model():
    model = {
        "standardized_l2": {"rho": {"0": 0.9, "0.1": 0.021, "0.3333": 0.034}},
        "continuity_max": 1.5e-6,
        "continuity_relative": 2.5e-7,
        "mass_drift": 3.5e-8,
        "steps": 120,
        "train_seconds": 80.2,
    }
    other = {**model, "steps": 99}
    text = results.summarize({"models": {"ncl-hard": model, "pinn": other}})
    first, second = text.split("\n\n")
    assert first == (
        "ncl-hard: largest continuity residual 1.5e-06 (2.5e-07 of its largest term), "
        "mass drift 3.5e-08; error of the density 0.021 at t = 0.1, 0.034 at "
        "t = 0.3333, in standard deviations, after 120 steps in 80 s."
    )
    assert second == first.replace("ncl-hard", "pinn").replace("120", "99")


@pytest.mark.parametrize(
    ("solver", "label"),
    [("finite elements (dolfinx)", "FEM"), ("pseudo-spectral", "spectral")],
)
def test_figures_name_the_solver_of_the_reference(tmp_path, monkeypatch, solver, label):
    drawn, written = [], {}

    def write(folder, name, flow, times):
        assert folder == tmp_path / "fields"
        written[name] = (flow, times)

    monkeypatch.setattr(results, "draw_flows", lambda *shown: drawn.append(shown))
    monkeypatch.setattr(results, "write_paraview", write)
    flows = {"pinn": lambda x, t: {}, "reference": lambda x, t: {}}
    metrics = {"reference": {"solver": solver}}
    captions = dict(results.draw(tmp_path, flows, metrics, 0.5))
    ((_, shown, _, appearance),) = drawn
    assert shown == {"pinn": flows["pinn"], label: flows["reference"]}
    assert appearance.reference == label
    assert label in captions["figures/density.png"]
    assert written["pinn"][0] is flows["pinn"]
    assert written[label][0] is flows["reference"]
    np.testing.assert_allclose(written["pinn"][1], np.linspace(0, 0.5, 11))
