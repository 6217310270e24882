"""Totals of balance laws change by what crosses the boundary and by sources."""

import deepxde as dde
import numpy as np
import pytest
import torch
from law_balance import GLOROT

from ncl_deepxde.nn import BalanceLaws, Wall

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

DOMAINS = {
    "interval": lambda: dde.geometry.Interval(-0.5, 1),
    "rectangle": lambda: dde.geometry.Rectangle([0, -1], [1, 1]),
    "disk": lambda: dde.geometry.Disk([0.2, 0.1], 0.7),
    "cuboid": lambda: dde.geometry.Cuboid([0, 0, 0], [1, 0.5, 1]),
    "sphere": lambda: dde.geometry.Sphere([0, 0, 0], 0.8),
}


def build(d, **options):
    sizes = [d + 1, 8, 8, 2 * (1 + d) + 1]
    return BalanceLaws(sizes, *GLOROT, laws=2, sources=(1,), **options)


@pytest.mark.parametrize("name", DOMAINS)
def test_totals_change_by_flux_and_source(name) -> None:
    domain = DOMAINS[name]()
    net = build(domain.dim)
    # Eighteen Gauss nodes in time and per axis leave round-off of a small network.
    node, weight = np.polynomial.legendre.leggauss(18)
    with torch.no_grad():
        change = net.total(domain, 0.7, nodes=18) - net.total(domain, 0.1, nodes=18)
        gained, crossed = torch.zeros(2), torch.zeros(2)
        for s, w in zip(0.4 + 0.3 * node, 0.3 * weight, strict=True):
            gained += w * net.supply(domain, s, nodes=18)
            crossed += w * net.outflow(domain, s, nodes=18)
    assert change.shape == (2,)
    size = float(crossed.abs().max() + gained.abs().max())
    assert float(gained[1].abs()) > 1e-4
    assert gained[0] == 0
    assert float((change - gained + crossed).abs().max()) < 1e-12 * size


def test_walls_keep_the_total_of_a_law_without_source() -> None:
    domain = dde.geometry.Disk([0.2, 0.1], 0.7)
    net = build(2, wall=Wall.of(domain))
    with torch.no_grad():
        totals = torch.stack([net.total(domain, t) for t in (0.0, 0.5, 2.0)])
    assert float((totals[1:, 0] - totals[0, 0]).abs().max()) < 1e-13
    assert float((totals[1:, 1] - totals[0, 1]).abs().max()) > 1e-3


def test_a_rule_of_ones_own_is_taken() -> None:
    net = build(2)
    points, weights = torch.rand(5, 2), torch.rand(5)
    inputs = torch.cat([points, torch.full((5, 1), 0.3)], dim=1)
    torch.testing.assert_close(
        net.total((points.numpy(), weights.numpy()), 0.3), weights @ net.state(inputs)
    )
    with pytest.raises(ValueError, match="domain: must be a geometry or points"):
        net.total((points, weights[:3]), 0.3)


def test_totals_can_be_trained() -> None:
    net = build(1)
    total = net.total(dde.geometry.Interval(0, 1), 0.5, nodes=8)
    grads = torch.autograd.grad(total.sum(), net.network.layers()[0].weight)
    assert float(grads[0].abs().max()) > 0
