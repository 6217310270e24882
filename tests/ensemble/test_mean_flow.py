"""The mean of exact flows obeys continuity; the plain mean of velocities does not."""

import pytest
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.ensemble import MeanFlow, train_members
from ncl_deepxde.nn import NCL, LFlow

# Relative to the largest term of the sum, as for single networks (test_exactness).
LIMITS = {torch.float64: 1e-12, torch.float32: 1e-5}


def points(n):
    return torch.cat([1.2 * (torch.rand(n, 2) - 0.5), torch.rand(n, 1)], dim=1)


def lflow(seed):
    net = LFlow(2, blocks=2, width=6, time_embedding=(6, 6), output="velocity")
    net(points(32))
    with torch.no_grad():
        net.flow.conditioner.matrix.normal_(std=0.3)
    return net.eval()


def ncl(seed):
    return NCL([3, 8, 8, 3], "tanh", "Glorot normal", mean_density=4.0)


def relative_divergence(flux, x):
    """By torch.func, at single points: not by the jets of the package."""
    J = vmap(jacrev(lambda z: flux(z[None])[0]))(x).detach()
    terms = torch.stack([J[:, 1, 0], J[:, 2, 1], J[:, 0, 2]], dim=1)
    return float(terms.sum(dim=1).abs().max() / terms.abs().max())


@pytest.mark.parametrize("build", [lflow, ncl, lambda s: (ncl, lflow)[s % 2](s)])
def test_mean_obeys_continuity(dtype, build):
    net = MeanFlow(train_members(build, range(3)))
    x = points(7)
    assert net(x).shape == (7, 3)
    assert net(x).dtype == dtype
    assert relative_divergence(net, x) < LIMITS[dtype]

    def product(z):
        return torch.cat([net.density(z), net.density(z) * net.velocity(z)], dim=1)

    assert relative_divergence(product, x) < LIMITS[dtype]


def test_plain_mean_of_velocities_breaks_the_law():
    members = train_members(lflow, range(3))

    def plain(z):
        rho = torch.stack([net.density(z) for net in members]).mean(dim=0)
        u = torch.stack([net.velocity(z) for net in members]).mean(dim=0)
        return torch.cat([rho, rho * u], dim=1)

    assert relative_divergence(plain, points(7)) > 1e-2


def test_mean_is_the_mean_of_the_members():
    members = train_members(lflow, range(4))
    net, x = MeanFlow(members), points(7)
    rho = torch.stack([member.density(x) for member in members])
    m = torch.stack([member.flux(x)[:, 1:] for member in members])
    torch.testing.assert_close(net.density(x), rho.sum(0) / 4)
    torch.testing.assert_close(net.velocity(x), m.sum(0) / rho.sum(0))
    torch.testing.assert_close(MeanFlow(members[:1])(x)[:, 1:], m[0])


def test_velocity_stays_finite_where_all_densities_underflow():
    net = MeanFlow(train_members(lflow, range(2)))
    x = torch.tensor([[300.0, 0.0, 0.5], [0.1, 0.0, 0.5]])
    u = net.velocity(x).detach()
    assert net.density(x)[0].tolist() == [0]
    assert u[0].tolist() == [0, 0]
    torch.testing.assert_close(u[1:], net.velocity(x[1:]).detach())


def test_members_must_belong_together():
    with pytest.raises(ValueError, match=r"must be networks that obey continuity.*Lin"):
        MeanFlow([torch.nn.Linear(3, 3)])
    with pytest.raises(ValueError, match=r"got dimensions \[2, 1\]"):
        MeanFlow([lflow(0), LFlow(1, blocks=1, width=4)])
    with pytest.raises(ValueError, match=r"got dimensions \[\]"):
        MeanFlow([])
