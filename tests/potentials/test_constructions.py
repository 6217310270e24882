"""Constructions against the row divergence of an antisymmetric matrix, literally."""

import pytest
import torch
from torch.func import jacfwd, jacrev, vmap

from ncl_deepxde.jets.jets import jet_of_callable, jet_space
from ncl_deepxde.potentials import (
    MATRIX,
    VECTOR,
    Construction,
    DifferentialOperator,
    Readout,
    Summand,
    constructions,
    register,
)


def smooth(num_inputs, num_channels, seed=0):
    """Return a smooth map of one point to the channels."""
    generator = torch.Generator().manual_seed(seed)
    W = torch.randn(num_channels, num_inputs, generator=generator)
    V = torch.randn(num_channels, num_inputs, generator=generator)
    return lambda x: torch.sin(W @ x + 0.3) * torch.exp(0.2 * (V @ x))


def antisymmetric_matrix(construction, potentials, columns):
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

    return from_triangle if construction is MATRIX else from_jacobian


def row_divergence(A, columns):
    """Return v_i = sum_j d_j A_ij at one point."""

    def field(x):
        D = jacfwd(A)(x)
        n = len(columns)
        return torch.stack(
            [sum(D[i, j, columns[j]] for j in range(n)) for i in range(n)]
        )

    return field


def evaluate(operator, potentials, inputs, level):
    space = jet_space(inputs.shape[1], operator.order + level)
    streams = jet_of_callable(vmap(potentials), inputs, space)
    readout = Readout(operator.components, operator.num_potentials, space, level)
    return readout(streams)


BUILT_IN = pytest.mark.parametrize(
    "construction", [MATRIX, VECTOR], ids=lambda construction: construction.name
)
CASES = [([0, 1], 2), ([2, 0, 1], 3), ([3, 0, 1, 2], 4), ([1, 0], 3), (range(5), 5)]


@pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")
@pytest.mark.parametrize(("columns", "num_inputs"), CASES)
@BUILT_IN
def test_field_is_the_row_divergence(construction, columns, num_inputs) -> None:
    columns = list(columns)
    n, operator = len(columns), construction.operator(columns)
    sizes = {"matrix": (n * (n - 1) // 2, 1), "vector": (n, 2)}
    assert (operator.num_potentials, operator.order) == sizes[construction.name]
    potentials = smooth(num_inputs, operator.num_potentials)
    A = antisymmetric_matrix(construction, potentials, columns)
    inputs = torch.rand(5, num_inputs)
    values = vmap(A)(inputs)
    assert torch.equal(values, -values.transpose(1, 2))
    field = row_divergence(A, columns)
    found = evaluate(operator, potentials, inputs, 0)
    assert found.shape == (5, n)
    torch.testing.assert_close(found, vmap(field)(inputs), rtol=1e-11, atol=1e-11)
    J = evaluate(operator, potentials, inputs, 1)
    assert J.shape == (5, n, num_inputs)
    torch.testing.assert_close(J, vmap(jacrev(field))(inputs), rtol=1e-10, atol=1e-10)
    divergence = sum(J[:, i, columns[i]] for i in range(n))
    assert float(divergence.abs().max()) <= 1e-13 * float(J.abs().max())


@BUILT_IN
def test_scaled_field_is_the_field_times_the_number(construction) -> None:
    operator = construction.operator([2, 0, 1])
    potentials = smooth(3, operator.num_potentials)
    inputs = torch.rand(4, 3)
    right = -2.5 * evaluate(operator, potentials, inputs, 1)
    assert operator.scaled(2.0).scaled(-1.25).scale == -2.5
    found = evaluate(operator.scaled(-2.5), potentials, inputs, 1)
    torch.testing.assert_close(found, right, rtol=1e-13, atol=1e-13)


@pytest.fixture
def known(monkeypatch):
    """Let a test register names that are forgotten after it."""
    monkeypatch.setattr(constructions, "CONSTRUCTIONS", {**constructions.CONSTRUCTIONS})
    return constructions.CONSTRUCTIONS


def test_registered_name_is_found(known) -> None:
    mine = Construction("mine", MATRIX.components)
    assert constructions.get(mine) is mine
    register(mine)
    assert list(known) == ["matrix", "vector", "mine"]
    assert constructions.get("mine") is mine
    assert constructions.get("vector") is VECTOR


def test_name_that_is_taken_is_refused(known) -> None:
    with pytest.raises(ValueError, match=r"^construction: 'matrix' must be a new name"):
        register(Construction("matrix", VECTOR.components))
    assert known["matrix"] is MATRIX


@pytest.mark.parametrize("identifier", ["hodge", None, ["matrix"], 3], ids=str)
def test_unknown_name_is_refused(identifier) -> None:
    message = r"^construction: must be one of 'matrix', 'vector' or a Construction, got"
    with pytest.raises(ValueError, match=message) as error:
        constructions.get(identifier)
    assert repr(identifier) in str(error.value)


def with_wrong_sign(columns):
    rows = MATRIX.components(columns)
    first, *others = rows[0]
    flipped = Summand(first.axes, first.channel, -first.factor)
    return [[flipped, *others], *rows[1:]]


WRONG = [
    (with_wrong_sign, r"free of divergence, got -2 times .* potential 0 .* \(2, 5\)"),
    (lambda columns: MATRIX.components(columns)[1:], "one component for each of 3"),
    (lambda columns: MATRIX.components([0, 1, 2]), r"by the columns \[2, 4, 5\]"),
    (lambda columns: [[Summand((c,), -1)] for c in columns], "potentials from 0"),
]


@pytest.mark.parametrize(("components", "message"), WRONG)
def test_wrong_table_is_refused_by_name(components, message) -> None:
    with pytest.raises(ValueError, match=f"^construction: 'wrong' must .*{message}"):
        Construction("wrong", components).operator([5, 2, 4])


def test_factors_may_be_rounded() -> None:
    def components(columns):
        # 0.1 + 0.2 is not 0.3 in floating point.
        a, b = columns
        thrice = [Summand((b,), 0, 0.1), Summand((b,), 0, 0.2)]
        return [thrice, [Summand((a,), 0, -0.3)]]

    operator = Construction("rounded", components).operator([0, 1])
    assert isinstance(operator, DifferentialOperator)


def test_registering_twice_is_harmless_and_a_function_is_refused(known) -> None:
    mine = Construction("mine", VECTOR.components)
    register(mine)
    register(mine)
    with pytest.raises(ValueError, match=r"construction: must be a Construction, got"):
        register(VECTOR.components)
