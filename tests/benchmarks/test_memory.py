"""The table of memory: it is that of the page, and every row can be measured."""

import importlib
import json
from pathlib import Path

import pytest
import torch
from conftest import set_float

ROOT = Path(__file__).parents[2]
CONTENT = json.loads((ROOT / "docs/results/memory.json").read_text())
NAMES = list(CONTENT["rows"][0]["values"])
IN_FRONT = NAMES.index("Adam")


@pytest.fixture
def memory(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module("memory")


@pytest.fixture
def cases(memory):
    return importlib.import_module("network_cases")


def test_table_of_the_page_is_that_of_the_file(memory):
    assert memory.table(CONTENT) in (ROOT / "docs/scaling.md").read_text()


def test_every_network_and_optimizer_is_there(memory, cases):
    for row in CONTENT["rows"]:
        assert list(row["values"]) == [*cases.NETWORKS, *memory.OPTIMIZERS]


def test_foretold_is_near_what_was_taken():
    # The page says 10 %; numbers have three digits.
    taken, foretold = (row["values"] for row in CONTENT["rows"][1:])
    for name, (mib,) in taken.items():
        assert foretold[name][0] == pytest.approx(mib, rel=0.115), name


@pytest.mark.parametrize("name", NAMES[:IN_FRONT])
def test_networks_keep_their_law(cases, name, dtype):
    found = cases.exactness(cases.NETWORKS[name], points=4)
    # Round-off of sums over a few hundred terms.
    assert found is None or found < 1e4 * torch.finfo(dtype).eps


def test_a_row_is_measured(memory, cases):
    set_float("float32")
    row = memory.measure(memory.by_network(cases.NETWORKS["plain"]), 60)
    assert row["mib"] * 1024 / 60 == pytest.approx(row["kib_per_point"], rel=0.3)
