"""Observations: which numbers are compared, and which of them count."""

from __future__ import annotations

import math

import deepxde as dde
import numpy as np
import pytest
import torch
from networks import continued
from observed_blob import BOX, losses, model_of, ncl, rotating_blob, state, table

from ncl_deepxde.data import Condition, Observations, Observed, Penalty, Table

NETWORKS = {
    "flux": ncl,
    "velocity": lambda: ncl(output="velocity"),
    "plain": lambda: dde.nn.FNN([3, 8, 4], "tanh", "Glorot normal"),
}


DENSITIES = {"log1p": torch.log1p, "log": torch.log, "linear": lambda rho: rho}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("density", DENSITIES)
@pytest.mark.parametrize("velocity", ["velocity", "momentum"])
def test_terms_are_mean_squares(name, density, velocity) -> None:
    net = NETWORKS[name]()
    if name == "plain":
        net.linears[-1].bias.data += 3.0
    output = "velocity" if name == "plain" else None
    data = Observations(table(), 30, density=density, velocity=velocity, output=output)
    found = losses(model_of(data, net))
    rows, f = data.sources[0].observed, DENSITIES[density]
    rho, u = state(net, rows.points)
    first = (f(rho) - f(rows.density)).square().mean()
    if velocity == "velocity":
        second = (u - rows.velocity).square().mean()
    else:
        second = (rho * u - rows.density * rows.velocity).square().mean()
    assert found.shape == (2,)
    # Some hundred operations in float64.
    torch.testing.assert_close(found, torch.stack([first, second]), rtol=1e-12, atol=0)
    assert data.loss_names == ["density", "velocity"]


def test_plain_network_may_have_a_flux() -> None:
    net = NETWORKS["plain"]()
    data = Observations(table(), 30, output="flux", velocity="velocity")
    found = losses(model_of(data, net))[1]
    rows, y = data.sources[0].observed, net(data.sources[0].observed.points)
    expected = (y[:, 1:3] / y[:, :1] - rows.velocity).square().mean()
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("velocity", ["velocity", "momentum"])
@pytest.mark.parametrize("output", ["flux", "velocity"])
def test_windows_say_what_their_outputs_hold(output, velocity) -> None:
    net, points = continued(output=output), table().observed.points
    source = Table(points, net.density(points).detach(), net.velocity(points).detach())
    found = losses(model_of(Observations(source, 30, velocity=velocity), net))
    # The network against itself: round-off, squared.
    assert found.max() < 1e-25


def test_each_term_can_be_left_out() -> None:
    rows = table().observed
    source = Table(rows.points, velocity=rows.velocity)
    data = Observations(source, 30, density=None)
    assert losses(model_of(data)).shape == (1,)
    assert data.loss_names == ["velocity"]
    only = Observations(Table(rows.points, rows.density), 30, velocity=None)
    net = dde.nn.FNN([3, 8, 1], "tanh", "Glorot normal")
    assert losses(model_of(only, net)).shape == (1,)
    assert only.loss_names == ["density"]


def test_density_may_be_compared_by_any_function() -> None:
    data = Observations(table(), 30, density=torch.sqrt, velocity=None)
    net = ncl()
    rows = data.sources[0].observed
    expected = (net.density(rows.points).sqrt() - rows.density.sqrt()).square().mean()
    torch.testing.assert_close(losses(model_of(data, net))[0], expected)


def test_log1p_goes_on_smoothly_below_zero() -> None:
    f = Observations(table(), 30)._transform
    rho = torch.tensor([-3.0, -1.0, -1e-9, 0.0, 1e-9, 2.0]).requires_grad_()
    value = f(rho)
    (slope,) = torch.autograd.grad(value.sum(), rho)
    expected = torch.tensor([-3.0, -1.0, -1e-9, 0.0, 1e-9, math.log(3.0)])
    torch.testing.assert_close(value, expected, rtol=1e-8, atol=0)
    expected = torch.tensor([1.0, 1.0, 1.0, 1.0, 1.0, 1 / 3])
    torch.testing.assert_close(slope, expected, rtol=1e-8, atol=0)


# ------------------------------------------------------------------ Gaps and noise


@pytest.mark.parametrize(
    "loss", ["MSE", "MAE", lambda a, b: (a - b).square().mean().sqrt()]
)
def test_missing_entries_count_neither_in_sum_nor_in_number(loss) -> None:
    gappy, net = table(gaps=True), ncl()
    found = losses(model_of(Observations(gappy, 30), net, loss=loss))
    grads = torch.autograd.grad(found.sum(), list(net.parameters()), allow_unused=True)
    rows = gappy.observed
    known_rho, known_u = ~rows.density.isnan(), ~rows.velocity.isnan()
    assert (int(known_rho.sum()), int(known_u.sum())) == (22, 47)
    rho, u = state(net, rows.points)
    log = torch.log1p
    first = log(rho[known_rho]) - log(rows.density[known_rho])
    second = u[known_u] - rows.velocity[known_u]
    mean = dde.losses.get(loss)
    expected = torch.stack([mean(torch.zeros_like(r), r) for r in (first, second)])
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)
    by_hand = torch.autograd.grad(
        expected.sum(), list(net.parameters()), allow_unused=True
    )
    for one, other in zip(grads, by_hand, strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)


