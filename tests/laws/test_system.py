"""Every law has its exact solutions, as a plain network and as exact columns."""

import dataclasses

import deepxde as dde
import pytest
import torch
from known_solutions import KNOWN
from torch.func import hessian, vmap

from ncl_deepxde import laws
from ncl_deepxde.data import Collocation, uniform_box
from ncl_deepxde.laws import LawFields, LawSystem
from ncl_deepxde.nn import BalanceLaws
from ncl_deepxde.optimizers import GaussNewton

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

# Of the largest rate: second derivatives of some hundred terms.
EXACT = 1e-11
GLOROT = ("tanh", "Glorot normal")


@pytest.fixture(autouse=True)
def _without_cache():
    yield
    dde.grad.clear()


def exact_columns(law, z, q):
    """Return the columns of BalanceLaws that a solution has, from its own flux."""
    fields = fields_of(law, z, q)
    fluxes = law.flux(fields)
    parts = [p for k in range(law.laws) for p in (q[:, k : k + 1], fluxes[k])]
    sources = [] if law.source is None else law.source(fields)
    return torch.cat([*parts, *sources], dim=1)


def fields_of(law, z, q):
    def derivatives():
        rows = [
            torch.autograd.grad(c.sum(), z, create_graph=True)[0][:, : law.dim]
            for c in q.unbind(1)
        ]
        return torch.stack(rows, dim=1)

    return LawFields(z[:, : law.dim], z[:, law.dim :], q, derivatives)


def rates(q, z):
    """Return the largest of all first derivatives, to compare residuals with."""
    rows = [torch.autograd.grad(c.sum(), z, retain_graph=True)[0] for c in q.unbind(1)]
    return max(1.0, *(float(row.detach().abs().max()) for row in rows))


@pytest.mark.parametrize("name", KNOWN)
def test_plain_residuals_of_a_solution_vanish(name) -> None:
    known = KNOWN[name]
    z = known.points()
    q = known.solution(z)
    assert q.shape == (9, known.law.laws)
    found = known.law.residual(z, q)
    assert [r.shape for r in found] == [(9, 1)] * known.law.laws
    assert max(float(r.detach().abs().max()) for r in found) < EXACT * rates(q, z)


@pytest.mark.parametrize("name", KNOWN)
def test_plain_residuals_of_another_state_do_not(name) -> None:
    known = KNOWN[name]
    z = known.points()
    x, t = z[:, :1], z[:, -1:]
    q = known.solution(z) * (1 + 0.1 * torch.sin(2 * x + t))
    found = known.law.residual(z, q)
    assert max(float(r.detach().abs().max()) for r in found) > 1e-4


@pytest.mark.parametrize("name", KNOWN)
def test_closures_compare_columns_with_the_flux_of_the_state(name) -> None:
    known = KNOWN[name]
    law, z = known.law, known.points()
    q = known.solution(z)
    y = exact_columns(law, z, q)
    assert y.shape == (9, law.columns)
    found = torch.cat(law.closure(z, y), dim=1).detach()
    assert found.shape == (9, law.columns - law.laws)
    assert float(found.abs().max()) < EXACT * rates(q, z)
    # A flux that is wrong by one is wrong by one, times the factor.
    shift = torch.ones(law.columns)
    shift[: law.laws * (1 + law.dim) : 1 + law.dim] = 0
    off = torch.cat(law.closure(z, y + shift), dim=1).detach()
    factor = 1.0 if law.factor is None else law.factor(fields_of(law, z, q)).detach()
    torch.testing.assert_close(off, factor * torch.ones_like(off), rtol=1e-9, atol=1e-9)


WITH_ENTROPY = [
    name
    for name, known in KNOWN.items()
    if known.law.entropy is not None and "viscous" not in name
]


