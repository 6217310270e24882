"""The terms of balance laws, differentiated apart from the jets of the package."""

import deepxde as dde
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.data import Collocation, uniform_box
from ncl_deepxde.optimizers import GaussNewton

# Relative to the largest single term of the sum.
LIMITS = {torch.float64: 1e-12, torch.float32: 1e-5}
GLOROT = ("tanh", "Glorot normal")


def by_nesting(field, x):
    return vmap(jacrev(lambda z: field(z[None])[0]))(x).detach()


def by_autograd(field, x):
    x = x.clone().requires_grad_()
    columns = field(x).unbind(dim=1)
    rows = [torch.autograd.grad(c.sum(), x, retain_graph=True)[0] for c in columns]
    return torch.stack(rows, dim=1).detach()


def residual(net, k, x, differentiate=by_nesting):
    """Return the largest of d_t q_k + div F_k - s_k in units of its largest term."""
    d = net.dim
    q = differentiate(lambda z: net.state(z)[:, k : k + 1], x)[:, 0, d]
    F = differentiate(lambda z: net.flux(z, k), x).diagonal(dim1=1, dim2=2)
    terms = torch.cat([q[:, None], F, -net.source(x, k).detach()], dim=1)
    assert float(terms.abs().max()) > 0, "no law is trivial"
    return float(terms.sum(dim=1).abs().max() / terms.abs().max())


def worst(net, x):
    """Return the largest residual of any law, by two ways to differentiate."""
    ways = by_nesting, by_autograd
    return max(residual(net, k, x, way) for k in range(net.laws) for way in ways)


def some_residuals(inputs, outputs):
    """Something to train that no law of the network obeys by itself."""
    u, v = outputs[:, :1], outputs[:, 1:2]
    slope = dde.grad.jacobian(outputs, inputs, i=0, j=0)
    return [v - u * u / 2 + 0.1 * slope, u - 0.5]


def trained(net, optimizer, steps):
    """Train by dde.Model, by an optimizer of DeepXDE's name or by Gauss-Newton."""
    box = uniform_box([0.0] * (net.dim + 1), [1.0] * (net.dim + 1))
    model = dde.Model(Collocation(some_residuals, box, num_domain=12, seed=0), net)
    if optimizer == "gauss-newton":
        model.compile(GaussNewton(model), verbose=0)
    else:
        model.compile(optimizer, lr=1e-2, verbose=0)
    model.train(iterations=steps, display_every=steps, verbose=0)
    return model
