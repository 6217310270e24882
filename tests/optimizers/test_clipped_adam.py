"""Adam with a bound on the gradient."""

import pytest
import torch

from ncl_deepxde.optimizers.clipped_adam import ClippedAdam


@pytest.mark.parametrize(("clip", "moved"), [(0.05, 0.05), (torch.inf, 20.0)])
def test_clipped_adam_bounds_the_gradient(clip, moved):
    """Seen by the first moment, which is a tenth of the gradient."""
    p = torch.nn.Parameter(torch.tensor([3.0, 4.0]))
    adam = ClippedAdam([p], clip, lr=0.1)

    def closure():
        adam.zero_grad()
        loss = 2 * p.square().sum()
        loss.backward()
        return loss

    assert float(adam.step(closure).detach()) == 50
    first = adam.state[p]["exp_avg"]
    assert float(first.norm()) == pytest.approx(0.1 * moved, rel=1e-4)
