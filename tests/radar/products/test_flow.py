"""Flows of birds: chunks of points, trajectories, values that are refused."""

import numpy as np
import pytest

from ncl_deepxde.radar.products import Carrier
from ncl_deepxde.radar.products import flow as flows
from ncl_deepxde.radar.products.flow import evaluate

PLACE = np.array([[1.0, 2.0, 3.0, 4.0]])


def test_values_do_not_depend_on_chunks(cloud, monkeypatch):
    points = np.random.default_rng(0).uniform(-100, 100, (23, 4))
    whole = evaluate(cloud, points)
    monkeypatch.setattr(flows, "CHUNK", 7)
    sizes = []

    def counted(points):
        sizes.append(len(points))
        return cloud(points)

    rho, u = evaluate(counted, points)
    assert sizes == [7, 7, 7, 2]
    assert (rho.shape, u.shape) == ((23, 1), (23, 3))
    np.testing.assert_array_equal(rho, whole[0])
    np.testing.assert_array_equal(u, whole[1])


def test_values_become_double_precision(cloud):
    def single(points):
        return {name: value.astype(np.float32) for name, value in cloud(points).items()}

    assert {value.dtype for value in evaluate(single, PLACE)} == {np.dtype(np.float64)}


def test_carrier_is_a_flow_with_trajectories(turning, carrier):
    assert isinstance(carrier, Carrier)
    assert not isinstance(turning, Carrier)


def test_flow_that_is_not_finite_is_refused_with_the_place(cloud):
    def lost(points):
        values = cloud(points)
        values["u"][points[:, 2] > 4] = np.nan
        return values

    points = np.array([[1.0, 2.0, 3.0, 0.0], [1.0, 2.0, 4.5, 0.0]])
    message = (
        r"flow: u must be finite.*x = 1 km.*altitude 4.5 km.*\(1 of 2 points\).*log"
    )
    with pytest.raises(ValueError, match=message):
        evaluate(lost, points)


@pytest.mark.parametrize("name", ["rho", "u"])
def test_flow_of_a_wrong_shape_is_refused(name, cloud):
    def flat(points):
        values = cloud(points)
        return values | {name: values[name][:, 0]}

    with pytest.raises(ValueError, match=rf"flow: must return {name} of shape"):
        evaluate(flat, PLACE)
