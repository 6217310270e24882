"""Shares of a mesh in parallel."""

from types import SimpleNamespace

import numpy as np
import pytest


@pytest.mark.fem
@pytest.mark.parametrize(("count", "size"), [(7, 3), (2, 5), (6, 1)])
def test_shares_are_even_and_complete(count, size):
    from reference_fem._domain import share

    parts = [
        share(SimpleNamespace(rank=rank, size=size), count) for rank in range(size)
    ]
    assert np.array_equal(np.concatenate(parts), np.arange(count))
    lengths = [len(part) for part in parts]
    assert max(lengths) - min(lengths) <= 1
