"""A sample of the bad inputs: each ends well or in one line."""

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import harness
import mutations

CASES = 25
KINDS = (
    *("a.npz", "b.npz", "c.pt", "h.npz", "d.json", "e.jsonl", "p.csv", "p.csv.gz"),
    *("v.csv", "s.npy", "s.csv", "m.msh", "m.vtu", "files of a run", "commands"),
)


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    return dict(harness.cases(tmp_path_factory.mktemp("bad")))


@pytest.mark.parametrize("name", KINDS)
def test_bad_inputs_end_in_one_line(cases, name):
    assert cases.keys() == set(KINDS)
    faults = {k: cases[name](random.Random(f"{name} {k}")) for k in range(CASES)}
    assert {seed: fault for seed, fault in faults.items() if fault} == {}


def spoiled(kind, tmp_path, error=None):
    """Judge a file that a reader takes, or refuses with an error."""

    def read(path):
        if error is not None:
            raise error
        return "other"

    kind = harness.Kind(kind.name, b"", read, (), is_sealed=True)
    return harness.of_file(kind, tmp_path / kind.name, "before")


def test_the_judge_finds_what_it_must(tmp_path, monkeypatch):
    kind = harness.Kind("a.csv", b"", Path.read_bytes, ())
    assert spoiled(kind, tmp_path) == "another content, and no error"
    assert spoiled(kind, tmp_path, ValueError("a.csv: is empty")) is None
    assert "does not name" in spoiled(kind, tmp_path, ValueError("is empty"))
    assert "2 lines" in spoiled(kind, tmp_path, ValueError("a.csv:\nis empty"))
    assert "KeyError" in spoiled(kind, tmp_path, KeyError("a.csv"))
    monkeypatch.setattr(harness.cli, "main", lambda words: 3)
    assert harness.of_command([]) == "code 3"
    monkeypatch.setattr(
        harness.cli, "main", lambda words: print("a\nb", file=sys.stderr) or 2
    )
    assert harness.of_command([]) == "2 lines: a\nb"
    monkeypatch.setattr(harness.cli, "main", lambda words: {}["a"])
    assert "KeyError" in harness.of_command([])


@pytest.mark.parametrize(
    "mutate", [mutations.of_bytes, mutations.of_table, mutations.of_json]
)
def test_a_seed_repeats_its_mutation(mutate):
    content = b'{"a": [1, {"b": 2}], "c": "d,e"}\n'
    made = [mutate(content, random.Random(k)) for k in range(40)]
    assert made == [mutate(content, random.Random(k)) for k in range(40)]
    assert len({*made, content}) > 15
