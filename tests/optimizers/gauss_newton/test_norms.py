"""Sums of squares keep the digits that float32 loses."""

from __future__ import annotations

import pytest
import torch

from ncl_deepxde.optimizers.gauss_newton.norms import length, squares


def test_small_terms_are_not_lost_beside_large_ones() -> None:
    r = torch.tensor([1.0, *[1e-4] * 1000], dtype=torch.float32)
    # 1e-8 is below the round-off of 1 in float32; 1e-4 itself is known to 6e-8.
    assert squares(r) - 1 == pytest.approx(1e-5, rel=1e-6)


def test_length_is_that_of_all_entries() -> None:
    assert length([torch.tensor([3.0]), torch.tensor([[0.0, 4.0]])]) == 5.0
    assert length([]) == 0.0
