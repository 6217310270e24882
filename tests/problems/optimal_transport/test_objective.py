"""The objective of optimal transport: unbiased, precise, zero at the target."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from ncl_deepxde.nn import ContinuityLaw, LFlow, SubharmonicNCL
from ncl_deepxde.problems.optimal_transport.densities import (
    GaussianMixture,
    pair,
    target,
)
from ncl_deepxde.problems.optimal_transport.objective import (
    TERMINALS,
    BenamouBrenier,
    half_side,
    kinetic_energy,
)

SIZES = (0.5, 0.8)
SHIFT = (0.6, -0.3)


class MovingGaussian(ContinuityLaw, torch.nn.Module):
    """N(v t, sigma(t)^2), moving as is optimal: u = v + sigma' (x - v t)/sigma."""

    def __init__(self, dim, output):
        super().__init__()
        self.dim, self.output = dim, output
        self.v = torch.tensor(SHIFT[:dim])

    def parts(self, inputs):
        x, t = inputs[:, : self.dim], inputs[:, self.dim :]
        sigma = SIZES[0] + (SIZES[1] - SIZES[0]) * t
        z = (x - self.v * t) / sigma
        log_rho = -z.square().sum(1, keepdim=True) / 2 - self.dim * (
            sigma.log() + math.log(2 * math.pi) / 2
        )
        return log_rho, self.v + (SIZES[1] - SIZES[0]) * z

    def log_density(self, inputs):
        return self.parts(inputs)[0]

    def velocity(self, inputs):
        return self.parts(inputs)[1]

    def flux(self, inputs):
        rho = self.density(inputs)
        return torch.cat([rho, rho * self.velocity(inputs)], dim=1)

    def density(self, inputs):
        return self.log_density(inputs).exp()

    def forward(self, inputs):
        w = torch.cat([self.density(inputs), self.velocity(inputs)], dim=1)
        return w if self.output == "velocity" else self.flux(inputs)


def ends(dim):
    start = GaussianMixture([[0.0] * dim], SIZES[0])
    return start, GaussianMixture([SHIFT[:dim]], SIZES[1])


def bures(dim):
    """|v|^2 + d (b - a)^2, which is also the energy of the optimal flow."""
    return sum(v * v for v in SHIFT[:dim]) + dim * (SIZES[1] - SIZES[0]) ** 2


def estimates(net, terms, number, seed=0):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        drawn = [terms(net, generator) for _ in range(number)]
    return {name: np.array([float(d[name]) for d in drawn]) for name in drawn[0]}


def quadrature(net, side, n, times=6):
    """The energy by the midpoint rule in space and Gauss-Legendre in time."""
    axis = side * ((torch.arange(n) + 0.5) / n - 0.5)
    x = torch.cartesian_prod(*[axis] * net.dim).reshape(-1, net.dim)
    nodes, weights = np.polynomial.legendre.leggauss(times)
    total = 0.0
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        inputs = torch.nn.functional.pad(x, (0, 1), value=float(node))
        with torch.no_grad():
            rho, u = net.density(inputs), net.velocity(inputs)
        total += weight * float((rho * u.square()).sum()) * (side / n) ** net.dim
    return total


@pytest.mark.parametrize("output", ["flux", "velocity"])
@pytest.mark.parametrize("dim", [1, 2])
def test_energy_of_the_optimal_flow_is_the_bures_distance(dim, output):
    net = MovingGaussian(dim, output)
    terms = BenamouBrenier(*ends(dim), batch=100, box=2.0)
    found = estimates(net, terms, 200)["energy"]
    error = found.std() / math.sqrt(len(found))
    # 200 estimates: their mean is normal; four deviations, of at most 1 %.
    assert error < 0.01 * bures(dim)
    assert abs(found.mean() - bures(dim)) < 4 * error


