"""Mean and spread of densities, velocities, tracks and numbers of members."""

import numpy as np
import pytest
import torch

from ncl_deepxde.ensemble import MemberValues, member_values, train_members
from ncl_deepxde.nn import LFlow


def lflow(seed):
    net = LFlow(2, blocks=1, width=4).eval()
    with torch.no_grad():
        net.flow.conditioner.matrix.normal_(std=0.3)
    return net


def test_quantities_of_networks():
    members = train_members(lflow, range(3))
    x = torch.rand(5, 3)
    rho = member_values(members, lambda net: net.density(x))
    each = np.stack([net.density(x).detach().numpy() for net in members])
    np.testing.assert_allclose(rho.mean, each.sum(0) / 3)
    squares = ((each - rho.mean) ** 2).sum(0)
    np.testing.assert_allclose(rho.std, np.sqrt(squares / 2))
    u = member_values(members, lambda net: net.velocity(x))
    assert u.mean.shape == (5, 2)
    tracks = member_values(members, lambda net: net.transport(x[:, :2], 0.0, 1.0))
    assert tracks.std.shape == (5, 2)
    assert (tracks.std > 0).all()
    mass = member_values(members, lambda net: float(net.log_mass.exp()))
    np.testing.assert_allclose([mass.mean, mass.std], [1, 0], atol=1e-6)


def test_interval_holds_one_more_member():
    """Five of a normal distribution, and a sixth: exact for every level."""
    values = np.random.default_rng(0).normal(3, 2, (6, 20_000))
    spread = MemberValues(values[:5])
    for level in (0.5, 0.9):
        inside = np.abs(values[5] - spread.mean) <= spread.half_width(level)
        # three standard deviations of a share of 20,000
        assert inside.mean() == pytest.approx(level, abs=3 * 0.5 / np.sqrt(20_000))


def test_noise_widens_the_interval():
    spread = MemberValues(np.array([[1.0], [3.0]]))
    assert spread.half_width(0.9, 5.0) > spread.half_width(0.9)
    still = MemberValues(np.ones((2, 1)))
    wide = still.half_width(0.9, np.array([[2.0]]))
    np.testing.assert_allclose(wide[0], 2 * still.half_width(0.9, 1.0))
    with pytest.raises(ValueError, match="level: must be between 0 and 1, got 90"):
        spread.half_width(90)


def test_members_that_cannot_be_compared_are_told():
    with pytest.raises(ValueError, match="must be at least two"):
        member_values([1.0], lambda number: number)
    with pytest.raises(ValueError, match="of one shape"):
        member_values([1, 2], np.zeros)
    with pytest.raises(ValueError, match=r"is not for the members \[1\] of 3"):
        member_values([1.0, np.nan, 2.0], lambda number: number)
