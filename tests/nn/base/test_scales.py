"""Scales: what they refuse, and those of geometries and of observations."""

import math

import deepxde as dde
import numpy as np
import pytest

from ncl_deepxde.data import Table
from ncl_deepxde.nn import Scales

WRONG = [0.0, -1.0, math.nan, math.inf, "1", True]


@pytest.mark.parametrize("value", WRONG)
@pytest.mark.parametrize("name", ["length", "time", "density", "velocity", "extras"])
def test_scales_must_be_positive_and_finite(name, value) -> None:
    rule = rf"^scales: {name} must be positive and finite, got .* units of your data\.$"
    with pytest.raises(ValueError, match=rule):
        Scales(**{name: value})
    if name in ("length", "extras"):
        with pytest.raises(ValueError, match=rule):
            Scales(**{name: [1.0, value]})


@pytest.mark.parametrize("name", ["length", "density", "extras"])
@pytest.mark.parametrize("value", [None, []])
def test_scales_must_be_there(name, value) -> None:
    with pytest.raises(ValueError, match=rf"^scales: {name} must be positive"):
        Scales(**{name: value})


@pytest.mark.parametrize("origin", [[0.0, math.nan], [math.inf], ["0"], [], math.inf])
def test_origin_must_be_finite(origin) -> None:
    with pytest.raises(ValueError, match=r"^scales: origin must be finite, one for"):
        Scales(origin=origin)


def test_numbers_of_any_kind_are_compared_by_value() -> None:
    given = Scales(np.array([1.0, 2.0]), extras=[3], origin=np.zeros(3))
    assert given == Scales((1.0, 2.0), extras=(3.0,), origin=(0.0, 0.0, 0.0))
    assert Scales(np.float32(2.0)) == Scales(2.0)


BOXES = {
    "interval": (dde.geometry.Interval(3, 7), [2], [5]),
    "box": (dde.geometry.Cuboid([0, 0, 1], [2, 4, 7]), [1, 2, 3], [1, 2, 4]),
    "disk": (dde.geometry.Disk([5, 1], 3), [3, 3], [5, 1]),
    "polygon": (
        dde.geometry.Polygon([[0, 0], [4, 0], [4, 2], [1, 2]]),
        [2, 1],
        [2, 1],
    ),
    "ellipse": (dde.geometry.Ellipse([1, 2], 5, 3), [5, 3], [1, 2]),
    "turned": (dde.geometry.Ellipse([1, 2], 5, 3, np.pi / 2), [3, 5], [1, 2]),
}


@pytest.mark.parametrize("name", BOXES)
def test_scales_of_a_geometry_are_half_its_sides(name) -> None:
    geometry, sides, middle = BOXES[name]
    steady = Scales.of(geometry, velocity=3.0)
    # Geometries hold single precision; that of the sides themselves is exact.
    assert steady.length == pytest.approx(sides, rel=1e-6)
    assert steady.origin == pytest.approx(middle, rel=1e-6)
    assert (steady.time, steady.velocity, steady.density) == (None, 3.0, 1.0)
    time = dde.geometry.TimeDomain(10, 70)
    found = Scales.of(dde.geometry.GeometryXTime(geometry, time), density=2, extras=[4])
    assert found.origin == pytest.approx([*middle, 40], rel=1e-6)
    assert found.time == 30.0
    assert (found.density, found.extras) == (2, (4.0,))


@pytest.mark.parametrize("geometry", [None, 3.0, dde.nn.FNN])
def test_what_is_no_geometry_is_refused(geometry) -> None:
    with pytest.raises(ValueError, match=r"^geometry: must be a dde.geometry.Geometry"):
        Scales.of(geometry)


X = np.array([[0.0, 0.0, 5.0], [8e3, 100.0, 5.0], [4e3, 20.0, 25.0]])


def test_scales_of_data_are_those_of_what_is_known() -> None:
    rho = np.array([[2.0], [np.nan], [-4.0]])
    u = np.array([[3.0, np.nan], [np.nan, 1.0], [-3.0, 1.0]])
    found = Scales.of_data(Table(X, rho, u))
    assert found == Scales((4e3, 50.0), 10.0, 3.0, 3.0, origin=(4e3, 50.0, 15.0))
    assert Scales.of_data(Table(X)) == Scales((4e3, 50.0), 10.0, origin=found.origin)
    unknown = Table(X, rho * np.nan, u * np.nan)
    assert Scales.of_data(unknown) == Scales.of_data(Table(X))
    steady = Scales.of_data(Table(X, rho, time=False), extras=2.0)
    assert steady.length == (4e3, 50.0, 10.0)
    assert (steady.time, steady.extras) == (None, 2.0)


def test_data_must_be_a_table_with_extent() -> None:
    with pytest.raises(ValueError, match=r"^table: must be a data.Table, got ndarray"):
        Scales.of_data(X)
    with pytest.raises(ValueError, match=r"^scales: length must be positive"):
        Scales.of_data(Table(X[:1]))
