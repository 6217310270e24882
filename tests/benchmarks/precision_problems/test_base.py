"""What problems have in common: models, errors, grids, periodic networks."""

import numpy as np
import pytest
import torch

from ncl_deepxde.data import uniform_box


def case(base, measure, **options):
    def reference():
        points = base.grid(np.linspace(0, 1, 3), np.linspace(0, 1, 4))
        return points, points[:, :1] + 1

    def network():
        return torch.nn.Linear(2, 1), lambda x, y: y

    return base.Case(
        {"linear": network},
        uniform_box([0.0, 0.0], [1.0, 1.0]),
        5,
        reference,
        measure=measure,
        **options,
    )


def test_errors_are_what_they_are_called(problems):
    base = problems("base")

    def net(x):
        return x[:, :1] + 1.5

    net.training, net.eval, net.train = True, lambda: None, lambda mode: None
    assert case(base, "RMS").error(net) == pytest.approx(0.5)
    exact = case(base, "RMS").reference()[1]
    relative = 0.5 * exact.size**0.5 / np.linalg.norm(exact)
    assert case(base, "relative l2").error(net) == pytest.approx(relative)
    doubled = case(base, "RMS", value=lambda net, x: 0 * x[:, :1] + 1 + x[:, :1])
    assert doubled.error(net) == pytest.approx(0)


def test_seeds_select_weights_and_points(problems):
    found = []
    for seed in (0, 0, 1):
        model = case(problems("base"), "RMS").model("linear", seed)
        points = model.data.train_next_batch()[0]
        found.append((model.net.weight.detach().clone(), points))
    for first, second, third in zip(*found, strict=True):
        assert torch.equal(torch.as_tensor(first), torch.as_tensor(second))
        assert not torch.equal(torch.as_tensor(first), torch.as_tensor(third))
    assert found[0][1].shape == (5, 2)


def test_last_axis_of_a_grid_is_fastest(problems):
    points = problems("base").grid(np.array([0.0, 1.0]), np.array([2.0, 3.0]))
    assert points.tolist() == [[0, 2], [0, 3], [1, 2], [1, 3]]
