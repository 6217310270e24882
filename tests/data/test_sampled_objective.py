"""Sampled objectives: repeatable draws, terms and weights, resumed runs, errors."""

from __future__ import annotations

import deepxde as dde
import pytest
import torch

from ncl_deepxde.data import SampledObjective
from ncl_deepxde.nn import NCL, LFlow, SubharmonicNCL
from ncl_deepxde.optimizers import GaussNewton
from ncl_deepxde.runs import Stage, train


def distance(net, generator):
    """Mean square of net(x) - x over the unit interval."""
    x = torch.rand(64, 1, generator=generator)
    return (net(x) - x).square().mean()


def size(net, generator):
    return sum(p.square().sum() for p in net.parameters())


def objective(**options):
    terms = {"distance": distance, "size": size}
    return SampledObjective(terms, num_inputs=1, **options)


def model_of(data, net=None, **options):
    net = net or dde.nn.FNN([1, 8, 1], "tanh", "Glorot normal")
    model = dde.Model(data, net)
    model.compile("adam", lr=1e-2, verbose=0, **options)
    return model


def draws(data, steps):
    """What the terms draw at each of some training steps."""
    seen = []
    data.terms = {"draw": lambda _, generator: _draw(generator, seen)}
    for _ in range(steps):
        data.train_next_batch()
        data.losses_train(None, None, None, None, model_of(data))
    return seen


def _draw(generator, seen):
    seen.append(torch.rand(3, generator=generator))
    return seen[-1].sum()


def test_draws_are_a_function_of_seed_and_step():
    first = draws(objective(seed=3), 4)
    torch.rand(5)  # the global generator plays no part
    data = objective(seed=3)
    data.load_state_dict({"step": 2})
    for early, late in zip(first[2:], draws(data, 2), strict=True):
        assert torch.equal(early, late)
    assert data.state_dict() == {"step": 4}
    others = [*first[1:], draws(objective(seed=4), 1)[0]]
    assert not any(torch.equal(first[0], other) for other in others)


def test_evaluations_of_one_step_agree_and_test_draws_stay():
    data = objective()
    model = model_of(data)
    data.train_next_batch()
    arguments = (None, None, None, None, model)
    losses = [data.losses_train(*arguments), data.losses_train(*arguments)]
    tests = [data.losses_test(*arguments)]
    data.train_next_batch()
    losses.append(data.losses_train(*arguments))
    tests.append(data.losses_test(*arguments))
    assert losses[0][0] == losses[1][0] != losses[2][0]
    assert tests[0][0] == tests[1][0] not in (losses[0][0], losses[2][0])
    assert [loss.shape for loss in losses[0]] == [()] * 2


def test_losses_are_the_weighted_terms():
    data = objective(seed=5)
    model = model_of(data, loss_weights=[2.0, 3.0])
    inputs, _ = data.train_next_batch()
    assert inputs.shape == (0, 1)
    _, losses = model.outputs_losses_train(inputs, None, None)
    terms = torch.stack(data.estimate(model.net, 0, 0))
    torch.testing.assert_close(losses, torch.tensor([2.0, 3.0]) * terms)
    assert data.loss_names == ["distance", "size"]


def test_one_function_may_return_all_terms():
    def both(net, generator):
        return {"distance": distance(net, generator), "size": size(net, generator)}

    joint = SampledObjective(both, num_inputs=1)
    assert joint.loss_names == []
    net = model_of(joint).net
    assert joint.estimate(net, 0, 7) == objective().estimate(net, 0, 7)
    assert joint.loss_names == ["distance", "size"]


@pytest.mark.parametrize("kind", ["adam", "l-bfgs"])
def test_training_minimizes_the_expectation(kind):
    # The fit of x on [0, 1] has no error but that of the network.
    data = SampledObjective({"distance": distance}, num_inputs=1)
    model = model_of(data)
    if kind == "l-bfgs":
        optimizer = torch.optim.LBFGS(
            model.net.parameters(), max_iter=5, line_search_fn="strong_wolfe"
        )
        model.compile(optimizer, verbose=0)
    history, _ = model.train(iterations=40, display_every=40, verbose=0)
    assert history.loss_test[-1].sum() < 0.1 * history.loss_test[0].sum()


class Interruption(Exception):
    pass


class Interrupt(dde.callbacks.Callback):
    def on_batch_begin(self):
        if self.model.train_state.step == 11:
            raise Interruption


def run(directory, callbacks=(), **options):
    dde.config.set_random_seed(0)
    model = dde.Model(objective(), dde.nn.FNN([1, 8, 1], "tanh", "Glorot normal"))
    stages = [
        Stage(
            "adam",
            lambda m: m.compile("adam", lr=1e-2, loss_weights=[1, 1e-3], verbose=0),
            steps=16,
        )
    ]
    train(
        model,
        stages,
        directory,
        name="net",
        checkpoint_steps=4,
        progress=False,
        callbacks=callbacks,
        **options,
    )
    return torch.nn.utils.parameters_to_vector(model.net.parameters())


def test_a_resumed_run_gives_the_same_bits(tmp_path):
    whole = run(tmp_path / "whole")
    with pytest.raises(Interruption):
        run(tmp_path / "broken", [Interrupt()])
    assert torch.equal(run(tmp_path / "broken", resume=True), whole)


@pytest.mark.parametrize(
    "build",
    [
        lambda: LFlow(2, blocks=2, width=4),
        lambda: SubharmonicNCL(2, components=4),
        lambda: NCL([3, 8, 3], "tanh", "Glorot normal"),
    ],
    ids=["lflow", "subharmonic", "ncl"],
)
def test_exact_networks_train_on_what_the_terms_evaluate(build):
    def spread(net, generator):
        x = 3 + torch.rand(32, 3, generator=generator)
        return net.flux(x).square().mean()

    model = model_of(SampledObjective({"spread": spread}, num_inputs=3), build())
    before = [p.detach().clone() for p in model.net.parameters()]
    model.train(iterations=2, display_every=10, verbose=0)
    after = [*model.net.parameters()]
    assert any(not torch.equal(a, b) for a, b in zip(after, before, strict=True))
    assert all(p.isfinite().all() for p in after)


@pytest.mark.parametrize(
    ("terms", "shape"),
    [
        ({"bad": lambda net, generator: torch.zeros(7, 1)}, r"\(7, 1\)"),
        (lambda net, generator: {"bad": 0.0}, "float"),
    ],
)
def test_terms_must_be_numbers(terms, shape):
    model = model_of(SampledObjective(terms, num_inputs=1))
    with pytest.raises(ValueError, match=f"'bad' must be a 0-dimensional.*{shape}"):
        model.train(iterations=1, verbose=0)


@pytest.mark.parametrize(
    ("terms", "options", "message"),
    [
        ({}, {}, "terms must hold at least one function"),
        ({"size": 3}, {}, "terms must hold at least one function"),
        (3, {}, "or one function, got 3"),
        ({"size": size}, {"num_inputs": 0}, "num_inputs must be at least 1, got 0"),
        ({"size": size}, {"seed": -1}, "seed must be at least 0, got -1"),
    ],
)
def test_bad_arguments_are_named(terms, options, message):
    with pytest.raises(ValueError, match=message):
        SampledObjective(terms, **{"num_inputs": 1, **options})


def test_gauss_newton_refuses():
    model = model_of(objective())
    with pytest.raises(ValueError, match="got a SampledObjective, whose"):
        model.compile(GaussNewton(model), verbose=0)
