"""Equality with one process, which rests on rows that are put together rightly."""

import pytest
import torch
from trainings import TRAININGS

from ncl_deepxde.distributed import Processes, SharedRows

# Its bases of directions that no gradient has yet seen are made of round-off.
FREE = {"soap"}
# Of Gauss-Newton, in units of a step: its systems enlarge the round-off of the sums by
# their condition, above all in the span of a few rows, which leaves 6e-8 out.
GROWN = {"span": 1e-7}


def test_rows_of_one_process_stay_what_they_are() -> None:
    rows, parts = SharedRows.of([2, 3]), [torch.rand(2, 1), torch.rand(3)]
    assert rows.sizes == [2, 3]
    assert rows.own == [slice(0, 2), slice(0, 3)]
    assert all(a is b for a, b in zip(rows.gather(parts), parts, strict=True))


def test_own_rows_follow_those_of_earlier_processes() -> None:
    rows = SharedRows(Processes(1, 3), [[2, 1], [3, 1], [2, 2]])
    assert rows.sizes == [7, 4]
    assert rows.own == [slice(2, 5), slice(1, 2)]


@pytest.mark.slow  # two processes, once for all: 25 CPU s
@pytest.mark.parametrize("name", TRAININGS)
def test_two_processes_hold_the_same_bits(pair, name) -> None:
    first, second = (found[name] for found in pair["trainings"])
    assert first.keys() == second.keys()
    for key, values in first.items():
        pairs = zip(values, second[key], strict=True)
        assert all(
            torch.equal(torch.as_tensor(a), torch.as_tensor(b)) for a, b in pairs
        )


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in TRAININGS if n not in FREE])
def test_two_processes_train_as_one_does(pair, name) -> None:
    found, right = pair["trainings"][0][name], pair["alone"][name]
    first = _distance(found["weights"][0], right["weights"][0])
    assert first < 2e-12
    for a, b in zip(found["weights"], right["weights"], strict=True):
        assert _distance(a, b) < GROWN.get(name, 1e-11)
    assert found.get("damping") == right.get("damping")
    if "leverages" in right:
        tolerance = 100 * GROWN.get(name, 1e-11)
        assert _distance(found["leverages"], right["leverages"]) < tolerance


@pytest.mark.slow
def test_points_move_alike(pair) -> None:
    assert {name for name in TRAININGS if "leverages" in pair["alone"][name]} >= {
        "gram",
        "span",
    }


def _distance(a, b):
    return float((a - b).norm() / b.norm())
