"""Figures of one pair: which there are, and what they show."""

import numpy as np
import pytest
import torch

from ncl_deepxde.problems.optimal_transport import pair_figures, reference
from ncl_deepxde.problems.optimal_transport.colors import DISCRETE
from ncl_deepxde.problems.optimal_transport.densities import pair
from ncl_deepxde.problems.optimal_transport.discrete import CostTrend
from ncl_deepxde.problems.optimal_transport.figures import EXACT
from ncl_deepxde.problems.optimal_transport.icnn import ConvexPair
from ncl_deepxde.problems.optimal_transport.pair_figures import DrawnPair, draw_pair
from ncl_deepxde.problems.optimal_transport.reference import TransportReference
from ncl_deepxde.problems.optimal_transport.solutions import TrainedMap

LINE = "gaussian1d-modes1d"
PLANE = "8gaussians-circles"


@pytest.fixture(autouse=True)
def _few_particles(monkeypatch):
    monkeypatch.setattr(reference, "PARTICLES", 20)
    monkeypatch.setattr(pair_figures, "PARTICLES", 10)


def drawn(name, folder):
    densities, cost = pair(name), np.ones((1, 1))
    known = TransportReference(
        densities, CostTrend([10], cost, cost, cost, "exact", None, None)
    )
    models = {"icnn": TrainedMap(ConvexPair(densities[0].dim, (4,)))}
    return DrawnPair(folder, name, models, known, frames=2)


def test_a_line_has_densities_and_maps(tmp_path, saved):
    case = drawn(LINE, tmp_path)
    files = [file for file, caption in draw_pair(case) if LINE in caption]
    assert files == [f"figures/density_{LINE}.png", f"figures/map_{LINE}.png"]
    assert {path.name for path in tmp_path.iterdir()} == {f[8:] for f in files}
    exact, model = saved[1].axes[0].get_lines()
    assert (exact.get_label(), model.get_label()) == (EXACT, "icnn")
    x, y = model.get_data()
    found = case.models["icnn"].transport(torch.as_tensor(x[:, None]))
    np.testing.assert_allclose(y, found[:, 0].numpy())
    np.testing.assert_allclose(exact.get_ydata(), case.reference.map(x))


def test_maps_have_no_flow_but_particles(tmp_path):
    case = drawn(PLANE, tmp_path)
    assert case.flows == {}
    particles = case.particles()
    assert {name: x.shape for name, x in particles.items()} == {
        DISCRETE: (5, 10, 2),
        "icnn": (5, 10, 2),
    }
    start, *_, end = particles["icnn"]
    found = case.models["icnn"].transport(torch.as_tensor(start))
    np.testing.assert_allclose(end, found.numpy())
