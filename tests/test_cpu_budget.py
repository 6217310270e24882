"""The account of what tests cost."""

import subprocess
import sys
from types import SimpleNamespace

from cpu_budget import SHOWN, cpu_seconds, summary

BUSY = "import time\nwhile time.process_time() < 0.3: pass"


def report(name, seconds, **keywords):
    return SimpleNamespace(
        nodeid=name, keywords=keywords, user_properties=[("cpu", seconds)]
    )


def test_children_count() -> None:
    before = cpu_seconds()
    subprocess.run([sys.executable, "-c", BUSY], check=True)
    assert cpu_seconds() - before > 0.25


def test_fixtures_count(request) -> None:
    assert dict(request.node.user_properties)["began"] <= cpu_seconds()


def test_unmarked_tests_above_the_limit_are_named() -> None:
    quick = [report(f"quick{i}", 0.1) for i in range(SHOWN)]
    reports = [*quick, report("known", 30.0, slow=1), report("new", 12.0)]
    lines = summary(reports)
    assert lines[0] == f"44 CPU seconds in {SHOWN + 2} tests, most in"
    assert [line.split()[1] for line in lines[1:3]] == ["known", "new"]
    assert lines[-1] == "mark as slow (above 10 CPU seconds): new"
    assert len(lines) == SHOWN + 2
