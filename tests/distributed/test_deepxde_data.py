import deepxde as dde
import numpy as np
import pytest
import torch
from trainings import network, script

from ncl_deepxde.distributed import Processes, WholeLoss, processes, share
from ncl_deepxde.distributed.processes import enter


@pytest.fixture
def second_of_three():
    before = processes()
    yield enter(Processes(1, 3))
    enter(before)


def test_one_process_keeps_its_data() -> None:
    model = dde.Model(script(), network())
    data = model.data
    share(model)
    assert model.data is data


def test_every_term_is_shared(second_of_three) -> None:
    from ncl_deepxde.distributed.deepxde_data import SharedTimePDE, _share_of

    data = script()
    shared = SharedTimePDE.__new__(SharedTimePDE)
    shared.__dict__ = vars(data) | {"whole": None}
    here = _share_of(shared)
    wanted = [len(range(n)[Processes(1, 3).share(n, "")]) for n in data.num_bcs]
    pairs = data.num_bcs[2] // 2
    wanted[2] = 2 * len(range(pairs)[Processes(1, 3).share(pairs, "")])
    assert here.num_bcs == wanted
    # The images of a periodic condition are those of its points.
    first = sum(wanted[:2])
    points, images = np.split(here.train_x[first : first + wanted[2]], 2)
    np.testing.assert_array_equal(points[:, 1], images[:, 1])
    assert len(here.bcs[4].values) == wanted[4]
    assert _share_of(shared) is here


def test_loss_of_one_process_is_that_of_deepxde() -> None:
    y, z = torch.rand(5, 1), torch.rand(5, 1)
    mse = dde.losses.mean_squared_error
    assert WholeLoss(mse)(y, z) == mse(y, z)


@pytest.mark.slow  # two processes, once for all: 25 CPU s
def test_processes_of_other_seeds_are_refused(pair) -> None:
    first, second = pair["other_weights"]
    assert first.startswith("ValueError: distributed: weights must be the same on all")
    assert "set_random_seed" in first
    assert second == first
