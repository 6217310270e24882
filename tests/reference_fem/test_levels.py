"""Time levels, and the order of the formulas on them."""

import numpy as np
import pytest

pytestmark = pytest.mark.fem


@pytest.fixture
def levels():
    from mpi4py import MPI

    from reference_fem._dolfinx import fem, mesh
    from reference_fem._levels import TimeLevels

    msh = mesh.create_unit_square(MPI.COMM_SELF, 2, 3)
    return TimeLevels(fem.functionspace(msh, ("Lagrange", 1, (2,))))


@pytest.mark.parametrize(("stage", "order"), [(0, 1), (1, 2), (2, 2)])
def test_weights_differentiate_polynomials(stage, order):
    from reference_fem._levels import BDF

    t = -np.arange(4.0)
    for power in range(order + 1):
        assert BDF[stage] @ t**power == pytest.approx(float(power == 1), abs=1e-14)
    assert abs(BDF[stage] @ t ** (order + 1)) > 0.1


@pytest.mark.parametrize("stage", [0, 1, 2])
def test_weights_extrapolate_polynomials(stage):
    from reference_fem._levels import EXTRAPOLATION

    weights = EXTRAPOLATION[stage]
    for power in range(stage + 1):
        assert sum(w * (-j) ** power for j, w in weights.items()) == 1.0**power
    assert sum(w * (-j) ** (stage + 1) for j, w in weights.items()) != 1.0


def test_steps_of_one_size_have_the_weights_of_the_tables():
    from reference_fem._levels import BDF, EXTRAPOLATION, step_formula

    for order, third in ((2, BDF[2]), (3, (11 / 6, -3, 3 / 2, -1 / 3))):
        for stage, rates in enumerate([*BDF[:2], third]):
            found = step_formula(order, (stage + 1) * [0.1])
            assert found.rates == pytest.approx(10 * np.array(rates), abs=1e-12)
            assert found.ahead == pytest.approx(EXTRAPOLATION[stage])
            ahead = EXTRAPOLATION[min(stage, 1)]
            assert found.ahead_pressure == pytest.approx(ahead)


def test_unequal_steps_of_third_order_have_exact_weights():
    from reference_fem._levels import step_formula

    found = step_formula(3, [9.0, 1.0, 1.5, 2.25])
    # ages of the levels at the end of the step
    t = -np.array([0.0, 2.25, 3.75, 4.75])
    for power in range(4):
        slope = found.rates @ t**power
        assert slope == pytest.approx(float(power == 1), abs=1e-13)
    for power in range(3):
        ahead = sum(w * t[1 + j] ** power for j, w in found.ahead.items())
        assert ahead == pytest.approx(float(power == 0), abs=1e-13)
    # pressures of a start are not continued by a line
    assert found.ahead_pressure == {0: 1.0}


def test_shift_moves_levels_back(levels):
    for value in (1.0, 2.0, 3.0, 4.0, 5.0):
        levels.shift()
        levels[0].x.array[:] = value
    assert [set(levels[j].x.array) for j in range(4)] == [{5.0}, {4.0}, {3.0}, {2.0}]
    assert set(levels.combine({0: 1.0, 3: 10.0})) == {25.0}


def test_gather_puts_values_at_their_numbers(levels):
    levels[0].interpolate(lambda x: np.stack([x[0], 2 * x[1]]))
    levels[1].interpolate(lambda x: np.stack([x[1], 0 * x[1]]))
    x = levels.space.tabulate_dof_coordinates()
    numbers = np.random.default_rng(0).permutation(len(x))
    values = levels.gather({0: 1.0, 1: -2.0}, numbers)
    assert values.shape == (2, 12)
    expected = np.stack([x[:, 0] - 2 * x[:, 1], 2 * x[:, 1]])
    assert np.abs(values[:, numbers] - expected).max() < 1e-14
