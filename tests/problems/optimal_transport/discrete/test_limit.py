"""The limit of infinitely many samples: found where it is known."""

from __future__ import annotations

import numpy as np
import pytest

from ncl_deepxde.problems.optimal_transport.discrete.estimators import exact
from ncl_deepxde.problems.optimal_transport.discrete.limit import limit


def test_limit_is_found_where_the_bias_is_known():
    n, rng = np.array([100, 200, 400, 800]), np.random.default_rng(0)
    for dim, bias in {1: 1 / n, 2: np.log(n) / n, 4: n**-0.5}.items():
        costs = 0.25 + 3 * bias[:, None] + np.zeros((4, 5))
        assert limit(n, costs, dim) == pytest.approx((0.25, 0), abs=1e-10)
        noise = rng.normal(size=(4, 5)) / np.sqrt(n)[:, None]
        value, error = limit(n, costs + noise, dim)
        assert 0 < error < 0.3
        assert abs(value - 0.25) < 4 * error


def test_limit_of_one_density_is_nothing():
    rng = np.random.default_rng(0)
    n = (100, 200, 400, 800)
    costs = [[exact(*rng.random((2, k, 2))) for _ in range(6)] for k in n]
    value, error = limit(n, np.array(costs), 2)
    # Six of them: a mean of 0.0026 for the most samples, and nothing in the limit.
    assert abs(value) < 3 * error < np.mean(costs[-1])
