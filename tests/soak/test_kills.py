"""Some faults of ``make soak``: a run goes on as if nothing had happened."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from kills import Runs, differences, halves, write_problem


@pytest.fixture(scope="module")
def pond(tmp_path_factory):
    """A small problem and its unbroken run."""
    folder = tmp_path_factory.mktemp("soak")
    return Runs(folder, str(write_problem(folder / "pond")))


# Places in the order of the run: directory, configuration, a first and a later
# checkpoint, the second model, metrics, figures.
@pytest.mark.parametrize(
    ("place", "fault"),
    [
        (0.07, "kill"),
        (0.1, "ctrl-c"),
        (0.25, "kill"),
        (0.3, "full"),
        (0.42, "term"),
        (0.5, "full once"),
        (0.6, "ctrl-c twice"),
        (0.78, "read-only"),
        (0.85, "kill"),
        (0.97, "kill"),
    ],
)
def test_a_run_with_a_fault_resumes_to_the_same_numbers(pond, place, fault):
    found = pond.at_change(round(place * pond.changes), fault)
    assert found.faults == []
    ended = {"kill": {-9}, "term": {-15}, "ctrl-c": {130}, "ctrl-c twice": {130}}
    assert found.codes[0] in ended.get(fault, {0, 1, 2})
    assert found.codes[-1] == 0


def test_what_is_compared_would_tell(pond, tmp_path):
    numbers = pond.numbers
    assert list(differences(numbers, numbers)) == []
    loss = numbers["models"]["ncl"]["loss"]
    ncl = numbers["models"]["ncl"] | {"loss": loss * (1 + 1e-15)}
    other = numbers | {"models": numbers["models"] | {"ncl": ncl}}
    (told,) = differences(numbers, other)
    assert told.startswith("models.ncl.loss: ")
    (tmp_path / "metrics.json").write_text("{")
    (tmp_path / ".metrics.1.json").write_text("{")
    (told,) = halves(tmp_path)
    assert "metrics.json" in told
