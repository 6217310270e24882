"""The densities of optimal transport: normalized, sampled right, read from files."""

import numpy as np
import pytest
import scipy.stats
import torch

from ncl_deepxde.evaluation.metrics import torus_grid
from ncl_deepxde.problems.optimal_transport.densities.samples import select_bandwidth
from ncl_deepxde.problems.optimal_transport.densities.targets import (
    PAIRS,
    TARGETS,
    GaussianMixture,
    checked_pair,
    from_samples,
    load_samples,
    pair,
    target,
)

# Number of centers, and what the released code's own centers span, to its digits.
FACTS = {
    "circles": (1000, [-1.5, -1.5], [1.5, 1.5]),
    "8gaussians": (8, [-1.4144, -1.4144], [1.4144, 1.4144]),
    "pinwheel": (5000, [-2.1339, -1.9202], [1.7741, 1.6357]),
    "moons": (5000, [-1.5, -0.6], [1.5, 0.9]),
    "swissroll": (5000, [-0.9478, -1.1040], [1.2606, 1.4136]),
    "2spirals": (5000, [-1.6421, -1.4015], [1.6421, 1.4015]),
    "gaussian": (1, [0, 0], [0, 0]),
    "gaussian1d": (1, [0], [0]),
    "narrow1d": (1, [3], [3]),
    "modes1d": (3, [-1.5], [1.5]),
}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_every_target_is_described():
    assert set(FACTS) == set(TARGETS)


@pytest.mark.parametrize("name", FACTS)
def test_centers_have_the_released_statistics(name):
    number, low, high = FACTS[name]
    centers = target(name).centers
    assert centers.shape == (number, len(low))
    assert np.allclose(centers.min(axis=0), low, atol=1e-4)
    assert np.allclose(centers.max(axis=0), high, atol=1e-4)


def test_pinwheel_has_little_mass_outside_the_box():
    rho = target("pinwheel")
    sides = scipy.stats.norm.cdf(
        [-2, 2], rho.centers[..., None], rho.std[:, None, None]
    )
    inside = np.diff(sides, axis=-1)[..., 0].prod(axis=1).mean()
    assert 1 - inside == pytest.approx(3.7e-4, rel=0.02)


@pytest.mark.parametrize("name", TARGETS)
def test_density_integrates_to_one(name):
    rho = target(name)
    half = 3.5 if rho.std[0] <= 0.16 else 7.0
    n = round(2 * half / 0.07)
    x = torch.as_tensor(half * (2 * torus_grid(n, rho.dim) - 1))
    density = rho.density(x)
    assert density.shape == (n**rho.dim, 1)
    assert bool((density >= 0).all())
    # The trapezoidal rule errs by exp(-2 (pi std / h)^2): 1e-17 for std 0.1, h 0.07.
    mass = float(density.mean()) * (2 * half) ** rho.dim
    assert mass == pytest.approx(1, abs=1e-11)


@pytest.mark.parametrize("name", ["pinwheel", "modes1d"])
@pytest.mark.parametrize("n", [1, 7, 700])
def test_log_density_is_that_of_scipy(name, n):
    rho = target(name)
    x = 4 * torch.rand(n, rho.dim) - 2
    squares = np.square(x.numpy()[:, None] - rho.centers).sum(axis=2)
    log_normal = -squares / (2 * rho.std**2)
    log_normal -= rho.dim * np.log(rho.std * np.sqrt(2 * np.pi))
    expected = scipy.special.logsumexp(log_normal, axis=1) - np.log(len(rho.centers))
    found = rho.log_density(x)
    assert found.shape == (n, 1)
    # The exponents reach 400 with relative errors of 1e-16.
    assert np.allclose(found[:, 0], expected, rtol=0, atol=1e-11)


def test_log_density_is_finite_far_away():
    x = torch.tensor([[1e4, 0.0]])
    expected = -(((1e4 - 1.4144) / 0.1768) ** 2) / 2
    assert float(target("8gaussians").log_density(x)) == pytest.approx(expected, 1e-3)
    assert float(target("8gaussians").density(x)) == 0


@pytest.mark.parametrize("name", ["pinwheel", "circles", "8gaussians"])
def test_single_precision_is_enough(name):
    rho = target(name)
    x = 4 * torch.rand(500, 2) - 2
    exact, rough = rho.density(x), rho.density(x.float())
    assert rough.dtype == torch.float32
    # Exponents up to 400, with relative errors of 6e-8 each in a handful of terms.
    assert float(((rough - exact) / exact).abs().max()) < 400 * 6e-8 * 10


def test_single_precision_survives_a_far_origin():
    near = GaussianMixture([[0.0, 0.0], [1.0, 0.5]], 0.1)
    far = GaussianMixture(near.centers + 1000, 0.1)
    # Representable near 1000, so that the points themselves are exact.
    x = torch.round(64 * torch.rand(50, 2)) / 64
    expected = near.log_density(x)
    found = far.log_density(x.float() + 1000)
    assert float((found - expected).abs().max()) < 1e-3


