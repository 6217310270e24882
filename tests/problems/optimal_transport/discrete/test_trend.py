"""Costs against the number of samples: written, read, continued."""

from __future__ import annotations

import numpy as np
import pytest

from ncl_deepxde.problems.optimal_transport.densities import (
    GaussianMixture,
    pair,
    target,
)
from ncl_deepxde.problems.optimal_transport.discrete import (
    compute,
    load,
    load_densities,
)
from ncl_deepxde.problems.optimal_transport.discrete import trend as trend_module
from ncl_deepxde.problems.optimal_transport.discrete.estimators import (
    exact_and_controlled,
)

PAIRS = {
    "circles-pinwheel": pair("circles-pinwheel"),
    "same": (target("gaussian1d"),) * 2,
}


def test_trend_is_written_and_read(tmp_path):
    path = tmp_path / "discrete.npz"
    compute(PAIRS, (20, 40), 3, path, progress=False)
    assert [p.name for p in tmp_path.iterdir()] == ["discrete.npz"]
    found = load(path)
    assert list(found) == [*PAIRS]
    entry = found["circles-pinwheel"]
    assert (entry.n, entry.repeats, entry.method) == ([20, 40], 3, "exact")
    with np.load(path) as data:
        np.testing.assert_array_equal(entry.costs, data["costs"][0])
    assert entry.costs.shape == entry.controlled.shape == entry.seconds.shape == (2, 3)
    assert not np.array_equal(entry.costs, entry.controlled)
    assert entry.seconds.min() > 0
    # Random matching of so few points is worse than that of many, 0.07.
    few, many = entry.costs.mean(axis=1)
    assert 0.05 < many < few < 1
    assert entry.limit < many
    assert entry.limit_error > 0


def test_densities_are_written_and_read(tmp_path):
    path = tmp_path / "discrete.npz"
    uneven = GaussianMixture([[0.0], [1.0]], [0.2, 0.3], [1, 3])
    pairs = {**PAIRS, "uneven": (target("gaussian1d"), uneven)}
    compute(pairs, (20,), 1, path, progress=False)
    found = load_densities(path)
    assert list(found) == [*pairs]
    for name, ends in pairs.items():
        for rho, read in zip(ends, found[name], strict=True):
            np.testing.assert_array_equal(read.centers, rho.centers)
            np.testing.assert_array_equal(read.std, rho.std)
            np.testing.assert_allclose(read.weights, rho.weights, rtol=1e-14)


def test_trend_is_deterministic_and_independent_of_the_rest(tmp_path):
    paths = [tmp_path / f"{k}.npz" for k in range(3)]
    compute(PAIRS, (20, 40), 2, paths[0], progress=False)
    compute({"same": PAIRS["same"]}, (40,), 2, paths[1], progress=False)
    compute({"same": PAIRS["same"]}, (40,), 2, paths[2], seed=1, progress=False)
    whole, part, other = (load(path)["same"] for path in paths)
    np.testing.assert_array_equal(part.costs, whole.costs[1:])
    assert part.limit is None
    assert part.limit_error is None
    assert not np.array_equal(other.costs, part.costs)


def test_interrupted_trend_goes_on(tmp_path, monkeypatch):
    paths = [tmp_path / name for name in ("whole.npz", "broken.npz")]
    compute(PAIRS, (20, 40), 2, paths[0], progress=False)
    calls = []

    def limited(samples, densities):
        calls.append(len(samples[0]))
        if len(calls) == 4:
            raise KeyboardInterrupt
        return exact_and_controlled(samples, densities)

    monkeypatch.setattr(trend_module, "exact_and_controlled", limited)
    with pytest.raises(KeyboardInterrupt):
        compute(PAIRS, (20, 40), 2, paths[1], progress=False)
    assert not paths[1].exists()
    compute(PAIRS, (20, 40), 2, paths[1], progress=False)
    assert len(calls) == 4 + 5
    whole, broken = map(load, paths)
    np.testing.assert_array_equal(broken["same"].costs, whole["same"].costs)
    calls.clear()
    with pytest.raises(KeyboardInterrupt):
        compute(PAIRS, (20, 40), 2, paths[1], progress=False)
    # Another plan does not take over what was found.
    compute({**PAIRS, "same": pair("modes1d-modes1d")}, (20, 40), 2, paths[1])
    assert len(calls) == 4 + 8


def test_damaged_file_is_refused(tmp_path):
    path = tmp_path / "discrete.npz"
    path.write_bytes(b"PK nothing")
    with pytest.raises(ValueError, match="is damaged or holds something else"):
        load(path)
    np.savez(path, costs=np.zeros(3))
    with pytest.raises(ValueError, match="is damaged or holds something else"):
        load(path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ValueError, match="is damaged or holds something else"):
        load(path)


@pytest.mark.parametrize(("n", "repeats"), [((), 1), ((1,), 1), ((20,), 0)])
def test_wrong_sizes_are_refused(tmp_path, n, repeats):
    with pytest.raises(ValueError, match="reference: needs a pair of densities"):
        compute(PAIRS, n, repeats, tmp_path / "discrete.npz")


def test_unknown_methods_are_refused(tmp_path):
    with pytest.raises(ValueError, match="method: must be one of exact, sinkhorn"):
        compute(PAIRS, (20,), 1, tmp_path / "discrete.npz", method="guess")
