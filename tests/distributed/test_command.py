"""``ncl-deepxde run`` by two processes, as by torchrun, and what is refused."""

import json
import os
import socket

import warm_process

COMMAND = ["-m", "ncl_deepxde", "run", "cavity", "--preset", "smoke", "--quiet"]
# Above the ten seconds of a run, below the ten minutes after which messages give up.
NO_HANG = 120


def by_two(*words, others=()):
    """Run the command in two processes; ``others`` are the words of the second one."""
    with socket.socket() as one:
        one.bind(("localhost", 0))
        port = str(one.getsockname()[1])
    world = {"MASTER_ADDR": "localhost", "MASTER_PORT": port, "WORLD_SIZE": "2"}
    started = [
        warm_process.Started(
            [*COMMAND, *words, *(others if rank else ())],
            env=os.environ | world | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(2)
    ]
    return [process.wait(NO_HANG) for process in started]


def test_two_processes_write_one_run(tmp_path) -> None:
    done = by_two("--out", tmp_path / "run")
    assert [d.returncode for d in done] == [0, 0], done
    log = (tmp_path / "run" / "log.jsonl").read_text().splitlines()
    steps = [(r["model"], r["step"]) for r in map(json.loads, log)]
    assert len(set(steps)) == len(steps) > 0
    assert (tmp_path / "run" / "report.html").exists()


def test_different_seeds_are_one_error_before_anything_is_done(tmp_path) -> None:
    done = by_two("--out", tmp_path / "run", others=["--seed", "1"])
    assert [d.returncode for d in done] == [2, 2]
    (said,) = [d.stderr for d in done if d.stderr]
    assert "seed must be the same on all processes, got 0 on process 0 and 1" in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "run").exists()
