"""The command line, alone and under mpirun, and its errors."""

import shutil
import subprocess
import sys
from pathlib import Path

import meshio
import numpy as np
import pytest

import reference_fem
from reference_fem.__main__ import main

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "reference_fem"]


def launcher():
    beside = Path(sys.executable).with_name("mpirun")
    return str(beside) if beside.exists() else shutil.which("mpirun")


@pytest.mark.fem
@pytest.mark.parametrize(
    "arguments",
    [
        "torus --n 8 --dt 4e-3 --t-end 0.021 --save-times 3",
        "ball --n 2 --dt 2e-2 --t-end 0.041 --save-times 3",
    ],
)
def test_two_processes_give_the_same_numbers(arguments, tmp_path):
    for name, prefix in (("one", []), ("two", [launcher(), "-n", "2"])):
        run = subprocess.run(
            [*prefix, *COMMAND, *arguments.split(), "--out", str(tmp_path / name)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        assert run.stdout.count("mass drift") == 1
    one, two = (reference_fem.load(tmp_path / name) for name in ("one", "two"))
    assert two.parameters["processes"] == 2
    # linear solvers stop at 1e-10 or 1e-12 of the right-hand side
    for field in ("rho", "u", "p"):
        a, b = getattr(one, field), getattr(two, field)
        assert np.abs(a - b).max() < 1e-9 * np.abs(a).max()
    assert np.allclose(one.diagnostics["mass"], two.diagnostics["mass"], rtol=1e-13)


@pytest.mark.fem
@pytest.mark.parametrize(
    ("domain", "cell"), [("torus --n 4", "triangle6"), ("ball --n 2", "tetra10")]
)
def test_main_writes_the_result_and_paraview_files(domain, cell, tmp_path, capsys):
    out = tmp_path / "f.npz"
    code = main(
        f"{domain} --dt 0.01 --t-end 0.02 --out {out} --save-times 0,0.015 "
        f"--paraview {tmp_path / 'pv'}".split()
    )
    assert code == 0
    loaded = reference_fem.load(out)
    assert np.array_equal(loaded.times, [0.0, 0.015])
    assert (tmp_path / "pv" / "solution.pvd").exists()
    mesh = meshio.read(tmp_path / "pv" / "solution_0001.vtu")
    saved = loaded.evaluate(mesh.points[:, : loaded.dim], 0.015)
    assert np.allclose(mesh.point_data["u"][:, : loaded.dim], saved["u"], atol=1e-12)
    # nodes in the middle of edges: off the middle by the bulge of curved cells at most
    x = mesh.points[mesh.cells_dict[cell]]
    first = x[:, loaded.dim + 1]
    assert np.abs(first - (x[:, 0] + x[:, 1]) / 2).max() < 0.05
    report = capsys.readouterr().out
    assert "energy drift" in report
    assert ("at the wall" in report) == (loaded.dim == 3)


@pytest.mark.fem
def test_start_file_replaces_the_published_start(tmp_path):
    start = tmp_path / "shear.py"
    start.write_text(
        "import numpy as np\n"
        "def density(x):\n    return 2 + np.sin(2 * np.pi * x[1])\n"
        "def velocity(x):\n    return np.stack([np.cos(2 * np.pi * x[1]), 0 * x[1]])\n"
    )
    out = tmp_path / "f.npz"
    assert (
        main(f"torus --n 4 --dt 0.1 --t-end 0.1 --start {start} --out {out}".split())
        == 0
    )
    x = np.array([[0.25, 0.25], [0.5, 0.75]])
    values = reference_fem.load(out).evaluate(x, 0.0)
    assert np.abs(values["rho"][:, 0] - [3, 1]).max() < 1e-14
    assert np.abs(values["u"]).max() < 1e-14


@pytest.mark.parametrize("domain", ["torus", "ball"])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--n", "1"], "n must be an integer of at least"),
        (["--dt", "0"], "dt must be positive"),
        (["--t-end", "-1"], "t_end must be positive"),
        (["--save-times", "a,b"], "comma-separated list"),
        (["--save-times", "0.9"], "save_times must increase"),
        (["--degree", "7"], "degree must be 2"),
        (["--out", "/nowhere/at/all.npz"], "existing directory"),
        (["--n", "x"], "invalid int value"),
        (["--start", "/nowhere/at/all.py"], "start must be a Python file"),
    ],
)
def test_bad_arguments_give_one_line_and_code_2(
    domain, arguments, words, tmp_path, capsys
):
    with pytest.raises(SystemExit) as stop:
        main([domain, "--out", str(tmp_path / "f.npz"), *arguments])
    assert stop.value.code == 2
    message = capsys.readouterr().err
    assert words in message
    assert message.count("\n") == 1


def test_main_reports_missing_dolfinx_with_code_1(monkeypatch, tmp_path, capsys):
    for name in ("reference_fem._splitting", "reference_fem._dolfinx"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "dolfinx_solver", None)
    monkeypatch.setitem(sys.modules, "dolfinx", None)
    assert main(["torus", "--out", str(tmp_path / "f.npz")]) == 1
    assert "pip install" in capsys.readouterr().err
