"""A run of two processes: files of the first, one step to stop in, resumed by any."""

import json

import pytest
import torch

# Two processes, once for all: 25 CPU s.
pytestmark = pytest.mark.slow


def test_an_interrupt_of_one_process_stops_both_in_the_same_step(pair) -> None:
    assert pair["interrupted"] == ["interrupted", "interrupted"]


def test_a_run_is_resumed_by_as_many_processes_or_one(pair) -> None:
    right = pair["run alone"]
    for found in (*pair["resumed"], pair["resumed alone"]):
        # Eight steps, of which Gauss-Newton's enlarge the round-off of sums.
        torch.testing.assert_close(found, right, rtol=0, atol=1e-11)


def test_the_first_process_alone_writes(pair) -> None:
    for name in ("pair", "then alone", "alone"):
        lines = (pair["folder"] / name / "log.jsonl").read_text().splitlines()
        assert [json.loads(line)["step"] for line in lines] == list(range(1, 9))
