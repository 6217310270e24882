"""The command line of the benchmark of high precision."""

import importlib
import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("high_precision")


def test_keywords_are_read(benchmark):
    found = benchmark.keywords("acceleration=True,decay=0.6,damping_range=(1e-14,100)")
    assert found == {
        "acceleration": True,
        "decay": 0.6,
        "damping_range": (1e-14, 100),
    }
    assert benchmark.keywords("") == {}
    for text in ("decay", "decay=print(1)", "**{}", "decay=", "a=1)+dict(b=2"):
        with pytest.raises(ValueError, match="--options: must be names and values"):
            benchmark.keywords(text)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--case", "euler"], "--case: must be one of"),
        (["--network", "hard"], "--network: must be one of"),
        (["--optimizer", "sgd"], "--optimizer: must be one of"),
        (["--seconds", "0"], "--seconds, --moments: must be positive, got 0.0 and 12"),
        (["--options", "lr"], "--options: must be names and values"),
    ],
)
def test_bad_arguments_are_named(benchmark, capsys, arguments, message):
    with pytest.raises(SystemExit):
        benchmark.options_of(arguments)
    assert message in capsys.readouterr().err


def test_lines_are_written_and_drawn(benchmark, tmp_path, capsys):
    out, image = tmp_path / "heat.jsonl", tmp_path / "heat.png"
    training = "--case heat --seconds 0.5 --moments 2 --float float32 --points 50"
    for _ in range(2):
        benchmark.main([*training.split(), "--out", str(out)])
    lines = out.read_text().splitlines()
    assert capsys.readouterr().out.splitlines() == lines
    records = [json.loads(line) for line in lines]
    assert [r["case"] for r in records] == ["heat"] * 4
    assert records[1]["seconds"] >= 0.5
    assert records[1]["error"] < 0.1
    assert records[0]["parameters"] == 256
    benchmark.main(["--plot", str(out), "--to", str(image)])
    assert image.stat().st_size > 10_000