@pytest.mark.parametrize("kind", ["lflow", "subharmonic", "transport"])
def test_energy_is_unbiased(kind):
    if kind == "lflow":
        net = LFlow(2, blocks=2, width=8, output="velocity")
        net.flow.start(torch.randn(100, 2), torch.rand(100, 1))
        net.eval()
    else:
        # A floor under the density keeps the far field of the dipoles integrable.
        net = SubharmonicNCL(
            2, components=3, construction=kind, width=0.7, floor=1e-3, output="velocity"
        )
    with torch.no_grad():
        for p in net.parameters():
            p += 0.05 * torch.randn_like(p)
    rho_0, rho_1 = GaussianMixture([[0.0, 0.0]], 1.5), target("gaussian")
    # As many points as no multiple of their times.
    times = None if kind == "transport" else 9
    terms = BenamouBrenier(rho_0, rho_1, batch=200, box=3.0, times=times)
    found = estimates(net, terms, 50)["energy"]
    error = found.std() / math.sqrt(len(found))
    # Midpoints of cells of 0.16, smaller than all lengths of the flow: below 1e-3.
    exact = quadrature(net, side=16.0, n=100)
    assert error < 0.05 * exact
    assert abs(found.mean() - exact) < 4 * error + 1e-3 * exact


def released_energy(net, rho_0, rho_1, n, generator):
    """Three importance estimates, each divided by the density of its own points."""
    x = [rho.sample(n, generator) for rho in (rho_0, rho_1)]
    x.append(4 * torch.rand(n, 2, generator=generator) - 2)
    drawn = [rho_0.density(x[0]), rho_1.density(x[1]), torch.full((n, 1), 1 / 16)]
    t = torch.rand(3 * n, 1, generator=generator)
    return kinetic_energy(net, torch.cat([torch.cat(x), t], dim=1), torch.cat(drawn))


def test_variance_is_below_that_of_the_released_estimate():
    net, (rho_0, rho_1) = MovingGaussian(2, "velocity"), ends(2)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        released = [
            float(released_energy(net, rho_0, rho_1, 100, generator))
            for _ in range(200)
        ]
    ours = estimates(net, BenamouBrenier(rho_0, rho_1, batch=100, box=2.0), 200)
    # Points of the narrow end have weights rho_1 / rho_0 up to e^10 and more there;
    # measured: a variance 2000 times larger. A factor of 10 is not luck.
    assert np.var(released) > 10 * ours["energy"].var()


@pytest.mark.parametrize("times", [None, 7, 3, 100])
def test_times_are_stratified_in_each_sample(times):
    terms = BenamouBrenier(*ends(2), batch=7, times=times)
    generator, T = torch.Generator().manual_seed(0), 3 if times == 3 else 7
    counts = np.zeros(T)
    for _ in range(60):
        inputs = terms.draw(generator)
        assert inputs.shape == (21, 3)
        for t in inputs[:, 2].reshape(3, 7):
            assert len(t.unique()) == T
            counts += np.bincount((t * T).long().numpy(), minlength=T)
    # Of 7 points in 3 parts one has a third point: in 60 draws each 20 times, +- 4.
    np.testing.assert_allclose(counts / 180, 7 / T, rtol=0.1 if T == 3 else 0)


@pytest.mark.parametrize("dim", [1, 2])
def test_densities_integrate_to_one(dim):
    terms = BenamouBrenier(*ends(dim), batch=1, box=2.0)
    n, side = 200, 12.0
    axis = side * ((torch.arange(n) + 0.5) / n - 0.5)
    x = torch.cartesian_prod(*[axis] * dim).reshape(-1, dim)
    found = terms.densities(x)
    assert found.shape == (n**dim, 3)
    mass = found.sum(dim=0) * (side / n) ** dim
    # The edge of the box is the edge of a cell only to within a cell of 0.06.
    torch.testing.assert_close(mass, torch.ones(3), atol=0.07, rtol=0)
    torch.testing.assert_close(mass[:2], torch.ones(2), atol=1e-6, rtol=0)


