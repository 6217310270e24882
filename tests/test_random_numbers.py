"""A seed decides inside; outside nothing has happened, whatever happens inside."""

import numpy as np
import pytest

from ncl_deepxde.random_numbers import numpy_seed


def draw():
    return np.random.rand(3)  # noqa: NPY002


def test_a_seed_decides_and_leaves_no_trace() -> None:
    np.random.seed(5)  # noqa: NPY002
    expected = draw()
    np.random.seed(5)  # noqa: NPY002
    with numpy_seed(1):
        first = draw()
    with numpy_seed(1):
        assert (draw() == first).all()
    with pytest.raises(ValueError, match="at least one array"), numpy_seed(1):
        np.concatenate([])
    assert (draw() == expected).all()
