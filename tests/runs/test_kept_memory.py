"""Memory that a step frees is there for the next one, unless a user says otherwise."""

import os
import platform

import pytest
import warm_process

from ncl_deepxde.runs.kept_memory import CHOSEN, keep_memory

# Pieces of 40 MiB, above what the library keeps by itself: pages taken in ten turns.
PAGES = """
import resource, torch
from ncl_deepxde.runs.kept_memory import keep_memory
def pages():
    begin = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        torch.ones(10 * 2**20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - begin
before, kept = pages(), keep_memory()
pages()
print(kept, before, pages())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of the GNU C library")
def test_pages_are_taken_once() -> None:
    free = {k: v for k, v in os.environ.items() if k not in CHOSEN}
    kept, before, after = warm_process.run(["-c", PAGES], env=free).stdout.split()
    assert kept == "True"
    assert int(after) < int(before) / 4


def test_what_a_user_chose_stays(monkeypatch) -> None:
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "1000000")
    assert not keep_memory()
