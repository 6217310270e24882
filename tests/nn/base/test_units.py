"""Units of networks: sizes, the transform of operators, what is refused."""

import pytest

from ncl_deepxde import nn
from ncl_deepxde.nn import Scales
from ncl_deepxde.nn.base.units import NetworkUnits
from ncl_deepxde.potentials import MATRIX, VECTOR, Summand
from ncl_deepxde.potentials.differential_operator import DifferentialOperator

GLOROT = ("tanh", "Glorot normal")


@pytest.mark.parametrize(
    ("scales", "time", "turnover"),
    [
        (Scales(), 1.0, 1.0),
        (Scales((8.0, 2.0)), 1.0, 1.0),
        (Scales((8.0, 2.0), time=4.0), 4.0, 4.0),
        (Scales((8.0, 2.0), velocity=16.0), 0.5, 0.5),
        (Scales((8.0, 2.0), time=4.0, velocity=16.0), 4.0, 0.5),
    ],
)
def test_time_and_velocity_follow_from_each_other(scales, time, turnover) -> None:
    units = NetworkUnits.of(scales, 2)
    assert units.steps[-1] == time
    assert units.velocity == tuple(L / turnover for L in units.lengths)
    assert units.origin == (0.0, 0.0, 0.0)


def test_steady_fields_have_a_velocity_of_one_if_none_is_given() -> None:
    assert max(NetworkUnits.of(Scales((8.0, 2.0)), 2, has_time=False).velocity) == 1.0
    assert (
        max(NetworkUnits.of(Scales(8.0, time=2.0), 2, has_time=False).velocity) == 4.0
    )
    assert NetworkUnits.of(Scales(8.0), 2, has_time=False).steps == (8.0, 8.0)


def test_no_scales_change_nothing() -> None:
    units = NetworkUnits.of(None, 2, 3)
    assert units.scaling().is_identity
    assert units.flux == (1.0, 1.0, 1.0)
    assert units.extras == (1.0, 1.0, 1.0)
    operator = MATRIX.operator([2, 0, 1])
    assert units.carried(operator, [(2,), (0,), (1,)], 1.0).components == tuple(
        map(tuple, operator.components)
    )


@pytest.mark.parametrize("construction", [MATRIX, VECTOR])
def test_carried_summands_cancel_to_the_last_bit(construction) -> None:
    units = NetworkUnits.of(Scales((1e4 / 3, 0.07), time=1e-3 / 7, density=0.3), 2)
    columns = [2, 0, 1]
    operator = units.carried(
        construction.operator(columns), [(c,) for c in columns], 1.1
    )
    factors: dict[object, float] = {}
    for column, row in zip(columns, operator.components, strict=True):
        for s in row:
            key = tuple(sorted((*s.axes, column))), s.channel
            factors[key] = factors.get(key, 0.0) + s.factor
    assert set(factors.values()) == {0.0}


def test_a_tensor_is_carried_by_both_its_indices() -> None:
    units = NetworkUnits.of(Scales((2.0, 3.0), time=5.0), 2)
    operator = DifferentialOperator([[Summand((0,), 0)], [Summand((2,), 1, -1.0)]])
    found = units.carried(operator, [(0, 1), ()], 0.5).components
    assert [s.factor for (s,) in found] == [0.5 * 2 * 2 * 3, -0.5 * 5]


@pytest.mark.parametrize(
    ("scales", "message"),
    [
        ({"length": [1.0, 2.0, 3.0]}, "length must be one number or 2, one for each"),
        ({"origin": [1.0, 2.0]}, "origin must be one number or 3, one for each of the"),
        ({"extras": [1.0, 2.0]}, "extras must be one number or 1, one for each of the"),
    ],
)
def test_numbers_must_fit_the_network(scales, message) -> None:
    with pytest.raises(ValueError, match=f"^scales: {message}"):
        nn.NCL([3, 8, 4], *GLOROT, scales=Scales(**scales))


def test_scales_must_be_scales() -> None:
    with pytest.raises(ValueError, match=r"^scales: must be an nn.Scales or None, got"):
        nn.NCL([3, 8, 4], *GLOROT, scales={"length": 3.0})


@pytest.mark.parametrize("length", [1e14, 1e-14])
def test_derivatives_must_be_numbers_of_the_float_type(length, dtype) -> None:
    scales = Scales(length=length)
    build = nn.DivergenceFree
    if dtype.itemsize == 8:
        assert build([2, 8, 2], *GLOROT, construction="vector", scales=scales).periods
        return
    with pytest.raises(ValueError, match=r"^scales: derivatives of order 3 .*float64"):
        build([2, 8, 2], *GLOROT, construction="vector", scales=scales)
