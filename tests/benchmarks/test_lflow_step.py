"""The benchmark of LFlow's training step: its rivals are right, its numbers are."""

import importlib
import json
from pathlib import Path

import pytest
import torch
import warm_process
from torch.func import jacrev, vmap
from tqdm import tqdm

FOLDER = Path(__file__).parents[2] / "benchmarks"
MODELS = ("lflow", "released", "dfnn", "ncl-subharmonic", "pinn", "slda")


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("lflow_step")


@pytest.fixture
def rivals(benchmark):
    return importlib.import_module("lflow_rivals")


def test_released_way_gives_the_same_numbers(benchmark, rivals):
    found = benchmark.differences(200)
    assert list(found) == ["rho", "u", "gradient"]
    # Some 100 operations in a row, each with a relative error of 1e-16.
    assert max(found.values()) < 1e-12


def test_both_ways_still_agree_after_training(rivals):
    net = rivals.flow()
    way = rivals.ReleasedLFlow(net)
    adam = torch.optim.Adam(net.parameters(), 1e-2)
    inputs, rho, u = rivals.observations(100)
    for _ in range(20):
        adam.zero_grad()
        outputs = way.density(inputs), way.velocity(inputs)
        rivals.loss_of(*outputs, rho, u).backward()
        adam.step()
    found = way.velocity(inputs)
    expected = net(inputs)[:, 1:]
    assert found.shape == expected.shape == (100, 2)
    # Power iterations follow weights that move by 1e-2 a step: 3e-4 measured; with half
    # of the singular vectors left behind 7e-3.
    assert (found - expected).norm() < 2e-3 * expected.norm()


def test_nested_derivatives_obey_continuity(rivals):
    net = rivals.NestedSubharmonic(components=3, width=8, depth=2)
    x = rivals.observations(50)[0]
    J = vmap(jacrev(lambda point: net(point[None])[0]))(x)
    assert J.shape == (50, 3, 3)
    residual = J[:, 0, 2] + J[:, 1, 0] + J[:, 2, 1]
    assert residual.abs().max() < 1e-12 * J.abs().max()
    assert J[:, 0, 2].abs().min() > 0


def test_potential_has_a_gaussian_for_laplacian(rivals):
    x = torch.linspace(-3, 3, 13)
    points = torch.cartesian_prod(x, x) + 0.05

    def phi(point):
        return rivals._phi(point.square().sum()[None] / 2)[0]

    H = vmap(jacrev(jacrev(phi)))(points)
    laplacian = H.diagonal(dim1=1, dim2=2).sum(1)
    gaussian = torch.exp(-points.square().sum(1) / 2) / (2 * torch.pi)
    # Second derivatives of approximations that are good to some 1e-7.
    assert (laplacian - gaussian).abs().max() < 1e-3 * gaussian.max()


def test_peak_counts_what_lives_at_the_same_time(benchmark):
    def work():
        for _ in range(3):
            a = torch.ones(2**17)
            b = a + 1
            del a
            b.sqrt()
            del b

    # Two tensors of 1 MiB.
    assert benchmark.peak_mib(work) == pytest.approx(2.0, rel=1e-3)


def test_steps_that_need_too_much_memory_are_left_out(benchmark):
    options = ["--gib", "1", "--batch", "64", "--repeats", "1"]
    options += ["--collocation", "0.002"]
    curves = benchmark.Curves(["pinn"], benchmark.options_of(options))
    curves.known["pinn"] = [(16, 500.0), (32, 900.0)]
    with tqdm(total=1, disable=True) as bar:
        curves.measure(64, bar)
    assert curves.rows == []
    curves.known["pinn"] = [(16, 850.0), (32, 900.0)]
    with tqdm(total=1, disable=True) as bar:
        curves.measure(64, bar)
    assert [row["batch"] for row in curves.rows] == [64]


@pytest.mark.slow
def test_every_model_is_measured(tmp_path):
    out, plot = tmp_path / "step.json", tmp_path / "step.png"
    quick = ["--batch", "64", "--repeats", "1", "--points", "64"]
    command = [FOLDER / "lflow_step.py", *quick, "--threads", "1"]
    command += ["--collocation", "0.002", "--out", out, "--plot", plot]
    result = warm_process.run(command)
    assert result.returncode == 0, result.stderr
    content = json.loads(out.read_text())
    assert max(content["step"]["differences"].values()) < 1e-10
    cases = {case["model"]: case for case in content["cases"]}
    assert list(cases) == [*MODELS]
    assert all(c["batch"] == 64 and c["seconds"] > 0 for c in cases.values())
    peaks = [cases[m]["peak_mib"] for m in ("lflow", "released", "dfnn")]
    assert peaks == sorted(peaks)
    assert plot.stat().st_size > 20_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "icnn"], "--model: must be one of lflow,"),
        (["--batch", "0"], "--batch, --repeats, --collocation: must be positive"),
    ],
)
def test_bad_arguments_are_named(benchmark, capsys, arguments, message):
    with pytest.raises(SystemExit):
        benchmark.options_of(arguments)
    assert message in capsys.readouterr().err
