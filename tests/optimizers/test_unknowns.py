"""Unknowns of an equation train under our optimizers, and survive a checkpoint."""

import sys
from pathlib import Path

import deepxde as dde
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent / "gauss_newton"))
from deepxde_problems import Diffusivity

from ncl_deepxde.optimizers import SOAP, ClippedAdam, GaussNewton

OPTIMIZERS = {
    "gauss-newton": (GaussNewton, 25, 0.02),
    "samples": (lambda m: GaussNewton(m, path="samples", order=2), 15, 0.05),
    "soap": (SOAP, 500, 0.15),
}


def trained(problem, build, steps):
    model = problem.model()
    model.compile(build(model), external_trainable_variables=problem.C, verbose=0)
    model.train(iterations=steps, display_every=steps, verbose=0)
    return model


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_diffusivity_is_found(name, tmp_path) -> None:
    build, steps, tolerance = OPTIMIZERS[name]
    dde.config.set_random_seed(0)
    problem = Diffusivity()
    model = trained(problem, build, steps)
    assert problem.C.item() == pytest.approx(1.0, abs=tolerance)
    path = model.save(str(tmp_path / "model"))
    model.train(iterations=2, display_every=2, verbose=0)
    expected = problem.C.item()

    dde.config.set_random_seed(0)
    again = Diffusivity()
    other = again.model()
    other.compile(build(other), external_trainable_variables=again.C, verbose=0)
    other.restore(path, verbose=0)
    other.train(iterations=2, display_every=2, verbose=0)
    assert again.C.item() == expected


def test_variable_value_is_written(tmp_path) -> None:
    problem = Diffusivity()
    model = problem.model()
    model.compile(GaussNewton(model), external_trainable_variables=problem.C, verbose=0)
    file = tmp_path / "C.dat"
    value = dde.callbacks.VariableValue(problem.C, period=1, filename=str(file))
    model.train(iterations=3, callbacks=[value], verbose=0)
    value.file.close()
    assert len(file.read_text().split("\n")) >= 4


@pytest.mark.parametrize(
    "build",
    [
        lambda net: SOAP(net.parameters()),
        lambda net: ClippedAdam(net.parameters(), 1.0, lr=1e-3),
    ],
)
def test_what_would_be_ignored_is_refused(build) -> None:
    problem = Diffusivity()
    model = problem.model()
    model.compile(build(model.net), external_trainable_variables=problem.C, verbose=0)
    with pytest.raises(ValueError, match="params must hold the external_trainable"):
        model.train(iterations=1, verbose=0)

    data = dde.data.Function(dde.geometry.Interval(0, 1), lambda x: x, 5, 5)
    net = dde.nn.FNN([1, 3, 1], "tanh", "Glorot normal", ["l2", 1e-3])
    model = dde.Model(data, net)
    model.compile(build(net), verbose=0)
    with pytest.raises(ValueError, match="regularization must not be l2"):
        model.train(iterations=1, verbose=0)


def test_a_constant_is_no_unknown() -> None:
    model = Diffusivity().model()
    fixed = torch.tensor(1.0)
    model.compile(GaussNewton(model), external_trainable_variables=fixed, verbose=0)
    with pytest.raises(ValueError, match=r"must be a dde.Variable.*shape \(\)"):
        model.train(iterations=1, verbose=0)
