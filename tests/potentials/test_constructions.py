"""Constructions against the row divergence of an antisymmetric matrix, literally."""

import pytest
import torch
from torch.func import jacfwd, jacrev, vmap

from ncl_deepxde.jets.jets import jet_of_callable, jet_space
from ncl_deepxde.potentials.constructions import (
    CONSTRUCTIONS,
    Readout,
    Term,
    matrix,
    vector,
)


def smooth(num_inputs, num_channels, seed=0):
    """Return a smooth map of one point to the channels."""
    generator = torch.Generator().manual_seed(seed)
    W = torch.randn(num_channels, num_inputs, generator=generator)
    V = torch.randn(num_channels, num_inputs, generator=generator)
    return lambda x: torch.sin(W @ x + 0.3) * torch.exp(0.2 * (V @ x))


def antisymmetric_matrix(name, potentials, columns):
    """Return the map of one point to A, index i belonging to ``columns[i]``."""
    n = len(columns)

    def from_triangle(x):
        a = potentials(x)
        rows, k = [[0 * x[0]] * n for _ in range(n)], 0
        for i in range(n):
            for j in range(i + 1, n):
                rows[i][j], rows[j][i] = a[k], -a[k]
                k += 1
        return torch.stack([torch.stack(row) for row in rows])

    def from_jacobian(x):
        J = jacrev(potentials)(x)[:, columns]
        return J - J.T

    return from_triangle if name == "matrix" else from_jacobian


def row_divergence(A, columns):
    """Return v_i = sum_j d_j A_ij at one point."""

    def field(x):
        D = jacfwd(A)(x)
        n = len(columns)
        return torch.stack(
            [sum(D[i, j, columns[j]] for j in range(n)) for i in range(n)]
        )

    return field


def evaluate(construction, potentials, inputs, level):
    space = jet_space(inputs.shape[1], construction.order + level)
    streams = jet_of_callable(vmap(potentials), inputs, space)
    readout = Readout(
        construction.components, construction.num_potentials, space, level
    )
    return readout(streams)


@pytest.fixture(params=sorted(CONSTRUCTIONS))
def name(request):
    return request.param


CASES = [([0, 1], 2), ([2, 0, 1], 3), ([3, 0, 1, 2], 4), ([1, 0], 3), (range(5), 5)]


@pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")
@pytest.mark.parametrize(("columns", "num_inputs"), CASES)
def test_field_is_the_row_divergence(name, columns, num_inputs) -> None:
    columns = list(columns)
    n, construction = len(columns), CONSTRUCTIONS[name](columns)
    assert (
        construction.num_potentials == {"matrix": n * (n - 1) // 2, "vector": n}[name]
    )
    assert construction.order == {"matrix": 1, "vector": 2}[name]
    potentials = smooth(num_inputs, construction.num_potentials)
    A = antisymmetric_matrix(name, potentials, columns)
    inputs = torch.rand(5, num_inputs)
    values = vmap(A)(inputs)
    assert torch.equal(values, -values.transpose(1, 2))
    field = row_divergence(A, columns)
    found = evaluate(construction, potentials, inputs, 0)
    assert found.shape == (5, n)
    torch.testing.assert_close(found, vmap(field)(inputs), rtol=1e-11, atol=1e-11)
    J = evaluate(construction, potentials, inputs, 1)
    assert J.shape == (5, n, num_inputs)
    torch.testing.assert_close(J, vmap(jacrev(field))(inputs), rtol=1e-10, atol=1e-10)
    divergence = sum(J[:, i, columns[i]] for i in range(n))
    assert float(divergence.abs().max()) <= 1e-13 * float(J.abs().max())


@pytest.mark.parametrize("build", [matrix, vector])
def test_scaled_field_is_the_field_times_the_number(build) -> None:
    construction = build([2, 0, 1])
    potentials = smooth(3, construction.num_potentials)
    inputs = torch.rand(4, 3)
    right = -2.5 * evaluate(construction, potentials, inputs, 1)
    found = evaluate(construction.scaled(-2.5), potentials, inputs, 1)
    torch.testing.assert_close(found, right, rtol=1e-13, atol=1e-13)


def test_readout_sums_terms_of_different_numbers() -> None:
    space = jet_space(2, 4)
    streams = torch.randn(len(space), 7, 3)
    terms = [[Term((), 2)], [Term((0, 1), 0, 3.0), Term((1,), 1, -1.0)]]
    value, derivative, second = (Readout(terms, 3, space, k)(streams) for k in range(3))
    at = space.position
    assert (value.shape, derivative.shape) == ((7, 2), (7, 2, 2))
    assert second.shape == (7, 2, 2, 2)
    torch.testing.assert_close(value[:, 0], streams[at[0, 0], :, 2])
    right = 3 * streams[at[1, 1], :, 0] - streams[at[0, 1], :, 1]
    torch.testing.assert_close(value[:, 1], right)
    right = 3 * streams[at[1, 2], :, 0] - streams[at[0, 2], :, 1]
    torch.testing.assert_close(derivative[:, 1, 1], right)
    torch.testing.assert_close(second[:, 0, 0, 1], streams[at[1, 1], :, 2])


def test_readout_keeps_single_precision() -> None:
    space = jet_space(2, 1)
    streams = torch.randn(len(space), 3, 1, dtype=torch.float32)
    readout = Readout(matrix([0, 1]).components, 1, space, 0)
    assert readout(streams).dtype == torch.float32
    assert not readout.state_dict()
