"""Distinct times, and rows and columns of the points at them."""

import torch
from torch.func import vmap

from ncl_deepxde.flows.moments import Moments, distinct

TIMES = torch.tensor([[0.5], [0.1], [0.5], [0.1], [0.5]])


def test_each_time_is_listed_once() -> None:
    times, moments = distinct(TIMES)
    assert times.shape == (2, 1)
    assert moments.number == 2
    assert torch.equal(moments.gather(times), TIMES)


def test_columns_are_rows_upright_and_their_sums_the_transpose() -> None:
    _, moments = distinct(TIMES)
    for m in (moments, Moments(None, 5)):
        table, columns = torch.randn(m.number, 3), torch.randn(3, 5)
        gathered = m.gather_columns(table)
        assert torch.equal(gathered, m.gather(table).T)
        left = (gathered * columns).sum()
        right = (table * m.scatter_columns(columns)).sum()
        torch.testing.assert_close(left, right, rtol=1e-12, atol=1e-12)


def test_times_keep_to_themselves_where_they_are_differentiated_by() -> None:
    t = TIMES.clone().requires_grad_()
    assert distinct(t) == (t, Moments(None, 5))
    with torch.no_grad():
        assert distinct(t)[1].number == 2
    counts = []
    vmap(lambda x: counts.append(distinct(x)[1].number) or x)(TIMES[None])
    assert counts == [5]