@pytest.mark.parametrize("name", WITH_ENTROPY)
def test_smooth_solutions_produce_no_entropy(name) -> None:
    known = KNOWN[name]
    law, z = known.law, known.points()
    q = known.solution(z)
    found = law.entropy_production(z, q, exact=False)
    assert found.shape == (9, 1)
    assert float(found.detach().abs().max()) < 10 * EXACT * rates(q, z)
    again = law.entropy_production(z, exact_columns(law, z, q))
    torch.testing.assert_close(again, found, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", WITH_ENTROPY)
def test_entropies_are_convex(name) -> None:
    known = KNOWN[name]
    z = known.points()

    def eta(q):
        return known.law.entropy(LawFields(z[:1, :-1], z[:1, -1:], q[None], None))[0][
            0, 0
        ]

    H = vmap(hessian(eta))(known.solution(z).detach())
    assert float(torch.linalg.eigvalsh(H).min()) > 0


def test_viscosity_produces_entropy_of_one_sign() -> None:
    """d_t eta + d_x Q = nu (u u_x)_x - nu u_x^2: its integral is negative."""
    known = KNOWN["burgers-viscous"]
    x = torch.linspace(-3, 3, 2001)[:, None]
    z = torch.cat([x, 0 * x], dim=1).requires_grad_()
    produced = known.law.entropy_production(z, known.solution(z), exact=False)
    # A jump from 2 to 0 of speed 1: s [eta] - [Q] = 2 - 8 / 3.
    total = float(torch.trapezoid(produced.detach()[:, 0], x[:, 0]))
    assert total == pytest.approx(2 - 8 / 3, rel=1e-5)


@pytest.mark.parametrize("name", ["burgers-viscous", "sloshing", "euler", "plume"])
def test_exact_and_plain_networks_train_by_the_same_law(name) -> None:
    known = KNOWN[name]
    law = known.law
    exact = BalanceLaws(
        [law.dim + 1, 8, law.columns],
        *GLOROT,
        laws=law.laws,
        sources=law.sources,
        mean_density=[1.0] * law.laws,
    )
    plain = dde.nn.FNN([law.dim + 1, 8, law.laws], *GLOROT)
    plain.apply_output_transform(lambda x, y: y + 1)
    sampler = uniform_box(known.low, known.high)
    for net, pde in (exact, law.closure), (plain, law.residual):
        model = dde.Model(Collocation(pde, sampler, 40), net)
        model.compile(GaussNewton(model), verbose=0)
        model.train(iterations=4, display_every=4, verbose=0)
        losses = [record.left for record in model.opt.history]
        assert losses[-1] < model.opt.history[0].loss


def test_ten_lines_add_a_law() -> None:
    """Cattaneo's heat: T_t + q_x = 0, q_t + (T)_x = -q."""

    def flux(f):
        return [f.state(1), f.state(0)]

    law = LawSystem(1, ("T", "q"), flux, (1,), lambda f: [-f.state(1)])
    assert (law.laws, law.columns) == (2, 5)
    z = torch.rand(5, 2).requires_grad_()
    q = torch.cat([1 + 0 * z[:, :1], torch.exp(-z[:, 1:])], dim=1)
    assert max(float(r.detach().abs().max()) for r in law.residual(z, q)) < 1e-14


def test_wrong_columns_are_refused() -> None:
    law, z = laws.euler(), torch.rand(5, 2)
    with pytest.raises(ValueError, match=r"must have 6 columns or more for \(1 \+ 1\)"):
        law.closure(z, torch.rand(5, 5))
    with pytest.raises(ValueError, match="must have 3 columns or more"):
        law.residual(z, torch.rand(5, 2))
    with pytest.raises(ValueError, match="got 6 for 3"):
        law.closure(torch.rand(5, 3), torch.rand(5, 6))


def test_sources_and_their_laws_come_together() -> None:
    law = laws.burgers()
    with pytest.raises(ValueError, match="sources: must name the laws"):
        dataclasses.replace(law, sources=(0,))
    with pytest.raises(ValueError, match="entropy: must be known for"):
        laws.heat().entropy_production(torch.rand(5, 2), torch.rand(5, 2))
