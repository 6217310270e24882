"""The peak of memory: what lives at the same time, also inside of derivatives."""

from __future__ import annotations

import pytest
import torch
from torch.func import vjp

from ncl_deepxde.evaluation.memory import peak_mib

NUMBERS = 2**17  # 1 MiB in float64


def test_peak_counts_what_lives_at_the_same_time():
    given = torch.ones(NUMBERS)

    def work():
        for _ in range(3):
            a = given + 1
            b = a + 1
            del a
            b.sqrt()
            del b
        given.mul_(2)

    assert peak_mib(work) == pytest.approx(2.0)


def test_views_cost_nothing():
    def work():
        a = torch.ones(NUMBERS)
        b = a.reshape(2, -1)[:1]
        del a
        b.clone()

    # The whole of a, which b keeps alive, and half of it again.
    assert peak_mib(work) == pytest.approx(1.5)


@pytest.mark.parametrize("layers", [1, 4])
def test_what_is_kept_for_the_way_back_counts(layers):
    x = torch.ones(NUMBERS)

    def work():
        def f(y):
            for _ in range(layers):
                y = y.sin()
            return y

        out, pull = vjp(f, x)
        assert len(pull(out)) == 1

    # Every value but the given one, one cosine, and the gradient before and after.
    assert layers + 1 <= peak_mib(work) <= layers + 3
