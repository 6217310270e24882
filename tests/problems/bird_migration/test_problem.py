"""The bird migration as the command line sees it: whole runs, --data."""

import json
import re
from dataclasses import replace

import pandas as pd
import pytest
import warm_process

from ncl_deepxde.cli import main
from ncl_deepxde.problems.bird_migration.presets import PRESETS
from ncl_deepxde.problems.bird_migration.problem import BirdMigration


def test_missing_extra_is_named_with_the_remedy():
    code = "import sys; sys.modules['pandas'] = None; "
    code += "import ncl_deepxde.problems.bird_migration"
    done = warm_process.run(["-c", code])
    assert "pip install 'ncl-deepxde[birds]'" in done.stderr


def run(*words):
    """Run the command as a user does."""
    return warm_process.run(["-m", "ncl_deepxde", "run", *words])


@pytest.fixture(scope="module")
def finished(tmp_path_factory, table):
    """A finished run on a file."""
    out = tmp_path_factory.mktemp("runs") / "birds"
    words = ["bird-migration", "--preset", "smoke", "--device", "cpu", "--data", table]
    done = run(*words, "--model", "lflow", "--model", "mlp", "--out", out)
    assert done.returncode == 0, done.stderr
    return out, done.stderr


@pytest.mark.slow
def test_run_on_a_file_writes_what_the_contract_says(finished, table):
    out, printed = finished
    assert "108 rows of 4 radars" in printed
    assert "held out: D" in printed
    metrics = json.loads((out / "metrics.json").read_text())
    for model in metrics["models"].values():
        assert {"density_mse", "r2", "velocity_mse"} <= set(model)
        assert "r2_truth" not in model
    # The target of the issue, in float32 and trained or not.
    assert metrics["models"]["lflow"]["consistency_smape"] < 1e-4
    config = json.loads((out / "config.json").read_text())
    assert list(config["data"]) == [table.name]
    assert len(config["data"][table.name]) == 64
    names = {p.relative_to(out).as_posix() for p in out.rglob("*")}
    drawn = ("boxes", "columns", "profiles", "losses", "lflow_maps", "mlp_maps")
    assert {f"figures/{name}.png" for name in drawn} <= names
    assert {"fields/lflow_maps.nc", "fields/lflow_tracks.geojson"} <= names
    assert {"reference.npz", "report.html"} <= names
    assert f"--data {table}" in (out / "report.html").read_text()


@pytest.mark.slow
def test_resuming_with_another_file_is_refused(finished, table, tmp_path, capsys):
    out, _ = finished
    other = tmp_path / table.name
    changed = pd.read_csv(table).assign(v_m_s=5.0)
    changed.to_csv(other, index=False)
    words = ["run", "bird-migration", "--preset", "smoke", "--device", "cpu"]
    words += ["--out", str(out), "--resume"]
    for data in ([], ["--data", str(other)]):
        assert main([*words, *data]) == 2
        assert "other values of data" in capsys.readouterr().err


def test_settings_of_data_are_part_of_what_is_read(table):
    problem, smoke = BirdMigration([table]), PRESETS["smoke"].settings()
    one = problem.campaign(smoke)
    assert problem.campaign(PRESETS["smoke"].settings("mlp")) is one
    dusk = replace(smoke, data=replace(smoke.data, clock="dusk"))
    assert problem.campaign(dusk) is not one


@pytest.mark.parametrize(
    ("problem", "files", "said"),
    [
        ("fluid-flow", ["{table}"], "--data: fluid-flow takes no data"),
        ("bird-migration", ["nowhere.csv"], "--data: no such file.*nowhere.csv"),
        ("bird-migration", ["{table}", "{table}"], "--data: names must differ"),
        ("bird-migration", ["{text}"], "text.csv"),
    ],
)
def test_bad_data_give_one_line_and_exit_code_2(
    problem, files, said, table, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    text = tmp_path / "text.csv"
    text.write_text("once,upon\na,time\n")
    paths = [file.format(table=table, text=text) for file in files]
    words = [word for path in paths for word in ("--data", path)]
    assert main(["run", problem, "--preset", "smoke", "--device", "cpu", *words]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()[-1:]
    assert re.search(said, line), line
