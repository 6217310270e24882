import pytest
import torch

from ncl_deepxde.distributed.gradients import average_gradients, fingerprint

ERRORS = {
    "nncg": "ValueError: distributed: the optimizer must leave gradients",
    "different_weights": "RuntimeError: distributed: the weights of the processes",
}


def test_fingerprint_sees_every_bit() -> None:
    x = torch.rand(5)
    y = x.clone()
    assert fingerprint([x]) == fingerprint([y])
    y[3] = torch.nextafter(y[3], y[3] + 1)
    assert fingerprint([x]) != fingerprint([y])


def test_gradient_of_one_process_stays() -> None:
    p = torch.rand(3, requires_grad=True)
    loss = p.square().sum()
    loss.backward()
    before = p.grad.clone()
    assert average_gradients([p], loss) == loss
    assert torch.equal(p.grad, before)


@pytest.mark.slow  # two processes, once for all: 25 CPU s
@pytest.mark.parametrize("name", ERRORS)
def test_optimizers_that_would_part_are_stopped(pair, name) -> None:
    assert all(message.startswith(ERRORS[name]) for message in pair[name])
