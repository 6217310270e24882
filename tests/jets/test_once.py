"""Values that can be differentiated once, and say so when it happens twice."""

import pytest
import torch
from torch.func import grad, vmap

from ncl_deepxde.jets.once import differentiable_once


def cube(x):
    return differentiable_once(x, "no second derivative") ** 3


def test_first_derivative_is_that_of_the_identity():
    x = torch.tensor([2.0, -1.0], requires_grad=True)
    assert torch.equal(cube(x), x**3)
    (found,) = torch.autograd.grad(cube(x).sum(), x)
    assert torch.equal(found, 3 * x.detach() ** 2)
    assert torch.equal(vmap(grad(cube))(x.detach()), found)


def test_second_derivative_raises_the_message():
    x = torch.tensor(2.0, requires_grad=True)
    (slope,) = torch.autograd.grad(cube(x), x, create_graph=True)
    with pytest.raises(RuntimeError, match=r"^no second derivative$"):
        torch.autograd.grad(slope, x)
    with pytest.raises(RuntimeError, match=r"^no second derivative$"):
        grad(grad(cube))(x.detach())


def test_a_gradient_without_a_graph_does_not_hide_it():
    """The factor is a constant for autograd, as are the numbers of an adjoint solve."""
    x = torch.tensor(2.0, requires_grad=True)
    y = 5 * differentiable_once(x, "no second derivative")
    (slope,) = torch.autograd.grad(y, x, create_graph=True)
    with pytest.raises(RuntimeError, match=r"^no second derivative$"):
        slope.backward()
