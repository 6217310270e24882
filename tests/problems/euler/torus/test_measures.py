"""Metrics of flows on the torus, of a flow against itself and against a heavier one."""

import numpy as np
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


def wave(height, shift):
    """A flow with equal waves of density and velocity; a sine deviates by 1/2^0.5."""

    def solution(points, time):
        sine = np.sin(2 * np.pi * points[:, :1])
        u = np.hstack([height * sine + shift * time, 0 * sine])
        return {"rho": 2 + height * sine + shift, "u": u}

    return solution


def test_agreement_is_the_distance_of_every_pair():
    models = {"a": wave(1, 0), "b": wave(1, 0.1), "c": wave(2, 0)}
    found = PROBLEM.agreement(models, wave(4, 0))
    assert list(found) == ["a and b", "a and c", "b and c"]
    times = np.array([0.1, 0.2, 0.3])
    for pair, rho, u in (
        # In deviations of the reference, whose wave is four times as high.
        ("a and b", 0.1 * 2**0.5 / 4 + 0 * times, 0.1 * 2**0.5 / 4 * times),
        ("a and c", 1 / 4 + 0 * times, 1 / 4 + 0 * times),
    ):
        assert set(found[pair]) == {"rho", "u"}
        assert list(found[pair]["rho"]) == ["0.1", "0.2", "0.3"]
        assert list(found[pair]["rho"].values()) == pytest.approx(list(rho))
        assert list(found[pair]["u"].values()) == pytest.approx(list(u))
    assert PROBLEM.agreement({"a": wave(1, 0)}, wave(4, 0)) == {}
