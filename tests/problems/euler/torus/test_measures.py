"""Metrics of flows on the torus, of a flow against itself and against a heavier one."""

import pytest
from euler_flows import built

from ncl_deepxde.problems.euler.torus import measures
from ncl_deepxde.problems.euler.torus.problem import PROBLEM


def test_errors_are_those_against_the_reference(monkeypatch):
    monkeypatch.setattr(measures, "GRID", 8)
    monkeypatch.setattr(measures, "CONTINUITY_POINTS", 50)
    experiment = built(PROBLEM, "ncl-matrix")

    def heavier(points, time):
        fields = experiment.solution(points, time)
        return {**fields, "rho": 2 * fields["rho"]}

    found = measures.measure(experiment, heavier)
    errors = found["relative_l2"]
    times = ["0", "0.05", "0.1", "0.15", "0.2", "0.25", "0.3", "0.3333"]
    assert list(errors["rho"]) == times
    assert list(errors["rho"].values()) == pytest.approx([0.5] * 8)
    assert list(errors["u"].values()) == [0] * 8
    # Exact continuity, in double precision.
    assert found["continuity_relative"] < 1e-13
    assert 0 < found["mass_drift"] < 1e-2
