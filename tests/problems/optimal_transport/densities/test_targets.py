"""The densities of the papers, by name."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
import scipy.special
import scipy.stats

from ncl_deepxde.problems.optimal_transport.densities import (
    PAIRS,
    TARGETS,
    GaussianMixture,
    checked_pair,
    pair,
    target,
)

# Number of centers, and what the released code's own centers span, to its digits.
FACTS = {
    "circles": (1000, [-1.5, -1.5], [1.5, 1.5]),
    "8gaussians": (8, [-1.4144, -1.4144], [1.4144, 1.4144]),
    "pinwheel": (5000, [-2.1339, -1.9202], [1.7741, 1.6357]),
    "moons": (5000, [-1.5, -0.6], [1.5, 0.9]),
    "swissroll": (5000, [-0.9478, -1.1040], [1.2606, 1.4136]),
    "2spirals": (5000, [-1.6421, -1.4015], [1.6421, 1.4015]),
    "gaussian": (1, [0, 0], [0, 0]),
    "gaussian1d": (1, [0], [0]),
    "narrow1d": (1, [3], [3]),
    "modes1d": (3, [-1.5], [1.5]),
}


def test_every_target_is_described():
    assert set(FACTS) == set(TARGETS)


@pytest.mark.parametrize("name", FACTS)
def test_centers_have_the_released_statistics(name):
    number, low, high = FACTS[name]
    centers = target(name).centers
    assert centers.shape == (number, len(low))
    assert np.allclose(centers.min(axis=0), low, atol=1e-4)
    assert np.allclose(centers.max(axis=0), high, atol=1e-4)


def test_pinwheel_has_little_mass_outside_the_box():
    rho = target("pinwheel")
    sides = scipy.stats.norm.cdf(
        [-2, 2], rho.centers[..., None], rho.std[:, None, None]
    )
    inside = np.diff(sides, axis=-1)[..., 0].prod(axis=1).mean()
    assert 1 - inside == pytest.approx(3.7e-4, rel=0.02)


@pytest.mark.parametrize("name", PAIRS)
def test_pairs_of_the_papers(name):
    source, end = name.split("-")
    rho_0, rho_1 = pair(name)
    assert np.array_equal(rho_0.centers, target(source).centers)
    assert np.array_equal(rho_1.centers, target(end).centers)


def test_wrong_names_are_named():
    with pytest.raises(ValueError, match="target: must be one of circles, 8gaussians"):
        target("star")
    with pytest.raises(ValueError, match="target: must be one of"):
        pair("circles-star")
    with pytest.raises(ValueError, match="pair: must be two names"):
        pair("circles")
    with pytest.raises(ValueError, match="same number of dimensions, got 2 and 1"):
        pair("circles-modes1d")


def test_disjoint_targets_are_refused():
    rho_0 = target("circles")
    rho_1 = GaussianMixture(1000 + rho_0.centers, 0.16)
    with pytest.raises(ValueError, match=r"are disjoint, 1\.41e"):
        checked_pair(rho_0, rho_1)
