"""The number of threads: what a process may use, what is asked for, what is refused."""

import os
import subprocess
import sys

import pytest
import torch

from ncl_deepxde.runs import threads
from ncl_deepxde.runs.threads import available_cores, default_threads, set_threads


@pytest.mark.skipif(sys.platform != "linux", reason="affinity and containers of Linux")
@pytest.mark.parametrize(
    ("limit", "cores"),
    [("max 100000", 8), ("250000 100000", 2), ("50000 100000", 1), ("?", 8), (None, 8)],
)
def test_containers_and_affinity_limit_the_cores(monkeypatch, tmp_path, limit, cores):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    file = tmp_path / "cpu.max"
    if limit is not None:
        file.write_text(f"{limit}\n")
    assert available_cores(file) == cores


@pytest.mark.parametrize(("cores", "number"), [(1, 1), (2, 2), (64, 4)])
def test_default_is_one_for_each_core_up_to_four(monkeypatch, cores, number):
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr(threads, "available_cores", lambda: cores)
    assert default_threads() == number


def test_environment_decides_where_it_says_a_number(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(threads, "available_cores", lambda: 3)
    assert default_threads() == torch.get_num_threads() == 1


def test_number_is_set_or_refused():
    set_threads(2)
    assert torch.get_num_threads() == 2
    for number in (0, -1, 2000):
        with pytest.raises(ValueError, match=rf"^--threads: .* got {number}\. Leave"):
            set_threads(number)
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize(("given", "policy"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_threads_wait_passively_unless_the_user_says_otherwise(given, policy):
    environment = {k: v for k, v in os.environ.items() if k != "OMP_WAIT_POLICY"}
    if given is not None:
        environment["OMP_WAIT_POLICY"] = given
    # The environment must be set before torch is loaded.
    code = """
import os, sys

class Watch:
    def find_spec(self, name, *_):
        if name == "torch":
            print(os.environ["OMP_WAIT_POLICY"])
            sys.exit()

sys.meta_path.insert(0, Watch())
import ncl_deepxde
"""
    words = [sys.executable, "-c", code]
    done = subprocess.run(
        words, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [policy]
