"""DeepXDE's callbacks, metrics and plots work on our data, with every optimizer."""

import deepxde as dde
import numpy as np
import pytest

from ncl_deepxde.data import Collocation, Observations, Table, kronecker_box
from ncl_deepxde.nn import NCL
from ncl_deepxde.optimizers import GaussNewton


def ones(x):
    return np.ones((len(x), 2))


def collocation(factor):
    return Collocation(
        lambda x, y: factor * dde.grad.jacobian(y, x, i=1, j=0),
        kronecker_box([0, 0], [1, 1]),
        20,
        solution=ones,
    )


def observations(factor):
    x = np.random.default_rng(0).random((30, 2))
    rows = Table(x, density=np.ones((30, 1)), velocity=np.zeros((30, 1)))
    return Observations(rows, 30, solution=ones)


def compile_adam(model, **options):
    model.compile("adam", lr=1e-3, **options)


def compile_gauss_newton(model, **options):
    model.compile(GaussNewton(model), **options)


def a_model(data):
    net = NCL([2, 8, 2], "tanh", "Glorot normal", mean_density=1.0)
    return dde.Model(data, net)


@pytest.mark.parametrize("compiled", [compile_adam, compile_gauss_newton])
@pytest.mark.parametrize("data", [collocation, observations])
def test_stopping_saving_and_unknowns(compiled, data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    factor = dde.Variable(1.0)
    model, is_ours = a_model(data(factor)), data is collocation
    options = {"metrics": ["l2 relative error"], "verbose": 0}
    unknowns = {"external_trainable_variables": [factor]}
    compiled(model, **options, **(unknowns if is_ours else {}))
    callbacks = [
        dde.callbacks.EarlyStopping(patience=3, min_delta=1e9),
        dde.callbacks.ModelCheckpoint("kept", save_better_only=True, period=2),
        dde.callbacks.VariableValue([factor], period=2, filename="factor.dat"),
    ]
    history, state = model.train(
        iterations=20, display_every=2, callbacks=callbacks, verbose=0
    )
    callbacks[2].file.close()  # which DeepXDE leaves open
    assert state.step == 4
    assert np.isfinite(state.best_metrics).all()
    values = (tmp_path / "factor.dat").read_text().splitlines()
    assert [line.split()[0] for line in values] == ["0", "2", "4"]
    assert (len({line.split()[1] for line in values}) > 1) == is_ours
    x = np.random.default_rng(1).random((5, 2))
    again = a_model(data(factor))
    compiled(again, **options, **(unknowns if is_ours else {}))
    best = max(tmp_path.glob("kept-*.pt"), key=lambda path: int(path.stem[5:]))
    again.restore(str(best), verbose=0)
    assert np.isfinite(again.predict(x)).all()
    if best.stem == "kept-4":
        assert np.array_equal(again.predict(x), model.predict(x))
    dde.saveplot(history, state, issave=True, isplot=False)
    assert len(np.loadtxt("loss.dat")) == 3
