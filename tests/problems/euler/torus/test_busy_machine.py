"""A preset trains to the same numbers whatever else the machine does."""

import subprocess
import sys
from contextlib import ExitStack

import pytest
import torch

from ncl_deepxde.problems.euler.torus.problem import PROBLEM
from ncl_deepxde.runs import run as runs
from ncl_deepxde.runs.log import read_log

# Ends by itself, should the test be killed.
LOOP = "import time; end = time.time() + 60\nwhile time.time() < end: pass"


def without_times(tree):
    """Return metrics or records without what a clock tells."""
    if isinstance(tree, list):
        return [without_times(part) for part in tree]
    if not isinstance(tree, dict):
        return tree
    return {k: without_times(v) for k, v in tree.items() if "seconds" not in k}


def trained(out, busy, monkeypatch):
    """Run a model of the smallest preset; return its metrics and its log."""

    class Torus(type(PROBLEM)):
        """The problem without its reference and its pictures, which train nothing."""

        def compute_reference(self, preset, path):
            path.touch()

        def load_reference(self, path):
            return None

        def describe_reference(self, path):
            return {}

        def measure(self, experiment, reference):
            weights = experiment.model.net.state_dict()
            return {"weights": {k: v.tolist() for k, v in weights.items()}}

        def draw(self, directory, solutions, metrics):
            return []

        def summarize(self, metrics):
            return ""

    monkeypatch.setattr(runs, "find", lambda name: Torus())
    options = runs.RunOptions("euler-torus", "smoke", ("pinn",), 0, "cpu", threads=2)
    with ExitStack() as stack:
        for _ in range(2 if busy else 0):
            loop = stack.enter_context(subprocess.Popen([sys.executable, "-c", LOOP]))
            stack.callback(loop.kill)
        metrics = runs.run(options, out)
    assert torch.get_num_threads() == 2
    return without_times(metrics), without_times(read_log(out / "log.jsonl"))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.torch.jit.script")
def test_two_busy_loops_change_no_bit(tmp_path, monkeypatch):
    quiet = trained(tmp_path / "quiet", False, monkeypatch)
    busy = trained(tmp_path / "busy", True, monkeypatch)
    metrics, log = quiet
    assert metrics["threads"] == 2
    assert metrics["models"]["pinn"]["steps"] == 32
    assert [r["stage"] for r in log] == [
        *["adam"] * 2,
        "gauss-newton",
        "more points",
    ]
    assert busy == quiet
