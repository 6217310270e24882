"""Initial weights of the networks."""

import pytest
import torch

from ncl_deepxde.problems.euler.weights import initializer, scaled


def test_lecun_normal_has_the_variance_of_one_over_the_inputs():
    weight = torch.empty(400, 250)
    initializer("LeCun normal")(weight)
    # Means of 100,000 numbers.
    assert weight.var() == pytest.approx(1 / 250, rel=0.03)
    assert abs(weight.mean()) < 1e-3


def test_other_names_are_those_of_deepxde():
    assert initializer("Glorot normal") == "Glorot normal"


def test_all_weights_are_scaled():
    net = torch.nn.Linear(3, 2)
    before = [p.detach().clone() for p in net.parameters()]
    assert scaled(net, 0.5) is net
    for parameter, old in zip(net.parameters(), before, strict=True):
        assert torch.equal(parameter, 0.5 * old)
        assert parameter.requires_grad
