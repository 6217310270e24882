import re

import pytest
import torch

from ncl_deepxde.distributed import Processes, alone, processes

ERRORS = {
    "other_versions": "ValueError: distributed: version of .*'0.0' on process 0 and",
    "too_few_points": "ValueError: num_domain: .* 2 processes, got 1. Take more points",
    "failure_of_the_first": "ValueError: invalid literal",
}


def test_one_process_pays_nothing() -> None:
    here, x = processes(), torch.rand(3)
    assert (here.size, here.is_first, here.sent) == (1, True, 0)
    assert here.sum(x)[0] is x
    assert here.share(5, "points") == slice(0, 5)
    assert here.first(lambda: 7) == 7
    assert here.is_first_to_say("this")
    assert here.is_first_to_say("this")
    here.check_same({"anything": object()})


@pytest.mark.parametrize(("count", "size"), [(7, 3), (3, 3), (10, 4)])
def test_shares_hold_every_point_once(count, size) -> None:
    rows = [Processes(p, size).share(count, "x") for p in range(size)]
    edges = [0, *(r.stop for r in rows)]
    assert [r.start for r in rows] == edges[:-1]
    assert edges[-1] == count
    lengths = [r.stop - r.start for r in rows]
    assert max(lengths) - min(lengths) <= 1


def test_alone_is_one_process_inside() -> None:
    with alone():
        assert processes().size == 1


@pytest.mark.slow  # the first to ask for the pair waits for two processes, 25 CPU s
@pytest.mark.parametrize("name", ERRORS)
def test_what_is_wrong_is_one_error_on_all(pair, name) -> None:
    first, second = pair[name]
    assert re.search(ERRORS[name], first)
    assert second == first


@pytest.mark.slow
def test_a_process_that_dies_is_told(pair) -> None:
    message, _ = pair["dead_process"]
    assert message.startswith("LostProcessError: distributed: one of 2 processes ended")
    assert " peer" in message
    assert "--resume" in message
