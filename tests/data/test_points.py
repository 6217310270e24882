"""Points of our data in DeepXDE's files, callbacks and metrics."""

import deepxde as dde
import numpy as np
import pytest
import torch

from ncl_deepxde.data import Collocation, SampledObjective, uniform_box
from ncl_deepxde.data.points import FixedPoints, Points, numpy_points
from ncl_deepxde.nn import NCL

BOX = uniform_box([0, 0, 0], [1, 1, 1])


def collocation():
    return Collocation(lambda x, y: y[:, :1], BOX, 20)


def objective():
    def e(net, generator):
        return net(torch.rand(9, 3, generator=generator)).square().mean()

    return SampledObjective({"e": e}, num_inputs=3)


def trained(data, callbacks=None):
    model = dde.Model(data, NCL([3, 8, 3], "tanh", "Glorot normal"))
    model.compile("adam", lr=1e-3, verbose=0)
    return model.train(iterations=2, callbacks=callbacks, verbose=0)


@pytest.mark.parametrize("build", [collocation, objective])
def test_saveplot_writes_its_files(build, tmp_path) -> None:
    history, state = trained(build())
    dde.saveplot(history, state, issave=True, isplot=False, output_dir=str(tmp_path))
    assert {p.name for p in tmp_path.iterdir()} >= {"loss.dat", "train.dat", "test.dat"}


@pytest.mark.parametrize("build", [collocation, objective])
def test_resampling_is_not_needed_and_says_so(build) -> None:
    with pytest.warns(UserWarning, match="PDEPointResampler has no effect"):
        trained(build(), [dde.callbacks.PDEPointResampler(period=1)])


def test_numpy_sees_points_that_are_differentiated() -> None:
    x = torch.rand(4, 2)
    points = x.as_subclass(Points).requires_grad_()
    assert np.array_equal(np.array(points), x.numpy())
    assert np.array_equal(numpy_points(points), x.numpy())
    fixed = x.as_subclass(FixedPoints).requires_grad_()
    assert not fixed.requires_grad
    assert isinstance(fixed[:, 0], FixedPoints)
