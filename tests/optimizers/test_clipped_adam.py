"""Adam on clipped gradients."""

import pytest
import torch

from ncl_deepxde.optimizers.clipped_adam import ClippedAdam


def trained(optimizer_of, factor, clip=None):
    """Return the weights after three steps down a scaled loss, and the losses."""
    net = torch.nn.Linear(2, 1)
    torch.nn.init.constant_(net.weight, 0.5)
    torch.nn.init.zeros_(net.bias)
    optimizer = optimizer_of(net.parameters())
    x = torch.tensor([[1.0, 2.0], [-1.0, 0.5]])
    losses = []

    def closure():
        optimizer.zero_grad()
        loss = factor * (net(x) - 1).square().mean()
        loss.backward()
        return loss

    for _ in range(3):
        if clip is None:
            losses.append(optimizer.step(closure).item())
        else:
            losses.append(closure().item())
            torch.nn.utils.clip_grad_norm_(net.parameters(), clip)
            optimizer.step()
    return torch.cat([p.detach().flatten() for p in net.parameters()]), losses


@pytest.mark.parametrize("factor", [0.01, 100.0])
def test_steps_are_those_of_adam_on_clipped_gradients(factor) -> None:
    found = trained(lambda p: ClippedAdam(p, 0.3, lr=0.1), factor)
    expected = trained(lambda p: torch.optim.Adam(p, lr=0.1), factor, clip=0.3)
    assert torch.equal(found[0], expected[0])
    assert found[1] == expected[1]


def test_gradients_are_clipped() -> None:
    p = torch.nn.Parameter(torch.tensor([3.0, 4.0]))
    optimizer = ClippedAdam([p], 1.0, lr=0.0)

    def closure():
        loss = p.square().sum() / 2
        loss.backward()
        return loss

    optimizer.step(closure)
    torch.testing.assert_close(p.grad, torch.tensor([0.6, 0.8]), rtol=1e-5, atol=0)
