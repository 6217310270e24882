"""Coefficients that have units change with the units."""

import meshes
import numpy as np
import pytest

pytestmark = pytest.mark.fem


def test_grad_div_changes_with_the_units():
    from reference_fem._any_domain import create_domain
    from reference_fem._scales import natural_grad_div
    from reference_fem._setup import FlowSetup
    from reference_fem.boundary import Moving

    def coefficient(length, time, mass):
        x, cells = meshes.scattered(3)
        speed = length / time
        lid = Moving(lambda x: np.stack([3 * speed + 0 * x[0], 0 * x[0]]))
        domain = create_domain(
            meshes.create(length * x, cells), [(lambda x: x[0] < 9e9, lid)], 2
        )
        setup = FlowSetup(
            lambda x: 2 * mass / length**2 + 0 * x[0],
            lambda x: 0 * x,
            viscosity=0.5 * mass / time,
            grad_div=None,
        )
        return natural_grad_div(domain, setup)

    # rho U L / 20 + mu = 2 * 3 * 1 / 20 + 0.5
    assert coefficient(1.0, 1.0, 1.0) == pytest.approx(0.8)
    assert coefficient(100.0, 60.0, 7.0) == pytest.approx(0.8 * 7 / 60)


def test_force_makes_a_speed():
    from reference_fem._any_domain import create_domain
    from reference_fem._scales import natural_grad_div
    from reference_fem._setup import FlowSetup
    from reference_fem.boundary import NoSlip

    domain = create_domain(
        meshes.create(*meshes.scattered(3)), [(lambda x: x[0] < 9, NoSlip())], 2
    )
    setup = FlowSetup(
        lambda x: 4 + 0 * x[0],
        lambda x: 0 * x,
        lambda x, t: np.stack([0 * x[0], -36 + 0 * x[0]]),
        grad_div=None,
    )
    # U = (36 / 4)^(1/2) = 3
    assert natural_grad_div(domain, setup) == pytest.approx(4 * 3 / 20)
