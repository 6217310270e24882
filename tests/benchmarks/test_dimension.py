"""The benchmark of many dimensions: all ways agree, numbers are what they say."""

import importlib
import json
from pathlib import Path

import pytest
import torch
import warm_process
from tqdm import tqdm

FOLDER = Path(__file__).parents[2] / "benchmarks"

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("dimension")


def test_all_ways_give_the_same_field(benchmark):
    found = benchmark.differences()
    assert list(found) == [
        f"{c}, {way}" for c in ("matrix", "vector") for way in ("jacfwd", "jacrev")
    ]
    # Some hundred products in a row, each with a relative error of 1e-16.
    assert max(found.values()) < 1e-13


def test_disagreement_is_an_error(benchmark, monkeypatch):
    monkeypatch.setattr(benchmark, "differences", lambda: {"matrix, jacfwd": 1e-6})
    with pytest.raises(SystemExit, match="differ by more than"):
        benchmark.main(["--n", "2", "--repeats", "1", "--batch", "1"])


def test_published_way_uses_the_same_weights(benchmark):
    ways = benchmark.fields(5, "matrix", 8)
    x = torch.rand(3, 5)
    with torch.no_grad():
        ways["contracted"].network.layers()[-1].weight *= 3
    ours, theirs = ways["contracted"](x), ways["jacrev"](x)
    assert ours.shape == theirs.shape == (3, 5)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def rows_of(benchmark, growth, dimensions=(8, 16, 32, 64)):
    """Return rows whose seconds and memory are powers of n."""
    return [
        {
            "construction": "matrix",
            "way": way,
            "n": n,
            "seconds": factor * n**growth,
            "peak_mib": 3.0 * n**2,
        }
        for way, factor in (("contracted", 1.0), ("jacfwd", 40.0))
        for n in dimensions
    ]


def test_exponents_are_those_of_power_laws(benchmark):
    rows = rows_of(benchmark, 3)
    rows[0]["seconds"] = 1e9  # n = 8 is below the fitted range
    found = benchmark.exponents(rows)
    assert list(found) == ["matrix, contracted", "matrix, jacfwd"]
    assert found["matrix, jacfwd"]["seconds"] == pytest.approx(3)
    assert found["matrix, contracted"]["peak_mib"] == pytest.approx(2)
    assert benchmark.speedups(rows)["matrix, jacfwd, n = 64"] == pytest.approx(40)


@pytest.mark.parametrize(
    ("option", "reason"), [("--gib", "MiB expected"), ("--most", "s expected")]
)
def test_what_would_be_too_much_is_left_out(benchmark, option, reason):
    options = benchmark.options_of([option, "1", "--repeats", "1", "--batch", "1"])
    curves = benchmark.Curves("matrix", options)
    # Twice the dimensions take eight times as long, and four times the memory.
    curves.rows = rows_of(benchmark, 3, (2, 4))
    for row in curves.rows:
        row["peak_mib"] *= 1024 / 100
    with tqdm(total=6, disable=True) as bar:
        curves.measure(8, bar)
        curves.measure(9, bar)
    contracted, *rivals = curves.rows[4:7]
    assert rivals[0]["left_out"].endswith(reason)
    assert "seconds" in rivals[1], "jacrev has no history"
    assert contracted["left_out"].endswith(reason)
    assert curves.rows[7]["left_out"] == "as for fewer dimensions"


@pytest.mark.slow
def test_every_way_is_measured(tmp_path):
    out, plot = tmp_path / "dimension.json", tmp_path / "dimension.png"
    quick = ["--n", "16", "--n", "20", "--repeats", "1", "--batch", "2"]
    command = [FOLDER / "dimension.py", *quick, "--width", "16"]
    command += ["--threads", "1", "--out", out, "--plot", plot]
    result = warm_process.run(command)
    assert result.returncode == 0, result.stderr
    content = json.loads(out.read_text())
    assert content["n"] == [16, 20]
    assert len(content["cases"]) == 2 * 2 * 3
    assert all(c["seconds"] > 0 for c in content["cases"])
    assert len(content["exponents"]) == 6
    peak = {
        (c["construction"], c["way"], c["n"]): c["peak_mib"] for c in content["cases"]
    }
    # Tangents of the matrix: 2 points, n^3 numbers of 4 bytes.
    assert peak["matrix", "jacfwd", 20] > 2 * 20**3 * 4 / 2**20
    assert peak["vector", "jacrev", 20] > 3 * peak["vector", "contracted", 20]
    assert plot.stat().st_size > 20_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--construction", "tensor"], "--construction: must be one of matrix,"),
        (["--batch", "0"], "--batch, --width, --repeats: must be positive, got 0"),
        (["--n", "1"], "--n: must be at least 2, got 1"),
    ],
)
def test_bad_arguments_are_named(benchmark, capsys, arguments, message):
    with pytest.raises(SystemExit):
        benchmark.options_of(arguments)
    assert message in capsys.readouterr().err