def test_momentum_needs_both_numbers_of_a_row() -> None:
    gappy, net = table(gaps=True), ncl()
    found = losses(model_of(Observations(gappy, 30, velocity="momentum"), net))[1]
    rows = gappy.observed
    target = rows.density * rows.velocity
    m = net.flux(rows.points)[:, 1:]
    expected = (m - target)[~target.isnan()].square().mean()
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)


def test_step_without_any_known_entry_has_no_loss_and_no_gradient() -> None:
    rows = table().observed
    source = Table(rows.points, rows.density * math.nan, rows.velocity)
    net = ncl()
    found = losses(model_of(Observations(source, 30), net))
    assert found[0] == 0
    assert found[1] > 0
    grads = torch.autograd.grad(found[0], list(net.parameters()), allow_unused=True)
    assert all(g is None or not g.any() for g in grads)


def test_residuals_are_divided_by_the_noise() -> None:
    tau = np.random.default_rng(1).uniform(0.5, 2, (30, 1))
    noisy = table(density_noise=0.1, velocity_noise=tau)
    net = ncl()
    found = losses(model_of(Observations(noisy, 30), net))
    rho, u = state(net, noisy.observed.points)
    first = (torch.log1p(rho) - torch.log1p(noisy.observed.density)) / 0.1
    second = (u - noisy.observed.velocity) / torch.as_tensor(tau)
    expected = torch.stack([first.square().mean(), second.square().mean()])
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)


# -------------------------------------------------- Points, conditions and penalties


def test_steps_are_a_function_of_seed_and_step() -> None:
    def points(data, steps):
        return [data.train_next_batch()[0] for _ in range(steps)]

    first = points(Observations(table(), 7, seed=3), 6)
    assert {x.shape for x in first} == {(7, 3)}
    torch.rand(3)  # the global generator plays no part
    data = Observations(table(), 7, seed=3)
    data.load_state_dict({"step": 4})
    assert all(map(torch.equal, first[4:], points(data, 2)))
    assert data.state_dict() == {"step": 6, "growth": 1.0}
    assert not torch.equal(first[0], points(Observations(table(), 7, seed=4), 1)[0])
    assert not torch.equal(first[0], first[1])
    slow = points(Observations(table(), 7, seed=3, resample_every=2), 3)
    assert torch.equal(slow[0], slow[1])
    assert not torch.equal(slow[1], slow[2])


def test_source_may_make_its_observations() -> None:
    def source(n, generator):
        points = BOX(n, generator)
        rho, u = map(torch.as_tensor, rotating_blob(points.numpy()))
        return Observed(points, rho, u, density_noise=0.1)

    found = losses(model_of(Observations(source, 9)))
    assert found.shape == (2,)
    assert torch.isfinite(found).all()


def test_order_of_terms_and_their_weights() -> None:
    bulk = Condition("bulk", BOX, 5, lambda x, y: [y[:, :1]], has_derivatives=False)
    mass = Penalty("mass", lambda net: net.bias.square().sum() + 2.0)
    options = {"conditions": [bulk], "penalties": [mass]}
    data, net = Observations(table(), 30, **options), ncl()
    plain = losses(model_of(data, net))
    assert data.loss_names == ["density", "velocity", "bulk", "mass"]
    weights = [1.0, 2.0, 3.0, 4.0]
    again = Observations(table(), 30, **options)
    weighted = losses(model_of(again, net, loss_weights=weights))
    torch.testing.assert_close(weighted, plain * torch.tensor(weights))
    assert plain[3] == net.bias.square().sum() + 2
    squared = net.density(data._train[1].points).square().mean()
    torch.testing.assert_close(plain[2], squared)


def test_loss_functions_are_for_all_terms_but_penalties() -> None:
    data = Observations(
        table(), 30, penalties=[Penalty("one", lambda _: torch.ones(()))]
    )

    def root(true, pred):
        return (true - pred).square().mean().sqrt()

    net = ncl()
    mixed = losses(model_of(data, net, loss=["MSE", root]))
    plain = losses(model_of(data, net))
    expected = torch.stack([plain[0], plain[1].sqrt(), torch.ones(())])
    torch.testing.assert_close(mixed, expected)
    with pytest.raises(ValueError, match=r"Observations: loss .* the 2 terms .* got 3"):
        losses(model_of(data, net, loss=["MSE"] * 3))


