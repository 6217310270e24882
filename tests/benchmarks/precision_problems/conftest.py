"""What the tests of the problems share: their modules, and derivatives by autograd."""

import importlib
from pathlib import Path

import pytest
import torch

FOLDER = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture
def problems(monkeypatch):
    """Return a function that imports a module of the room."""
    monkeypatch.syspath_prepend(FOLDER)
    return lambda name: importlib.import_module(f"precision_problems.{name}")


@pytest.fixture
def points():
    """Return points of (0, 1)^2 that require gradients."""
    return torch.rand(7, 2).requires_grad_()


@pytest.fixture
def slopes():
    """Return a function: the gradient of a column (N, 1) by the points."""

    def gradient(y, x):
        return torch.autograd.grad(y.sum(), x, create_graph=True)[0]

    return gradient


@pytest.fixture
def flux_is_free(slopes):
    """Return a check that two columns (u, m) obey u_t + m_x = 0."""

    def check(net, x):
        y = net(x)
        u_t, m_x = slopes(y[:, :1], x)[:, 1], slopes(y[:, 1:2], x)[:, 0]
        # A hundred operations with relative errors of eps.
        torch.testing.assert_close(
            u_t, -m_x, rtol=0, atol=1e-13 * float(m_x.detach().abs().max())
        )

    return check
