"""The benchmark of a step of optimal transport: both ways agree, numbers are right."""

import importlib
import json
from pathlib import Path

import pytest
import scipy.special
import torch
import warm_process
from torch.func import grad, jacrev, vmap

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("ot_step")


def test_exponential_integral_has_its_derivatives(benchmark):
    s = torch.logspace(-4, 1.5, 50)
    e1 = benchmark.ExponentialIntegral.apply
    # 5.1.53 and 5.1.56 of the handbook promise 2e-7 and 5e-5 of the much smaller tail.
    assert (e1(s) - torch.as_tensor(scipy.special.exp1(s.numpy()))).abs().max() < 3e-7
    first, second = vmap(grad(e1))(s), vmap(grad(grad(e1)))(s)
    assert torch.allclose(first, -torch.exp(-s) / s, rtol=1e-14)
    assert torch.allclose(second, torch.exp(-s) * (1 / s + 1 / s**2), rtol=1e-13)


def test_potential_has_a_normal_density_for_laplacian(benchmark):
    points = torch.randn(30, 2)
    H = vmap(jacrev(jacrev(lambda x: benchmark.phi(x.square().sum()))))(points)
    normal = torch.exp(-points.square().sum(1) / 2) / (2 * torch.pi)
    laplacian = H.diagonal(dim1=1, dim2=2).sum(1)
    # The second derivatives are of the size 1/r^2 and cancel.
    assert torch.allclose(laplacian, normal, rtol=1e-12, atol=1e-12)


def test_both_ways_give_the_same_numbers(benchmark):
    # Enough Gaussians to leave no gap, where m^2 / rho would be round-off.
    options = benchmark.options_of(["--batch", "16", "--components", "128"])
    found = benchmark.differences(options)
    assert list(found) == ["E1", "rho", "m", "gradient"]
    assert found.pop("E1") < 1e-6
    # Cancellation in the derivatives of the logarithm and E1, next to a center.
    assert max(found.values()) < 1e-10


def test_disagreement_is_an_error(benchmark, monkeypatch):
    monkeypatch.setattr(benchmark, "phi", lambda r2: r2.log() / 12)
    with pytest.raises(SystemExit, match="must agree"):
        benchmark.main(["--batch", "8", "--components", "3", "--repeats", "1"])


@pytest.mark.slow
def test_both_ways_are_measured(tmp_path):
    out = tmp_path / "step.json"
    quick = ["--batch", "4", "--components", "2", "--repeats", "1", "--threads", "1"]
    command = [FOLDER / "ot_step.py", *quick, "--out", out]
    result = warm_process.run(command)
    assert result.returncode == 0, result.stderr
    assert "x faster" in result.stdout
    content = json.loads(out.read_text())
    assert content["batch"] == 4
    assert min(content["seconds"].values()) > 0
    closed, nested = (content["seconds"][name] for name in ("closed", "nested"))
    assert content["ratio"] == nested / closed > 1


@pytest.mark.parametrize("name", ["batch", "components", "repeats"])
def test_bad_arguments_are_named(benchmark, capsys, name):
    with pytest.raises(SystemExit):
        benchmark.options_of([f"--{name}", "0"])
    assert f"--{name}: must be positive, got 0" in capsys.readouterr().err
