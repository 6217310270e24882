"""Figures of the Hodge decomposition: they show the numbers they are given."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.image import imread
from small_models import small_part

from ncl_deepxde.plotting.style import save
from ncl_deepxde.problems.hodge import figures
from ncl_deepxde.problems.hodge.figures import draw_errors, draw_slices
from ncl_deepxde.problems.hodge.target import Target

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")


@pytest.fixture
def drawn(monkeypatch):
    """Figures in the order in which they are saved."""
    found = []

    def keep(figure, path):
        found.append(figure)
        save(figure, path)

    monkeypatch.setattr(figures, "save", keep)
    return found


def records(*errors):
    """Records of a log, a second apart."""
    return [
        {"seconds": float(k), "errors": {"relative_squared_l2": error}}
        for k, error in enumerate(errors)
    ]


def test_error_curve_is_the_geometric_mean_of_the_seeds(tmp_path, drawn):
    path = tmp_path / "error.png"
    seeds = [records(1.0, 0.01), records(0.25, 0.0001)]
    draw_errors(path, {"3": {"potential": seeds}}, {"3": 0.5})
    assert imread(path).std() > 0
    (axes,) = drawn[0].axes
    curve, trivial = axes.get_lines()
    assert curve.get_label() == "potential"
    assert curve.get_xdata()[[0, -1]].tolist() == [0, 1]
    assert curve.get_ydata()[[0, -1]] == pytest.approx([0.5, 0.001])
    assert list(trivial.get_ydata()) == [0.5, 0.5]
    (band,) = axes.collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == pytest.approx((0.0001, 1.0))


def test_slices_show_the_target_the_model_and_their_difference(tmp_path, drawn):
    path = tmp_path / "slices.png"
    target, part = Target(4), small_part("divfree-matrix")
    draw_slices(path, target, {"divfree-matrix": part})
    assert imread(path).std() > 0
    images = [axes.images[0].get_array() for axes in drawn[0].axes if axes.images]
    exact, found, difference = images[:3]
    assert exact.std() > 0.1
    assert found.std() > 0
    np.testing.assert_allclose(difference, found - exact, rtol=0, atol=1e-14)
