"""Zalesak's disk turns; Gresho's vortex: order of its kinks, energy nearly kept."""

import importlib
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"

pytestmark = pytest.mark.fem

ORDER = 1.5
"""Of the interpolation of a function whose gradient jumps, in L2."""


@pytest.fixture
def flow_rates(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("flow_rates")


def test_vortex_turns_at_the_order_of_its_kinks(flow_rates, capsys):
    coarse, fine = flow_rates.gresho([6, 12], t_end=0.5)
    assert abs(np.log2(coarse[0] / fine[0]) - ORDER) < 0.25
    # the jump terms take energy, of third order
    assert -2e-2 < coarse[1] < 4 * fine[1] < 0
    assert "rate" in capsys.readouterr().out


@pytest.mark.parametrize("limited", [False, True])
def test_disk_turns_as_far_as_its_slot_is_resolved(flow_rates, limited, capsys):
    # 0.62 and 0.60 of its area, 0.38 and 0.41 cut at one half; at rest it would be 1.9
    whole, cut = flow_rates.zalesak(20, limited, turns=0.25)
    assert whole < 0.7
    assert cut < 0.45
    bounds = capsys.readouterr().out.split("density from ")[1].split(",")[0]
    assert (bounds == "0.000 to 1.000") == limited


def test_disk_and_vortex_are_those_of_the_literature(flow_rates):
    x = flow_rates.points(1000)
    # a disk of radius 0.15 without its slot of 0.05 x 0.25 below y = 0.85
    slot = 0.05 * (0.1 + np.sqrt(0.15**2 - 0.025**2))
    area = np.pi * 0.15**2 - slot
    assert flow_rates.slotted_disk(x.T).mean() == pytest.approx(area, rel=5e-3)
    u = flow_rates.vortex(np.array([[0.6, 0.5, 0.8, 0.95], [0.5, 0.7, 0.5, 0.5]]))
    assert u == pytest.approx(np.array([[0, -1, 0, 0], [0.5, 0, 0.5, 0]]))
