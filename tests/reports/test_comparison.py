"""Several runs side by side."""

import json

import pytest

from ncl_deepxde.evaluation.rows import ERROR_ROWS
from ncl_deepxde.reports.comparison import compare_runs, load_metrics, load_runs


def make_run(folder, *, problem="euler-torus", preset="quick", seed=0, error=0.25):
    model = {"relative_l2": {"rho": {"0.1": error}}, "steps": 100}
    folder.mkdir()
    metrics = {
        "problem": problem,
        "preset": preset,
        "seed": seed,
        "device": "cpu",
        "models": {"pinn": model},
        "reference": {},
    }
    (folder / "metrics.json").write_text(json.dumps(metrics))
    return folder


def compare(folders):
    return compare_runs(load_runs(folders), ERROR_ROWS)


def line_with(text, start):
    (line,) = [line for line in text.splitlines() if line.strip().startswith(start)]
    return line


def test_load_metrics_reads_a_run(tmp_path):
    metrics = load_metrics(make_run(tmp_path / "a"))
    assert metrics["models"]["pinn"]["relative_l2"]["rho"]["0.1"] == 0.25


def test_missing_metrics_name_the_remedy(tmp_path):
    missing = r"metrics\.json is missing\. "
    with pytest.raises(ValueError, match=missing + "Make one: ncl-deepxde run"):
        load_metrics(tmp_path)
    run = make_run(tmp_path / "a")
    for wrong in (tmp_path, tmp_path / "b"):  # the folder of runs, a slip of the pen
        with pytest.raises(ValueError, match=missing + f"Runs in .*{run.name}"):
            load_metrics(wrong)
    half = tmp_path / "half"
    half.mkdir()
    (half / "config.json").write_text("{}")
    with pytest.raises(ValueError, match=missing + "Finish it: .*half --resume"):
        load_metrics(half)


def test_truncated_metrics_raise(tmp_path):
    path = make_run(tmp_path / "a") / "metrics.json"
    path.write_text(path.read_text()[:-9])
    with pytest.raises(ValueError, match="damaged or no JSON"):
        load_metrics(path.parent)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "must hold values by name"),
        ("3", "must hold values by name"),
        ("{}", "not written by a run"),
        ('{"problem": "x", "models": [1]}', "not written by a run"),
        ('{"models": {}}', "not written by a run"),
    ],
)
def test_foreign_metrics_raise(tmp_path, text, said):
    (tmp_path / "metrics.json").write_text(text)
    with pytest.raises(ValueError, match=said):
        load_metrics(tmp_path)


def test_seeds_are_shown_as_mean_and_range(tmp_path):
    runs = [
        make_run(tmp_path / str(seed), seed=seed, error=error)
        for seed, error in enumerate((0.25, 0.5, 0.375))
    ]
    text = compare(runs)
    assert line_with(text, "rho, t = 0.1").endswith("0.375 [0.250, 0.500]")
    assert line_with(text, "steps").split() == ["steps", "100"]
    assert "pinn, 3 runs" in text


def test_one_run_is_shown_plainly(tmp_path):
    text = compare([make_run(tmp_path / "a")])
    assert line_with(text, "rho, t = 0.1").split()[-1] == "0.250"
    assert "mean" not in text


def test_presets_are_separate_columns(tmp_path):
    runs = [
        make_run(tmp_path / "a", preset="quick", error=0.25),
        make_run(tmp_path / "b", preset="paper", error=0.125),
    ]
    text = compare(runs)
    assert "pinn (quick)" in text
    assert line_with(text, "rho, t = 0.1").split()[-2:] == ["0.250", "0.125"]


def test_different_problems_are_refused(tmp_path):
    runs = [make_run(tmp_path / "a"), make_run(tmp_path / "b", problem="euler-ball")]
    with pytest.raises(ValueError, match=r"runs of one problem.*euler-ball"):
        compare(runs)


def test_no_run_or_the_same_run_twice_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least one"):
        compare([])
    run = make_run(tmp_path / "a")
    with pytest.raises(ValueError, match="directory once"):
        compare([run, run])


def test_trainings_that_went_wrong_are_named_with_their_run(tmp_path):
    runs = [make_run(tmp_path / "a"), make_run(tmp_path / "b", seed=1)]
    path = runs[1] / "metrics.json"
    found = {"pinn": {"state": "stalled", "text": "Its smallest loss."}}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"training": found}))
    (note,) = [line for line in compare(runs).splitlines() if line.startswith("!")]
    assert note.startswith(f"! {runs[1]}")
    assert "stalled" in compare(runs)