def test_no_derivative_is_prepared_for_observations() -> None:
    def slope(x, y):
        return [dde.grad.jacobian(y, x, i=0, j=0)]

    conditions = [
        Condition("flat", BOX, 5, slope),
        Condition("bulk", BOX, 6, lambda x, y: [y[:, :1]], has_derivatives=False),
    ]
    seen, net = {}, ncl()
    net.register_forward_pre_hook(
        lambda _, arguments: seen.update({len(arguments[0]): arguments[0]})
    )
    model = model_of(Observations(table(), 30, conditions=conditions), net)
    losses(model).sum().backward()
    needed = {rows: x.requires_grad for rows, x in seen.items()}
    assert needed == {30: False, 5: True, 6: False}
    again = [call.inputs().requires_grad for call in model.data.calls(net)]
    assert again == [False, True, False]
    assert isinstance(net(seen[30]), torch.Tensor)
    assert type(net(seen[30])) is torch.Tensor


def test_test_losses_are_those_of_held_out_stations() -> None:
    labels = np.arange(30) % 5
    kept, held_out = table(stations=labels).hold_out([1, 4])
    data, net = Observations(kept, 10, num_test=50, test_source=held_out), ncl()
    model = model_of(data, net)
    x, _ = data.test()
    assert torch.equal(x, held_out.observed.points)
    found = model.outputs_losses_test(x, None, None)[1]
    _, u = state(net, held_out.observed.points)
    torch.testing.assert_close(
        found[1], (u - held_out.observed.velocity).square().mean()
    )
    model.train(iterations=2, display_every=1, verbose=0)
    assert len(model.losshistory.loss_test) == 3
    train_points = {tuple(p) for p in data._train[0].points.tolist()}
    assert not train_points & {tuple(p) for p in x.tolist()}


# ---------------------------------------------------------------------------- Errors


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"density": "log2"}, "density must be one of .* got log2"),
        ({"velocity": "speed"}, "velocity must be one of .* got speed"),
        ({"output": "momentum"}, "output must be one of"),
        ({"density": None, "velocity": None}, "density and velocity must not both"),
        ({"num_observations": 0}, "num_observations must be at least 1, got 0"),
        ({"num_test": 0}, "num_test must be at least 1"),
        ({"seed": -1}, "seed must not be negative"),
        ({"penalties": [Penalty("density", abs)]}, "names must differ"),
    ],
)
def test_bad_arguments_are_refused(options, message) -> None:
    with pytest.raises(ValueError, match=f"Observations: {message}"):
        Observations(table(), **({"num_observations": 5} | options))


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        (lambda n, g: BOX(n, g), {}, "must return an Observed .* got Tensor"),
        (lambda n, g: Observed(BOX(n + 1, g)), {}, "at most 5 points, got 6"),
        (lambda n, g: Observed(BOX(n, g)), {}, "got no density"),
        (lambda n, g: Observed(BOX(n, g)), {"density": None}, "got no velocity"),
    ],
)
def test_bad_sources_are_refused(source, options, message) -> None:
    with pytest.raises(ValueError, match=message):
        losses(model_of(Observations(source, 5, **options)))


def test_momentum_without_densities_is_refused() -> None:
    rows = table().observed
    source = Table(rows.points, velocity=rows.velocity)
    data = Observations(source, 30, density=None, velocity="momentum")
    with pytest.raises(ValueError, match="got no density"):
        losses(model_of(data))


def test_network_with_too_few_outputs_is_refused() -> None:
    net = dde.nn.FNN([3, 4, 2], "tanh", "Glorot normal")
    with pytest.raises(ValueError, match=r"\(rho, w_1..w_2\), .* got \(30, 2\)"):
        losses(model_of(Observations(table(), 30, output="velocity"), net))


def test_plain_network_must_say_what_its_outputs_hold() -> None:
    with pytest.raises(ValueError, match=r"^output: must be 'flux' or .* for a FNN"):
        losses(model_of(Observations(table(), 30), NETWORKS["plain"]()))
    # Where no velocity is compared nobody asks.
    data = Observations(table(), 30, velocity=None)
    assert losses(model_of(data, NETWORKS["plain"]())).shape == (1,)


def test_network_that_says_something_else_is_refused() -> None:
    data = Observations(table(), 30, output="velocity")
    with pytest.raises(ValueError, match=r"^output: must be 'flux' or None .* NCL"):
        losses(model_of(data, NETWORKS["flux"]()))


def test_penalty_of_a_wrong_shape_is_refused() -> None:
    bad = Penalty("mass", lambda net: net.bias)
    with pytest.raises(ValueError, match=r"Penalty 'mass': .* got \("):
        losses(model_of(Observations(table(), 30, penalties=[bad]), NETWORKS["flux"]()))
