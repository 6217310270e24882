"""What a step needs is foretold, and a step that cannot fit is refused."""

import re
import sys
import warnings
from functools import partial

import deepxde as dde
import pytest
import torch

from ncl_deepxde.data import Collocation, Condition, SampledObjective, uniform_box
from ncl_deepxde.evaluation import step_memory as module
from ncl_deepxde.evaluation.memory import peak_mib
from ncl_deepxde.evaluation.step_memory import CERTAIN, check_memory, step_memory
from ncl_deepxde.nn import NCL, LFlow
from ncl_deepxde.operators import Flow, incompressibility
from ncl_deepxde.optimizers import SOAP, GaussNewton
from ncl_deepxde.runs import Stage, train

BOX = uniform_box([0.0, 0.0, 0.0], [1.0, 1.0, 1.0])
MIB = 2**20


def residual(x, y):
    return incompressibility(Flow.of(x, y))


def start(x, y):
    return [y[:, :1] - 1]


def ncl(points, width=24):
    net = NCL([3, width, width, 4], "tanh", "Glorot normal")
    at_start = uniform_box([0.0, 0.0, 0.0], [1.0, 1.0, 0.01])
    condition = Condition("start", at_start, max(1, points // 3), start)
    return dde.Model(Collocation(residual, BOX, points, [condition]), net)


def script(points):
    time = dde.geometry.TimeDomain(0, 1)
    domain = dde.geometry.GeometryXTime(dde.geometry.Interval(0, 1), time)

    def pde(x, y):
        return dde.grad.jacobian(y, x, j=1) - dde.grad.hessian(y, x, i=0, j=0)

    bc = dde.icbc.DirichletBC(domain, lambda x: 0 * x[:, :1], lambda _, on: on)
    data = dde.data.TimePDE(domain, pde, [bc], points, points // 4)
    return dde.Model(data, dde.nn.FNN([2, 16, 16, 1], "tanh", "Glorot normal"))


class Energy:
    """The mean of a square, from some random points."""

    def __init__(self, batch):
        self.batch = batch

    def with_batch(self, batch):
        return Energy(batch)

    def __call__(self, net, generator):
        x = torch.rand(self.batch, 3, generator=generator)
        return {"energy": net(x).square().mean()}


def sampled(points):
    data = SampledObjective(Energy(points), num_inputs=3)
    return dde.Model(data, LFlow(2, blocks=2, width=16))


def lbfgs(model):
    return torch.optim.LBFGS(model.net.parameters(), max_iter=3, history_size=3)


def solved(solver):
    return partial(GaussNewton, solver=solver, growth=False)


CASES = {
    "adam": (ncl, lambda m: torch.optim.Adam(m.net.parameters()), 900),
    "lbfgs": (ncl, lbfgs, 600),
    "soap": (partial(ncl, width=64), SOAP, 100),
    "kernel": (ncl, solved("kernel"), 600),
    "gram": (partial(ncl, width=12), solved("gram"), 600),
    "few rows": (ncl, solved("auto"), 1500),
    "cg": (ncl, partial(solved("cg"), rank=20), 600),
    "script": (script, lambda m: torch.optim.Adam(m.net.parameters()), 900),
    "script, gram": (script, solved("gram"), 600),
    "sampled": (sampled, lambda m: torch.optim.Adam(m.net.parameters()), 600),
}


def compiled(case, points=None):
    build, optimizer, number = CASES[case]
    model = build(points or number)
    model.compile(optimizer(model), verbose=0)
    return model


def step_of(model):
    batch = model.data.train_next_batch()
    return partial(model.train_step, *batch, *[None] * (3 - len(batch)))


@pytest.mark.parametrize("case", CASES)
def test_foretold_is_what_a_step_takes(case):
    model = compiled(case)
    foretold = step_memory(model)
    step = step_of(model)
    step()
    took = peak_mib(step) * MIB
    # The factor that decides between a warning and a refusal.
    assert took / CERTAIN < foretold.at(foretold.points) < CERTAIN * took


@pytest.mark.parametrize("case", ["adam", "kernel", "script", "sampled"])
def test_looking_changes_nothing(case):
    model, other = compiled(case), None
    for p in model.net.parameters():
        torch.nn.init.normal_(p, std=0.3, generator=torch.Generator().manual_seed(1))
    weights = {k: v.clone() for k, v in model.net.state_dict().items()}
    other = torch.get_rng_state(), model.data, getattr(model.data, "step", 0)
    step_memory(model)
    assert torch.equal(torch.get_rng_state(), other[0])
    assert (model.data, getattr(model.data, "step", 0)) == other[1:]
    for name, value in model.net.state_dict().items():
        assert torch.equal(value, weights[name]), name


@pytest.fixture
def room(monkeypatch):
    """Return a function that sets the memory there is, in bytes."""
    monkeypatch.setattr(module, "MOST_PER_UNIT", 1e12)

    def is_there(size):
        monkeypatch.setattr(module, "available_memory", lambda device: size)

    return is_there


@pytest.mark.parametrize("case", ["adam", "kernel", "script"])
def test_the_number_that_fits_fits(case, room):
    model = compiled(case)
    foretold = step_memory(model)
    needed = foretold.at(foretold.points)
    # Weights and panels that no number of points saves stay.
    room((needed + foretold.at(1)) / 2)
    with pytest.warns(RuntimeWarning, match="must fit into memory") as told:
        check_memory(model)
    points = int(re.search(r"about (\d+) points fit", str(told[0].message))[1])
    assert 16 < points < foretold.points
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # The smaller one is counted at other points.
        share = 0.95 * points / foretold.points
        check_memory(compiled(case, round(share * CASES[case][2])))


def test_what_cannot_fit_is_refused_before_the_first_step(room, tmp_path):
    room(1000.0)
    model = compiled("adam")
    stage = Stage("adam", lambda m: m.compile("adam", lr=1e-3, verbose=0), steps=2)
    with pytest.raises(ValueError, match=r"Adam: a step with 900 points must fit"):
        train(model, [stage], tmp_path, name="adam", progress=False)
    assert (tmp_path / "log.jsonl").read_text() == ""


def test_gauss_newton_refuses_in_a_script(room):
    room(1000.0)
    model = compiled("kernel")
    with pytest.raises(ValueError, match=r"GaussNewton: a step with 600 points"):
        model.train(iterations=1, verbose=0)


@pytest.mark.parametrize("size", [None, sys.float_info.max])
def test_what_fits_is_not_counted(size, monkeypatch):
    monkeypatch.setattr(module, "available_memory", lambda device: size)
    monkeypatch.setattr(module, "step_memory", lambda model: pytest.fail("counted"))
    check_memory(compiled("adam"))


def test_data_of_strangers_are_not_counted(room):
    data = dde.data.Function(dde.geometry.Interval(0, 1), lambda x: x, 20, 5)
    model = dde.Model(data, dde.nn.FNN([1, 4, 1], "tanh", "Glorot normal"))
    model.compile("adam", lr=1e-3, verbose=0)
    room(1.0)
    assert step_memory(model) is None
    check_memory(model)
