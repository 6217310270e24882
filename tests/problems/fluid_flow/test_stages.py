"""The stages of the simulated fluid flow: a grid sees the start before all."""

import pytest
from exact_network import built


@pytest.mark.parametrize("model", ["lflow", "ncl-subharmonic", "pinn", "slda"])
def test_only_a_grid_is_trained_on_the_start_alone(model):
    stages = built(model, "2d").stages
    names = [stage.name for stage in stages]
    assert names == (["start", "adam"] if model == "slda" else ["adam"])


def test_pretraining_sees_the_start_alone():
    experiment = built("slda", "3d")
    experiment.stages[0].compile(experiment.model)
    points, *_ = experiment.model.data.train_next_batch()
    assert points.shape[1] == 4
    assert (points[:, 3] == 0).all()
