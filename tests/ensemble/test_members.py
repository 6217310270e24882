"""Members are a function of their seeds."""

import pytest
import torch

from ncl_deepxde.ensemble import train_members
from ncl_deepxde.nn import LFlow


def test_seeds_decide_the_members():
    def weights(seed):
        net = LFlow(2, blocks=1, width=4)
        return torch.cat([p.detach().ravel() for p in net.parameters()])

    first, second, again = (train_members(weights, s)[0] for s in ([3], [4], [3]))
    assert torch.equal(first, again)
    assert not torch.equal(first, second)
    assert torch.equal(train_members(weights, [9, 3])[1], first)


def test_a_seed_counts_once():
    with pytest.raises(ValueError, match=r"seeds: must differ, got \[1, 2, 1\]"):
        train_members(lambda seed: seed, [1, 2, 1])