@pytest.mark.parametrize("terminal", TERMINALS)
def test_terminal_terms_vanish_at_the_target_only(terminal):
    net = MovingGaussian(2, "velocity")
    right = estimates(net, BenamouBrenier(*ends(2), batch=50, terminal=terminal), 1)
    # Round-off of densities below 1, and of their logarithms over the least weight.
    assert abs(right["start"]) < 1e-12 > abs(right["end"])
    wrong = ends(2)[1], ends(2)[0]
    found = estimates(net, BenamouBrenier(*wrong, batch=50, terminal=terminal), 1)
    assert found["start"] > 1e-3 < found["end"]


def test_divergence_is_the_relative_entropy():
    net, (rho_0, rho_1) = MovingGaussian(2, "velocity"), ends(2)
    terms = BenamouBrenier(rho_1, rho_0, batch=200, terminal="divergence", box=3.0)
    found = estimates(net, terms, 200)
    ratio = [(SIZES[1] / SIZES[0]) ** s for s in (2, -2)]
    distance = [sum(v * v for v in SHIFT) / s**2 for s in SIZES]
    for name, r, gap in zip(("start", "end"), ratio, distance, strict=True):
        # KL(N(m, s^2) | N(0, S^2)) = (d r - d + |m|^2/S^2 - d log r)/2, r = s^2/S^2
        exact = (2 * r - 2 + gap - 2 * math.log(r)) / 2
        error = found[name].std() / math.sqrt(200)
        assert error < 0.02 * exact
        assert abs(found[name].mean() - exact) < 4 * error
    few = BenamouBrenier(rho_1, rho_0, batch=2, terminal="divergence", box=3.0)
    assert min(values.min() for values in estimates(net, few, 100).values()) >= 0


@pytest.mark.parametrize(("terminal", "power"), [("absolute", 1), ("squared", 2)])
def test_terms_of_the_papers_are_means_over_the_mixture(terminal, power):
    net, (rho_0, rho_1) = MovingGaussian(2, "velocity"), ends(2)
    terms = BenamouBrenier(rho_1, rho_0, batch=400, terminal=terminal, box=2.0)
    found = estimates(net, terms, 100)["start"]
    n, side = 240, 12.0
    axis = side * ((torch.arange(n) + 0.5) / n - 0.5)
    x = torch.cartesian_prod(axis, axis)
    uniform = (x.abs() <= 2).all(dim=1, keepdim=True) / 16
    mixed = (rho_1.density(x) + uniform) / 2
    rho = net.density(torch.nn.functional.pad(x, (0, 1)))
    defect = (rho - rho_1.density(x)).abs() ** power
    exact = float((mixed * defect).sum()) * (side / n) ** 2
    error = found.std() / 10
    # The sum over cells of 0.05 is off by less than 1 % of the jump at the box.
    assert abs(found.mean() - exact) < 4 * error + 2e-3 * exact


def test_each_density_is_evaluated_once(monkeypatch):
    calls = []
    terms = BenamouBrenier(*ends(2), batch=5)
    for rho in terms.ends:
        density = rho.density
        monkeypatch.setattr(
            rho, "density", lambda x, f=density: calls.append(len(x)) or f(x)
        )
    terms(MovingGaussian(2, "velocity"), torch.Generator().manual_seed(0))
    assert calls == [15, 15]


def test_box_holds_nearly_all_mass():
    rho_0, rho_1 = pair("circles-pinwheel")
    side = half_side(rho_0, rho_1)
    x = rho_1.sample(20000, torch.Generator().manual_seed(0))
    assert (x.abs() > side).any(dim=1).double().mean() < 2 * 0.0027


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"terminal": "none"}, "terminal: must be one of squared, absolute"),
        ({"batch": 0}, "batch and times: must be at least 1, got 0 and None"),
        ({"times": 0}, "batch and times: must be at least 1, got 5 and 0"),
        ({"box": -1.0}, "box: must be positive, got -1"),
    ],
)
def test_bad_arguments_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        BenamouBrenier(*ends(2), **{"batch": 5, **options})
