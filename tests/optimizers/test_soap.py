"""SOAP: what it minimizes, how it turns with its basis, how it goes on."""

from __future__ import annotations

import copy

import pytest
import torch

from ncl_deepxde.optimizers import SOAP


def rotation(n):
    return torch.linalg.qr(torch.randn(n, n))[0]


def trained(loss, start, steps=50, **options):
    W = start.clone().requires_grad_()
    optimizer = SOAP([W], **options)
    for _ in range(steps):
        optimizer.zero_grad()
        loss(W).backward()
        optimizer.step()
    return W.detach()


def test_rotated_problems_have_rotated_solutions():
    """Adam depends on the axes, SOAP does not."""
    U, V = rotation(3), rotation(3)
    target, start = torch.randn(3, 3), torch.randn(3, 3)
    scales = torch.logspace(-1, 0, 3)

    def loss(W):
        return ((W - target) * scales).square().sum()

    def rotated(W):
        return loss(U.T @ W @ V)

    expected = U @ trained(loss, start) @ V.T
    found = trained(rotated, U @ start @ V.T)
    # Round-off, amplified where a mean of squares is small.
    assert (found - expected).abs().max() < 1e-6
    W = (U @ start @ V.T).requires_grad_()
    adam = torch.optim.Adam([W], lr=0.01)
    for _ in range(50):
        adam.zero_grad()
        rotated(W).backward()
        adam.step()
    assert (W.detach() - expected).abs().max() > 1e-2


def test_badly_scaled_least_squares_is_solved():
    X = torch.randn(200, 10) @ rotation(10) * torch.logspace(-2, 0, 10)
    X = X @ rotation(10)
    exact = torch.randn(5, 10)

    def loss(W):
        return (X @ (W - exact).T).square().mean()

    start = torch.zeros(5, 10)
    error = loss(trained(loss, start, 300, lr=0.05)) / loss(start)
    W = start.clone().requires_grad_()
    adam = torch.optim.Adam([W], lr=0.05, betas=(0.95, 0.95))
    for _ in range(300):
        adam.zero_grad()
        loss(W).backward()
        adam.step()
    assert error < 0.3 * loss(W.detach()) / loss(start)


@pytest.mark.parametrize("start", [3.0, [3.0], [[3.0]]])
def test_first_step_begins_and_the_second_has_the_size_of_the_rate(start):
    # Of one entry the bases are 1 or -1, so that SOAP is Adam.
    W = torch.tensor(start, requires_grad=True)
    optimizer = SOAP([W], lr=0.1)
    for expected in (3.0, 2.9):
        optimizer.zero_grad()
        (2 * W).sum().backward()
        optimizer.step()
        assert W.item() == pytest.approx(expected, rel=1e-7)


def test_goes_on_from_its_state():
    X, target = torch.randn(50, 4), torch.randn(50, 3)
    layer = torch.nn.Linear(4, 3)
    optimizer = SOAP(layer.parameters(), lr=0.05, basis_every=3)

    def steps(layer, optimizer, number):
        for _ in range(number):
            optimizer.zero_grad()
            (layer(X) - target).square().mean().backward()
            optimizer.step()

    steps(layer, optimizer, 7)
    twin = torch.nn.Linear(4, 3)
    twin.load_state_dict(layer.state_dict())
    resumed = SOAP(twin.parameters(), lr=0.05, basis_every=3)
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    steps(layer, optimizer, 7)
    steps(twin, resumed, 7)
    assert torch.equal(layer.weight, twin.weight)
    assert torch.equal(layer.bias, twin.bias)


def test_unused_parameters_and_closures():
    used, unused = (torch.ones(2, requires_grad=True) for _ in range(2))
    optimizer = SOAP([used, unused], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = used.square().sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 2.0
    assert optimizer.step(closure).item() == 2.0
    assert optimizer.step(closure).item() < 2.0
    assert unused.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lr": 0.0}, "lr must be positive"),
        ({"betas": (1.0, 0.9)}, r"betas\[0\] must lie in \[0, 1\)"),
        ({"betas": (0.9, -1.0)}, r"betas\[1\] must lie in \[0, 1\)"),
        ({"basis_decay": 1.0}, "basis_decay must lie"),
        ({"basis_every": 0}, "basis_every must be at least 1"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        SOAP([torch.ones(2, 2, requires_grad=True)], **options)


def test_refuses_other_shapes():
    with pytest.raises(ValueError, match="at most two dimensions, got the shapes"):
        SOAP([torch.ones(2, 2, 2, requires_grad=True)])
