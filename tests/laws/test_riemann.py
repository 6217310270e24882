"""Riemann problems: published values, jump conditions, smooth parts, entropy."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from ncl_deepxde import laws
from ncl_deepxde.laws import LawFields
from ncl_deepxde.laws.riemann import (
    burgers_riemann,
    euler_riemann,
    isothermal_riemann,
    lwr_riemann,
    water_riemann,
)

PROBLEMS = {
    "burgers-shock": (laws.burgers(), burgers_riemann(2.0, -1.0)),
    "burgers-fan": (laws.burgers(), burgers_riemann(-1.0, 2.0)),
    "lwr-shock": (laws.lwr(2.0, 0.5), lwr_riemann(0.1, 0.4, 2.0, 0.5)),
    "lwr-fan": (laws.lwr(2.0, 0.5), lwr_riemann(0.45, 0.05, 2.0, 0.5)),
    "dam-break": (
        laws.shallow_water(9.81e-3),
        water_riemann((5.0, 0.0), (1.0, 0.0), 9.81e-3),
    ),
    "two-bores": (laws.shallow_water(2.0), water_riemann((1.0, 2.0), (1.5, -1.0), 2.0)),
    "two-fans": (laws.shallow_water(2.0), water_riemann((1.0, -0.4), (1.5, 0.6), 2.0)),
    "isothermal": (
        laws.isothermal(0.8),
        isothermal_riemann((2.0, 0.1), (0.5, -0.2), 0.8),
    ),
    "sod": (laws.euler(), euler_riemann((1.0, 0.0, 1.0), (0.125, 0.0, 0.1))),
    "sod-mirrored": (laws.euler(), euler_riemann((0.125, 0, 0.1), (1.0, 0, 1.0))),
    "123": (laws.euler(), euler_riemann((1.0, -2.0, 0.4), (1.0, 2.0, 0.4))),
    "blast": (laws.euler(), euler_riemann((1.0, 0.0, 1000.0), (1.0, 0.0, 0.01))),
}


def flux_of(law, q):
    q = torch.as_tensor(q)
    x = torch.zeros(len(q), 1)
    fields = LawFields(x, x, q, lambda: torch.zeros(len(q), law.laws, 1))
    return torch.cat(list(law.flux(fields)), dim=1).numpy()


@pytest.mark.parametrize("name", PROBLEMS)
def test_integral_form_holds(name) -> None:
    """d/dt int q dx over a box around all waves is the flux difference of its ends.

    Of a self-similar solution: int q dxi = xi q - F at the ends.
    """
    law, solution = PROBLEMS[name]
    a = 1.5 * min(w[1] for w in solution.waves) - 1
    b = 1.5 * max(w[2] for w in solution.waves) + 1
    edges = sorted({a, b, *(s for w in solution.waves for s in w[1:])})
    node, weight = np.polynomial.legendre.leggauss(40)
    total = 0
    for low, high in pairwise(edges):
        xi = (low + high) / 2 + (high - low) / 2 * node
        total = total + (high - low) / 2 * weight @ solution.profile(xi)
    ends = solution.profile(np.array([a, b]))
    F = flux_of(law, ends)
    right = b * ends[1] - a * ends[0] - (F[1] - F[0])
    np.testing.assert_allclose(total, right, rtol=1e-9, atol=1e-9 * np.abs(F).max())


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_wave_obeys_its_law(name) -> None:
    law, solution = PROBLEMS[name]
    for kind, first, last in solution.waves:
        step = 1e-9 * max(1.0, abs(first))
        q = solution.profile(np.array([first - step, last + step]))
        F = flux_of(law, q)
        if kind != "fan":
            jump = first * (q[1] - q[0]) - (F[1] - F[0])
            assert np.abs(jump).max() < 1e-7 * max(1.0, np.abs(F).max())
            # Both sides of 123 are alike.
            assert name == "123" or np.abs(q[1] - q[0]).max() > 0
        else:
            assert first < last
            # Continuous at both edges, and -xi q' + F' = 0 inside.
            edges = solution.profile(np.array([first + step, last - step]))
            np.testing.assert_allclose(q, edges, rtol=1e-6, atol=1e-6)
            h = 1e-4 * (last - first)
            xi = np.linspace(first, last, 9)[1:-1]
            there, here = solution.profile(xi + h), solution.profile(xi - h)
            defect = flux_of(law, there) - flux_of(law, here)
            defect = defect - xi[:, None] * (there - here)
            assert np.abs(defect).max() < 1e-5 * np.abs(flux_of(law, there)).max()


@pytest.mark.parametrize("name", [n for n in PROBLEMS if PROBLEMS[n][0].entropy])
def test_shocks_produce_entropy_of_the_right_sign(name) -> None:
    law, solution = PROBLEMS[name]
    for kind, first, last in solution.waves:
        if kind == "shock":
            q = torch.as_tensor(solution.profile(np.array([first - 1e-9, last + 1e-9])))
            eta, Q = law.entropy(LawFields(q[:, :1], q[:, :1], q, torch.Tensor))
            produced = (Q[1] - Q[0]) - first * (eta[1] - eta[0])
            assert produced.item() < -1e-4


def test_published_values() -> None:
    """Stoker's dam break; Sod's tube and two of its kin by Toro (2009), table 4.3."""
    dam = PROBLEMS["dam-break"][1]
    h, m = dam.middle[0]
    assert (h, m / h) == pytest.approx((2.53936, 0.12728), abs=6e-6)
    fan, shock = dam.waves
    # After 6 time units from x = 5.
    edges = [5 + 6 * s for s in (*fan[1:], shock[1])]
    assert edges == pytest.approx([3.67117, 4.81668, 6.25978], abs=6e-6)
    published = {
        "sod": (0.30313, 0.92745, 0.42632, 0.26557),
        "123": (0.00189, 0.0, 0.02185, 0.02185),
        "blast": (460.894, 19.5975, 0.57506, 5.99924),
    }
    for name, (p, u, left, right) in published.items():
        one, two = PROBLEMS[name][1].middle
        found = one[1] / one[0]
        pressure = 0.4 * (one[2] - one[1] ** 2 / one[0] / 2)
        assert [pressure, found] == pytest.approx([p, u], rel=1e-4, abs=6e-6)
        assert [one[0], two[0]] == pytest.approx([left, right], abs=6e-6)


def test_mirror_images_are_mirrored() -> None:
    xi = np.linspace(-2, 2, 41)
    one = PROBLEMS["sod"][1].profile(xi)
    two = PROBLEMS["sod-mirrored"][1].profile(-xi)
    np.testing.assert_allclose(one * [1, -1, 1], two, rtol=1e-12, atol=1e-12)


def test_solutions_are_functions_of_place_and_time() -> None:
    x = np.linspace(-1, 1, 5)
    solution = burgers_riemann(-1.0, 2.0)
    np.testing.assert_allclose(
        solution(x, 0.5)[:, 0], np.where(x / 0.5 < -1, -1, np.minimum(x / 0.5, 2))
    )
    assert burgers_riemann(1.0, 1.0)(x, 1.0).tolist() == [[1.0]] * 5


def test_nothing_between_is_refused() -> None:
    with pytest.raises(ValueError, match="part so fast that nothing is left"):
        water_riemann((1.0, -9.0), (1.0, 9.0), 1.0)
    with pytest.raises(ValueError, match="must be 3 numbers with positive"):
        euler_riemann((1.0, 0.0, -1.0), (1.0, 0.0, 1.0))
    with pytest.raises(ValueError, match="must be 2 numbers with positive"):
        isothermal_riemann((1.0, 0.0, 1.0), (1.0, 0.0, 1.0))