def test_density_can_be_differentiated():
    rho = GaussianMixture([[0.0, 0.0], [1.0, 0.5]], [0.3, 0.5], [1, 2])
    x = torch.randn(5, 2, requires_grad=True)
    assert torch.autograd.gradcheck(rho.log_density, (x,))


@pytest.mark.parametrize("name", TARGETS)
def test_samples_have_the_moments_of_the_density(name):
    rho, n = target(name), 20_000
    x = rho.sample(n, generator())
    assert x.shape == (n, rho.dim)
    mean, covariance = rho.mean(), rho.covariance()
    assert mean.shape == (rho.dim,)
    assert covariance.shape == (rho.dim, rho.dim)
    # Five standard errors: chance fails one of these 40 numbers in 40 000 seeds.
    error = 5 * (covariance.diagonal() / n).sqrt()
    assert bool(((x.mean(dim=0) - mean).abs() < error).all())
    y = x - mean
    products = y[:, :, None] * y[:, None]
    error = 5 * products.std(dim=0) / n**0.5
    assert bool(((products.mean(dim=0) - covariance).abs() < error).all())


@pytest.mark.parametrize("name", ["pinwheel", "modes1d"])
def test_samples_follow_the_density(name):
    rho, n = target(name), 20_000
    x = rho.sample(n, generator(1))[:, 0].numpy()
    # Of the first coordinate, by Kolmogorov and Smirnov, with the exact distribution.

    def distribution(v):
        return scipy.stats.norm.cdf(v[:, None], rho.centers[:, 0], rho.std).mean(axis=1)

    assert scipy.stats.kstest(x[:2000], distribution).pvalue > 1e-3


def test_samples_respect_weights_and_seed():
    rho = GaussianMixture([[-9.0], [9.0]], 1.0, [1, 3])
    x = rho.sample(10_000, generator())
    # Five standard errors of a share of 3/4.
    assert float((x > 0).double().mean()) == pytest.approx(0.75, abs=5 * 0.0043)
    assert torch.equal(x, rho.sample(10_000, generator()))
    assert not torch.equal(x, rho.sample(10_000, generator(1)))


def test_samples_have_the_float_type(dtype):
    assert target("moons").sample(3, generator()).dtype == dtype


@pytest.mark.parametrize("name", PAIRS)
def test_pairs_of_the_papers(name):
    source, end = name.split("-")
    rho_0, rho_1 = pair(name)
    assert np.array_equal(rho_0.centers, target(source).centers)
    assert np.array_equal(rho_1.centers, target(end).centers)


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0, 2.0], 1.0), r"centers: must have the shape \(K, d\), got \(2,\)"),
        ((np.zeros((0, 2)), 1.0), "centers: must have the shape"),
        (([[0.0], [np.nan]], 1.0), "centers: must be finite"),
        (([[0.0]], 0.0), "std: must be positive"),
        (([[0.0]], np.inf), "std: must be finite"),
        (([[0.0]], [1.0, 2.0]), r"std: must be one number or have the shape \(1,\)"),
        (([[0.0], [1.0]], 1.0, [0, 0]), "weights: must not be negative nor all 0"),
        (([[0.0], [1.0]], 1.0, [2, -1]), "weights: must not be negative nor all 0"),
        (([[0.0], [1.0]], 1.0, [1, np.inf]), "weights: must be finite"),
    ],
)
def test_what_is_no_density_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        GaussianMixture(*arguments)


def test_wrong_names_and_shapes_are_named():
    with pytest.raises(ValueError, match="target: must be one of circles, 8gaussians"):
        target("star")
    with pytest.raises(ValueError, match="target: must be one of"):
        pair("circles-star")
    with pytest.raises(ValueError, match="pair: must be two names"):
        pair("circles")
    with pytest.raises(ValueError, match="same number of dimensions, got 2 and 1"):
        pair("circles-modes1d")
    with pytest.raises(ValueError, match=r"x: must have the shape \(N, 2\), got \(3,"):
        target("circles").density(torch.zeros(3, 3))
    with pytest.raises(ValueError, match="bandwidth: must be positive"):
        from_samples(np.arange(24.0).reshape(12, 2), bandwidth=0)
    with pytest.raises(ValueError, match="at least 10 are needed"):
        from_samples(np.arange(8.0).reshape(4, 2))


def test_disjoint_targets_are_refused():
    rho_0 = target("circles")
    rho_1 = GaussianMixture(1000 + rho_0.centers, 0.16)
    with pytest.raises(ValueError, match=r"are disjoint, 1\.41e"):
        checked_pair(rho_0, rho_1)
