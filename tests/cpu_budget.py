"""What tests cost: CPU seconds, which a busy machine changes little."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import warm_process

LIMIT = 10.0
"""CPU seconds above which a test is marked ``slow``."""
SHOWN = 20


def cpu_seconds() -> float:
    """Return what this process and its finished children took so far."""
    now = os.times()
    own = now.user + now.system + now.children_user + now.children_system
    return own + warm_process.spent


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Remember when a test began, before its fixtures."""
    item.user_properties.append(("began", cpu_seconds()))
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Add what a test and the fixtures made for it took."""
    try:
        return (yield)
    finally:
        began = dict(item.user_properties)["began"]
        item.user_properties.append(("cpu", cpu_seconds() - began))


def summary(reports: Sequence[Any]) -> list[str]:
    """Return lines on the most expensive tests, and on those to be marked."""
    costs = [(dict(r.user_properties).get("cpu", 0.0), r) for r in reports]
    costs.sort(key=lambda cost: -cost[0])
    total = sum(seconds for seconds, _ in costs)
    lines = [f"{total:.0f} CPU seconds in {len(costs)} tests, most in"]
    lines += [f"{seconds:8.1f} {r.nodeid}" for seconds, r in costs[:SHOWN]]
    unmarked = [r.nodeid for s, r in costs if s > LIMIT and "slow" not in r.keywords]
    lines += [f"mark as slow (above {LIMIT:g} CPU seconds): {n}" for n in unmarked]
    return lines


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the costs of a run of more tests than are shown."""
    ended = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
        if report.when == "call"
    ]
    if len(ended) > SHOWN:
        terminalreporter.write_sep("=", "costs")
        for line in summary(ended):
            terminalreporter.write_line(line)
