"""A measured density of which the function is not finite is refused, not missing."""

import math

import pytest
import torch
from observed_blob import losses, model_of, ncl

from ncl_deepxde.data import Observations, Observed, Table

X = torch.rand(8, 3, dtype=torch.float64)
REFUSED = {
    "log": (-0.1, 0.0, -1e-300),
    torch.sqrt: (-0.1,),
    torch.log: (0.0, -2.0),
    torch.reciprocal: (0.0,),
}
CASES = [(f, bad) for f, every in REFUSED.items() for bad in every]


def densities(*first):
    rho = torch.linspace(0.5, 2.0, 8, dtype=torch.float64)[:, None]
    rho[: len(first), 0] = torch.tensor(first, dtype=torch.float64)
    return rho


def build(source, density, **options):
    return Observations(source, 8, density=density, velocity=None, **options)


@pytest.mark.parametrize(("density", "bad"), CASES)
def test_tables_are_refused_when_built(density, bad) -> None:
    wrong, right = Table(X, densities(bad, bad)), Table(X, densities())
    message = rf"^Observations: density must be .* at 2 of 8, such as {bad:g}\. Pass"
    with pytest.raises(ValueError, match=message):
        build(wrong, density)
    with pytest.raises(ValueError, match=message):
        build(right, density, test_source=wrong)


def test_other_sources_are_refused_when_drawn() -> None:
    data = build(lambda n, generator: Observed(X, densities(-0.1)), "log")
    with pytest.raises(ValueError, match=r"^Observations: density .* 1 of 8"):
        losses(model_of(data, ncl()))


@pytest.mark.parametrize("density", ["log", "log1p", "linear", torch.sqrt])
def test_what_is_missing_stays_missing(density) -> None:
    """The mean over the rows that are known, against the formula."""
    rho = densities(math.nan, math.nan)
    net = ncl()
    found = losses(model_of(build(Table(X, rho), density), net))
    f = {
        "log": torch.log,
        "linear": lambda rho: rho,
        "log1p": torch.log1p,
    }.get(density, density)
    right = (f(net.density(X[2:])) - f(rho[2:])).square().mean()
    torch.testing.assert_close(found[0], right, rtol=1e-12, atol=0)


@pytest.mark.parametrize("density", ["log1p", "linear"])
def test_noise_below_zero_is_compared_where_the_function_allows_it(density) -> None:
    data = build(Table(X, densities(-0.1, 0.0)), density)
    assert losses(model_of(data, ncl())).isfinite().all()


def test_tables_without_a_density_are_no_matter() -> None:
    table = Table(X, velocity=torch.ones(8, 2), values={"p": densities(-1.0)})
    Observations(table, 8, density=None)
    Observations(table, 8, columns={"p": 3})
