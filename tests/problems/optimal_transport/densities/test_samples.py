"""Densities of samples: close to the truth, and read from files."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
import scipy.special
import scipy.stats
import torch

from ncl_deepxde.evaluation.metrics import torus_grid
from ncl_deepxde.problems.optimal_transport.densities import (
    from_samples,
    load_samples,
    target,
)
from ncl_deepxde.problems.optimal_transport.densities.samples import select_bandwidth


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_kernel_density_of_many_samples_is_close():
    rho = target("8gaussians")
    found = from_samples(rho.sample(2000, generator()))
    assert found.centers.shape == (2000, 2)
    x = torch.as_tensor(2.5 * (2 * torus_grid(50) - 1))
    error = (found.density(x) - rho.density(x)).abs().mean() * 25
    # L1 error, of 2 at most: the best bandwidth, 0.07, gives 0.22; that of a normal
    # density of the same spread, 0.3, gives 0.9.
    assert float(error) < 0.25


def test_kernel_density_is_the_one_of_scipy():
    x = np.random.default_rng(0).normal(size=(50, 1))
    found = from_samples(x, bandwidth=0.4)
    kernels = scipy.stats.gaussian_kde(x.T, bw_method=0.4 / x.std(ddof=1))
    y = torch.linspace(-3, 3, 20)[:, None]
    assert np.allclose(found.density(y)[:, 0], kernels(y[:, 0]), rtol=1e-10)


def test_bandwidth_scales_with_the_samples():
    x = np.random.default_rng(0).normal(size=(400, 2))
    expected = 1.0 * (4 / (4 * 400)) ** (1 / 6)
    # Within the next step of the search.
    assert 0.7 < select_bandwidth(x) / expected < 1.45
    assert select_bandwidth(1e6 * x + 1e7) == pytest.approx(1e6 * select_bandwidth(x))


@pytest.mark.parametrize("suffix", [".npy", ".csv"])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_samples_are_read_from_files(tmp_path, suffix, d):
    x = np.random.default_rng(0).normal(size=(12, d))
    path = tmp_path / f"samples{suffix}"
    if suffix == ".npy":
        np.save(path, x)
    else:
        np.savetxt(path, x, delimiter=",")
    found = load_samples(path)
    assert found.shape == (12, d)
    assert np.array_equal(found, x)


def test_csv_may_have_names_and_a_byte_order_mark(tmp_path):
    path = tmp_path / "samples.csv"
    rows = "\n".join(f"{i}, {i * i}" for i in range(12))
    path.write_text(f"x, y\n{rows}\n", encoding="utf-8-sig")
    assert load_samples(path)[3].tolist() == [3, 9]
    path.write_text(f"{rows}\n", encoding="utf-8-sig")
    assert load_samples(path).shape == (12, 2)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "must have the shape|at least 10 are needed"),
        ("x,y\n", "must have the shape|at least 10 are needed"),
        ("1,2\n" * 9, "at least 10 are needed for a density, got 9"),
        ("1,2\n" * 12, "must not all be equal"),
        ("1,2\n" * 5 + "1,2,3\n" * 7, "cannot be read"),
        ("1,2\n" * 5 + "1,two\n" * 7, "cannot be read"),
        ("1;2\n" * 12, "cannot be read"),
        ("1,2\n3,4\n" * 5 + "1,nan\n", "row 10 holds"),
        ("1,2\n3,4\n" * 5 + "1,inf\n", "row 10 holds"),
        ("1,2\n3,4\n" * 5 + "1,\n", "cannot be read"),
    ],
)
def test_malformed_csv_is_refused(tmp_path, content, message):
    path = tmp_path / "samples.csv"
    path.write_text(content)
    with pytest.raises(ValueError, match=message) as found:
        load_samples(path)
    assert "samples.csv" in str(found.value)


class Trap:
    """Would leave a trace if it were unpickled."""

    def __reduce__(self):
        return (open, ("trace", "w"))


def test_pickles_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "samples.npy"
    np.save(path, np.array([Trap()] * 12, dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="cannot be read"):
        load_samples(path)
    assert not (tmp_path / "trace").exists()


def test_other_files_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.npy or \.csv, got '\.txt'"):
        load_samples(tmp_path / "samples.txt")
    with pytest.raises(ValueError, match="No such file"):
        load_samples(tmp_path / "samples.npy")
    path = tmp_path / "samples.npy"
    with path.open("wb") as stream:
        np.savez(stream, x=np.zeros((12, 2)))
    with pytest.raises(ValueError, match="cannot be read"):
        load_samples(path)
    np.save(path, np.zeros((12, 2), complex))
    with pytest.raises(ValueError, match="not real numbers"):
        load_samples(path)
    np.save(path, np.arange(24.0))
    with pytest.raises(ValueError, match=r"reshape\(-1, 1\)"):
        load_samples(path)
    np.save(path, np.arange(24.0).reshape(12, 2))
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(ValueError, match="cannot be read"):
        load_samples(path)


def test_bad_samples_and_bandwidths_are_refused():
    with pytest.raises(ValueError, match="bandwidth: must be positive"):
        from_samples(np.arange(24.0).reshape(12, 2), bandwidth=0)
    with pytest.raises(ValueError, match="at least 10 are needed"):
        from_samples(np.arange(8.0).reshape(4, 2))
