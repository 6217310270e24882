"""The baseline without any law."""

import torch

from ncl_deepxde.problems.bird_migration.mlp import ResidualFlow


def test_residual_network_is_a_function_of_each_point_when_evaluated():
    net = ResidualFlow(3, 8, 2)
    x = torch.rand(7, 4)
    net.train()(x)
    rows = net.eval()(x)
    assert rows.shape == (7, 4)
    torch.testing.assert_close(net(x[:1]), rows[:1])
    assert (rows[:, 0] > 0).all()
    assert (rows[:, 3] == 0).all()
