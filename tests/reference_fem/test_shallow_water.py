r"""Shallow water against Stoker's dam break, lakes at rest, and itself.

J. J. Stoker (Water Waves, 1957): a dam between depths 5 and 1 breaks at x = 5. With
c = (g h)^(1/2), depth and speed between fan and shock follow from 2 (c1 - c) = u and
the shock's conditions; here g = 9.81e-3, t = 6.
"""

import numpy as np
import pytest

from reference_fem import shallow_water

G, T = 9.81e-3, 6.0
BEHIND, SPEED = 2.53936, 0.12728
FAN, SHOCK = (3.67117, 4.81668), 6.25978


def dam(x):
    return np.where(x[0] < 5, 5.0, 1.0)


def rest(x):
    return 0 * x


def stoker(x):
    """Return the exact depth at t = 6; in the fan 3 c = 2 c1 - (x - 5) / t."""
    fan = (2 * (G * 5) ** 0.5 - (x - 5) / T) ** 2 / (9 * G)
    middle = np.where(x < SHOCK, BEHIND, 1.0)
    return np.where(x < FAN[0], 5.0, np.where(x < FAN[1], fan, middle))


def break_dam(n, dim=1):
    return shallow_water.solve(
        dam,
        rest,
        xmin=[0] * dim,
        xmax=[10, 1][:dim],
        n=[n, 4][:dim],
        t_end=T,
        save_times=[0.0, T],
        gravity=G,
        sides="open" if dim == 1 else ("open", "wall"),
    )


def test_exact_depths_obey_the_conditions_of_the_shock():
    # given to six digits
    c1, c = (G * 5) ** 0.5, (G * BEHIND) ** 0.5
    assert 2 * (c1 - c) == pytest.approx(SPEED, abs=1e-5)
    speed = (SHOCK - 5) / T
    assert BEHIND * (speed - SPEED) == pytest.approx(speed, abs=1e-4)
    push = G / 2 * (BEHIND**2 - 1)
    assert BEHIND * SPEED * (speed - SPEED) == pytest.approx(push, abs=1e-5)


def test_dam_break_converges_to_stoker():
    x = np.linspace(0.01, 9.99, 3001)
    errors = [
        np.abs(break_dam(n).evaluate(x[:, None], T)["h"][:, 0] - stoker(x)).mean()
        for n in (100, 400)
    ]
    # first order where there is a shock
    assert np.log2(errors[0] / errors[1]) / 2 > 0.8
    # measured 0.0069, 0.2 % of the depth
    assert errors[1] < 8e-3
    found = break_dam(400).evaluate([[5.5]], T)
    assert found["h"][0, 0] == pytest.approx(BEHIND, rel=1e-4)
    assert found["u"][0, 0] == pytest.approx(SPEED, rel=1e-3)


def test_plane_repeats_the_line():
    line, plane = break_dam(50), break_dam(50, dim=2)
    assert plane.h.shape == (2, 50, 4)
    assert plane.u.shape == (2, 2, 50, 4)
    # the steps are shorter, by the waves along the other axis
    assert np.abs(plane.h[1] - line.h[1][:, None]).max() < 0.05
    assert np.abs(plane.h - plane.h[:, :, :1]).max() < 1e-13
    assert np.abs(plane.u[:, 1]).max() < 1e-15


def test_axes_are_alike():
    def hill(x):
        return 1 + 0.3 * np.exp(-30 * ((x[0] - 0.4) ** 2 + 2 * (x[1] - 0.5) ** 2))

    straight = shallow_water.solve(
        hill, rest, xmin=(0, 0), xmax=(1, 1), n=20, t_end=0.2, save_times=[0.2]
    )
    turned = shallow_water.solve(
        lambda x: hill(x[::-1]),
        rest,
        xmin=(0, 0),
        xmax=(1, 1),
        n=20,
        t_end=0.2,
        save_times=[0.2],
    )
    assert np.abs(straight.h[0] - turned.h[0].T).max() < 1e-13
    assert np.abs(straight.u[0] - turned.u[0, ::-1].transpose(0, 2, 1)).max() < 1e-13
    assert straight.h[0].std() > 0.01


def bar(x):
    return 0.5 * np.exp(-20 * ((x - 0.5) ** 2).sum(axis=0)) + 0.2 * (x[0] > 0.3)


@pytest.mark.parametrize("dim", [1, 2])
@pytest.mark.parametrize("sides", ["wall", "open", "periodic"])
def test_lake_stays_at_rest_over_any_bed(dim, sides):
    found = shallow_water.solve(
        lambda x: 1 - bar(x),
        rest,
        xmin=[0] * dim,
        xmax=[1] * dim,
        n=20,
        t_end=1.0,
        save_times=[1.0],
        bed=bar,
        sides=sides,
    )
    # roundings of numbers of size 10 in some hundred steps
    assert np.abs(found.h + found.bed - 1).max() < 1e-12
    assert np.abs(found.u).max() < 1e-12


def smooth(n, courant=0.45):
    def depth(x):
        return 1 + 0.1 * np.sin(2 * np.pi * x[0]) - 0.2 * np.cos(2 * np.pi * x[0])

    return shallow_water.solve(
        depth,
        rest,
        xmin=[0],
        xmax=[1],
        n=n,
        t_end=0.05,
        save_times=[0.05],
        bed=lambda x: 0.2 * np.cos(2 * np.pi * x[0]),
        sides="periodic",
        courant=courant,
    )


def test_smooth_flow_is_of_second_order_in_the_mean():
    # means over two cells are those of the coarser cells
    coarse, middle, fine = (smooth(n).h[0] for n in (40, 80, 160))
    first = np.abs(coarse - middle.reshape(-1, 2).mean(axis=1)).mean()
    second = np.abs(middle - fine.reshape(-1, 2).mean(axis=1)).mean()
    # limited at extrema
    assert np.log2(first / second) > 1.7


def test_mass_is_constant_and_energy_does_not_grow():
    rows = smooth(40).diagnostics
    assert np.abs(rows["mass"] / rows["mass"][0] - 1).max() < 1e-13
    assert rows["energy"][-1] <= rows["energy"][0]
    closed = break_dam(50, dim=2).diagnostics["mass"]
    assert np.abs(closed / closed[0] - 1).max() < 1e-13


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"xmin": [0, 0, 0]}, "xmin must be one or two numbers"),
        ({"xmax": [0]}, "xmin must be one or two numbers below"),
        ({"n": 2}, "n must be 1 integers of at least 4"),
        ({"sides": "beach"}, "sides must be 1 of 'wall', 'open', 'periodic'"),
        ({"t_end": 0.0}, "t_end must be positive"),
        ({"gravity": -1}, "gravity must be positive"),
        ({"courant": 0.9}, "courant must be positive and at most 0.5"),
        ({"depth": lambda x: x[0] - 5}, "depth must be positive everywhere"),
        ({"depth": lambda x: x}, "a function of points"),
    ],
)
def test_bad_arguments_are_named(options, words):
    arguments = {"xmin": [0], "xmax": [10], "n": 20, "t_end": 1.0}
    arguments |= {"depth": dam, "velocity": rest} | options
    with pytest.raises(ValueError, match=f"^{words}"):
        shallow_water.solve(**arguments)


def test_dry_bed_is_told():
    with pytest.raises(RuntimeError, match=r"bed fell dry at t = 0.5: depth -0.1"):
        shallow_water._check_wet(np.array([[1.0, -0.1], [0.0, 0.0]]), 0.5)
