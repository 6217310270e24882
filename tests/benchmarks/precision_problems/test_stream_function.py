"""Galerkin's method for stream functions: a flow that is known, and the order."""

import numpy as np
import torch


def at_rest_on_walls(x):
    return ((x * (1 - x)).prod(dim=1, keepdim=True)) ** 2 * torch.exp(x[:, :1])


def test_what_is_added_undoes_a_part_that_rests_on_walls(problems):
    # Without a moving wall there is no flow, whatever the known part is.
    module = problems("stream_function")
    points = np.random.default_rng(0).uniform(size=(20, 2))
    found = module.velocity(at_rest_on_walls, 0.1, 12, points)
    assert np.abs(found).max() < 1e-10


def test_two_liftings_of_one_lid_give_one_flow(problems):
    module = problems("stream_function")

    def lid(x):
        return 16 * (x[:, :1] * (1 - x[:, :1]) * x[:, 1:]) ** 2 * (x[:, 1:] - 1)

    def other(x):
        return lid(x) + at_rest_on_walls(x)

    points = np.random.default_rng(0).uniform(size=(20, 2))
    found = [module.velocity(f, 0.02, 12, points) for f in (lid, other)]
    assert np.abs(found[0]).max() > 0.05
    np.testing.assert_allclose(*found, atol=1e-7)
