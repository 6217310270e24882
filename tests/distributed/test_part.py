"""A part of the points of a step, as it is looked at before a training."""

import deepxde as dde
import numpy as np
import pytest
import torch
from trainings import collocation

from ncl_deepxde.distributed import one_of, part_of, processes, share


def equation(x, y):
    return y


def script(points=200):
    line = dde.geometry.Interval(0, 1)
    bc = dde.icbc.DirichletBC(line, lambda x: x[:, :1], lambda _, on: on)
    values = dde.icbc.PointSetBC(np.linspace(0, 1, 7)[:, None], np.arange(7)[:, None])
    return dde.data.PDE(line, equation, [bc, values], points, 2)


def test_one_of_many_gets_a_point_of_each():
    with one_of(50):
        assert processes().share(200, "x") == slice(0, 4)
        assert processes().share(3, "x") == slice(0, 1)
    assert processes().size == 1


def test_fresh_points_are_the_first_of_the_step():
    data = collocation(points=200)
    few, part = part_of(data, 20)
    inputs, _ = few.train_next_batch()
    again, _ = few.train_next_batch()
    whole, _ = data.train_next_batch()
    assert part == pytest.approx(0.1)
    assert torch.equal(inputs, whole[:20])
    assert torch.equal(again, inputs)
    assert few.seed == data.seed


def test_points_of_a_script_keep_their_conditions():
    data = script()
    before = data.train_x.copy()
    few, part = part_of(data, 20)
    count = len(before)
    assert part == 1 / (count // 20)
    assert few.num_bcs == [1, 1]
    assert 1 <= len(few.train_x) <= 25
    assert {*few.train_x[:, 0]} <= {*before[:, 0]}
    assert few.train_next_batch()[0] is few.train_x
    assert np.array_equal(data.train_x, before)
    assert len(data.bcs[1].values) == 7


def test_small_steps_are_whole():
    few, part = part_of(collocation(points=10), 48)
    assert part == 1
    assert len(few.train_next_batch()[0]) == 10


def test_data_without_parts():
    line = dde.geometry.Interval(0, 1)
    assert part_of(dde.data.Function(line, np.sin, 10, 5), 4) is None
    # One process shares nothing, and leaves the data what they are.
    model = dde.Model(script(), dde.nn.FNN([1, 4, 1], "tanh", "Glorot normal"))
    share(model)
    assert type(model.data) is dde.data.PDE
