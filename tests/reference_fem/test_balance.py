"""What given velocities carry through the boundary."""

import meshes
import numpy as np
import pytest

pytestmark = pytest.mark.fem


def one(x):
    return 1 + 0 * x[0]


def along(x):
    return np.stack([1 + 0 * x[0], 0 * x[0]])


def left(x):
    return x[0] < 1e-9


def right(x):
    return x[0] > 1 - 1e-9


def everywhere(x):
    return x[0] < 9


def solve(boundary, **options):
    from reference_fem import flow

    options = {"dt": 0.1, "t_end": 0.1, "viscosity": 1.0} | options
    return flow.solve(
        meshes.create(*meshes.scattered(4)),
        one,
        lambda x: 0 * x,
        boundary=boundary,
        progress=False,
        **options,
    )


@pytest.mark.parametrize("options", [{}, {"steady": True}])
def test_closed_domain_lets_out_what_comes_in(options):
    from reference_fem.boundary import FreeSlip, Inflow, NoSlip, Outflow

    into, rest = (left, Inflow(along, one)), (everywhere, NoSlip())
    with pytest.raises(ValueError, match=r"as much out as in .* flux of -1 out"):
        solve([into, rest], **options)
    twice = Inflow(lambda x: 2 * along(x), one)
    with pytest.raises(ValueError, match=r"as much out as in .* flux of 1 outwards"):
        solve([into, (right, twice), rest], **options)
    solve([into, (right, Inflow(along, one)), (everywhere, FreeSlip())], **options)
    solve([into, (right, Outflow()), rest], **options)


def test_balance_is_kept_at_later_times():
    from reference_fem.boundary import FreeSlip, Inflow

    grown = Inflow(lambda x, t: (1 + t) * along(x), one)
    boundary = [(left, Inflow(along, one)), (right, grown), (everywhere, FreeSlip())]
    with pytest.raises(ValueError, match=r"as much out as in .* flux of 0\.1 outwards"):
        solve(boundary)


def test_walls_move_along_themselves():
    from reference_fem.boundary import Moving, NoSlip

    rest = (everywhere, NoSlip())
    with pytest.raises(ValueError, match=r"Moving wall must run along it, .* of 1 of"):
        solve([(left, Moving(along)), rest])
    solve([(lambda x: x[1] > 1 - 1e-9, Moving(along)), rest])
