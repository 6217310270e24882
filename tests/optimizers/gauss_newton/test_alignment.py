"""Which rows feed a residual: slices, pairs, permutations; mixing is refused."""

import pytest
import torch

from ncl_deepxde.optimizers.gauss_newton.alignment import (
    Alignment,
    DependentPointsError,
    Rows,
    find_rows,
    probes,
    signature,
)

EPS = torch.finfo(torch.float64).eps


def seen(function, rows: int, count: int):
    """Gradients of ``function`` of (rows, 3) values, for each cotangent."""
    values = torch.randn(rows, 3, dtype=torch.float64, requires_grad=True)
    r = function(values)
    assert r.shape == (count,)
    return [
        [torch.autograd.grad(r, values, v, retain_graph=True)[0]] for v in probes(r)
    ]


@pytest.mark.parametrize(
    ("function", "count", "expected"),
    [
        (lambda y: y[:, 0].sin(), 2000, [range(2000)]),
        (lambda y: y[5:9].square().sum(1), 4, [range(5, 9)]),
        (lambda y: y[:4, 0] - y[4:8, 0], 4, [range(4), range(4, 8)]),
        (lambda y: y.flip(0)[:, 1], 2000, [range(1999, -1, -1)]),
    ],
)
def test_rows_are_found(function, count, expected) -> None:
    rows = find_rows(seen(function, 2000, count), count, 0, EPS)[2000]
    assert rows.index.tolist() == [list(e) for e in expected]
    assert rows.is_used.all()


@pytest.mark.parametrize(
    "function",
    [
        lambda y: y[:, 0] - y[:, 0].mean(),
        lambda y: y[:, 0] - 0.05 * y[:, 0].roll(1),
        lambda y: torch.nn.functional.normalize(y, dim=0)[:, 0],
    ],
)
@pytest.mark.parametrize("count", [5, 2000])
def test_mixing_is_refused(function, count) -> None:
    torch.manual_seed(0)
    with pytest.raises(DependentPointsError) as error:
        find_rows(seen(function, count, count), count, 3, EPS)
    assert error.value.residual == 3


def test_residuals_may_have_different_numbers_of_rows() -> None:
    rows = Rows.of(torch.tensor([1, -1, 0, 1]), 3)
    h = torch.arange(8.0).reshape(1, 4, 2)
    total = (rows.gradients(h) * rows.inputs(torch.ones(1, 4, 2))).sum(0)
    assert total.tolist() == [[4.0, 5.0], [6.0, 8.0], [0.0, 0.0]]


def test_signature_is_linear_in_each_row() -> None:
    h, g = torch.randn(2, 5, 3), torch.randn(2, 5, 4)
    weights = torch.rand(5, 1)
    torch.testing.assert_close(signature(h, weights * g), weights * signature(h, g))
    torch.testing.assert_close(signature(weights * h, g), weights * signature(h, g))
    assert signature(None, g).shape == (5, 4)


def test_a_row_without_a_gradient_today_has_one_tomorrow() -> None:
    mask = torch.tensor([1.0, 0.0, 1.0, 1.0], dtype=torch.float64)
    rows = find_rows(seen(lambda y: mask * y[5:9, 0], 20, 4), 4, 0, EPS)[20]
    assert rows.index.tolist() == [[5, 6, 7, 8]]
    assert rows.is_used.all()
    assert rows.is_lasting


def test_round_off_feeds_nothing() -> None:
    """As where a coordinate vanishes: r u_r at the center, and what only cancels."""
    r = torch.linspace(0, 1, 20, dtype=torch.float64)
    found = seen(lambda y: (r * y[:, 0]).sin(), 20, 20)
    noise = torch.full((20, 3), 0.1 * EPS, dtype=torch.float64)
    noise *= torch.randn(20, 3, dtype=torch.float64)
    first_row = torch.zeros(20, 3, dtype=torch.float64)
    first_row[0] = noise[0]
    triples = [[one[0] + first_row, noise * k] for k, one in enumerate(found)]
    rows = find_rows(triples, 20, 0, EPS)[20]
    assert rows.index.tolist() == [list(range(20))]
    assert rows.is_lasting
    noise *= 1e8
    with pytest.raises(DependentPointsError):
        find_rows([[one[0], noise * k] for k, one in enumerate(found)], 20, 0, EPS)


def test_what_may_change_is_searched_at_every_step() -> None:
    mask = torch.tensor([1.0, 0.0], dtype=torch.float64)
    alignment = Alignment()
    alignment.start([torch.zeros(2)])
    alignment.learn(0, seen(lambda y: y[:2, 0] - mask * y[2:, 0], 4, 2), EPS)
    assert not alignment.rows(0, 4).is_lasting
    alignment.start([torch.zeros(2)])
    assert not alignment.knows(0, [4])


def test_new_sizes_are_searched_again() -> None:
    alignment = Alignment()
    alignment.start([torch.zeros(4)])
    alignment.learn(0, seen(lambda y: y[5:9, 0], 20, 4), EPS)
    assert alignment.knows(0, [20])
    alignment.start([torch.zeros(4)])
    assert alignment.knows(0, [20])
    alignment.start([torch.zeros(4), torch.zeros(1)])
    assert not alignment.knows(0, [20])
