"""The log: one record a line, whatever tears it."""

from __future__ import annotations

import json
import os

import pytest
from resumable_run import adam, run

from ncl_deepxde.runs import Stage
from ncl_deepxde.runs.log import append_record, drop_records, read_log


def test_log_is_shared_by_models_and_torn_lines_are_dropped(tmp_path) -> None:
    stages = [Stage("adam", adam, steps=10)]
    for name in ("a", "b"):
        run(tmp_path, stages=stages, name=name)
    log = tmp_path / "log.jsonl"
    with log.open("a") as file:
        file.write('{"model": "b", "st')
    assert len(read_log(log)) == 4
    run(tmp_path, stages=stages, name="a")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    found = [(r["model"], r["step"]) for r in lines]
    assert found == [("b", 5), ("b", 10), ("a", 5), ("a", 10)]
    assert len(os.listdir(tmp_path / "checkpoints")) == 4


def test_an_absent_log_is_empty(tmp_path) -> None:
    assert read_log(tmp_path / "log.jsonl") == []


@pytest.mark.parametrize("torn", ['{"model": "b", "st', "[1, 2]", "\udcff", ""])
def test_a_torn_line_spoils_only_itself(tmp_path, torn) -> None:
    log = tmp_path / "log.jsonl"
    append_record(log, {"model": "a", "step": 1})
    with log.open("ab") as file:
        file.write(torn.encode("utf-8", "surrogateescape"))
    append_record(log, {"model": "a", "step": 2})
    records = [{"model": "a", "step": k} for k in (1, 2)]
    assert read_log(log) == records
    drop_records(log, model="a", beyond=2)
    assert [json.loads(line) for line in log.read_text().splitlines()] == records


def test_later_records_of_one_model_are_dropped(tmp_path) -> None:
    log = tmp_path / "log.jsonl"
    for name in "ab":
        for step in (5, 10):
            append_record(log, {"model": name, "step": step})
    drop_records(log, model="b", beyond=5)
    found = [(r["model"], r["step"]) for r in read_log(log)]
    assert found == [("a", 5), ("a", 10), ("b", 5)]
