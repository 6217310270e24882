"""Potentials of incompressible velocities against their own curl."""

import math

import pytest
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.nn import FourierVectorPotential
from ncl_deepxde.nn.constraints.vector_potential import curl, num_columns

PERIODS = {2: [1.0, 2.0], 3: [1.0, 2.0, 0.5]}


def potential(x):
    """A periodic stream function or vector potential of all modes, (N, 1) or (N, 3)."""
    d = x.shape[1]
    omega = 2 * math.pi / torch.as_tensor(PERIODS[d]).to(x)
    angle = omega * x
    columns = [
        torch.exp(
            0.5 * torch.sin(angle[:, :1] + k) + 0.5 * torch.cos(angle[:, 1:2] - k)
        )
        * (1.0 if d == 2 else torch.cos(angle[:, 2:] + k))
        for k in range(num_columns("d", d))
    ]
    return torch.cat(columns, dim=1)


def curl_of(function, x):
    J = vmap(jacrev(lambda z: function(z[None])[0]))(x)
    if x.shape[1] == 2:
        return torch.stack([J[:, 0, 1], -J[:, 0, 0]], dim=1)
    pairs = [(1, 2), (2, 0), (0, 1)]
    return torch.stack([J[:, j, i] - J[:, i, j] for i, j in pairs], dim=1)


class Flow:
    def __init__(self, d, mean=0.0):
        self.d, self.mean = d, mean

    def __call__(self, x):
        return curl_of(potential, x) + self.mean


@pytest.mark.parametrize("d", [2, 3])
def test_curl_of_the_potential_is_the_velocity(d, dtype) -> None:
    velocity = Flow(d, 0.7)
    found = FourierVectorPotential(velocity, PERIODS[d], num=36, tolerance=1e-12)
    x = torch.rand(7, d)
    assert found(x).shape == (7, num_columns("d", d))
    assert found(x).dtype == dtype
    # A sum of some thousand modes, and what the tolerance left out.
    limit = 1e-9 if dtype == torch.float64 else 1e-4
    mean = torch.as_tensor(found.mean)
    torch.testing.assert_close(mean, torch.full((d,), 0.7), rtol=0, atol=1e-6)
    expected = velocity(x)
    torch.testing.assert_close(
        curl_of(found, x) + mean, expected, rtol=0, atol=limit * float(expected.max())
    )


@pytest.mark.parametrize("d", [2, 3])
def test_summands_are_those_of_the_curl(d) -> None:
    x = torch.rand(5, d)
    J = vmap(jacrev(lambda z: potential(z[None])[0]))(x)
    rows = [
        sum(s.factor * J[:, s.channel - 4, s.axes[0]] for s in row)
        for row in curl(d, 4)
    ]
    torch.testing.assert_close(torch.stack(rows, dim=1), curl_of(potential, x))


def rough(x):
    return torch.cat([torch.sign(torch.sin(6.28 * x[:, 1:])), 0 * x[:, :1]], dim=1)


BAD = [
    (lambda: FourierVectorPotential(rough, [1.0, 1.0]), "velocity: 32 points .* Raise"),
    (
        lambda: FourierVectorPotential(
            lambda x: torch.sin(2 * math.pi * x), [1.0, 1.0]
        ),
        "velocity: must be free of divergence, got a gradient part of 1.0e.00",
    ),
    (lambda: FourierVectorPotential(Flow(2), [1.0]), "periods: .* got 1 dimensions"),
    (lambda: FourierVectorPotential(lambda x: x[:, 0], [1.0, 1.0]), "velocity: must m"),
]


@pytest.mark.parametrize(("make", "message"), BAD)
def test_bad_velocities_are_refused(make, message) -> None:
    with pytest.raises(ValueError, match=message):
        make()
