"""Runs of several cases and seeds: names, settings, means, resume."""

import pytest

from ncl_deepxde.evaluation.rows import MetricRow
from ncl_deepxde.reports.tables import metric_rows
from ncl_deepxde.runs import Preset, Settings, checked
from ncl_deepxde.runs.cells import (
    add_case,
    list_cells,
    mean_over_seeds,
    records_by_case,
    with_costs,
)

CASES = {"2d": {"dim": 2, "net": {"width": 3}}, "3d": {"dim": 3}}
CONTENT = {
    "float": "float64",
    "net": {"width": 5, "depth": 1},
    "seeds": 2,
    "cases": CASES,
}


@checked
class Common(Settings):
    dim: int


@checked
class ToySettings(Common):
    width: int = 5
    depth: int = 1


def preset(content):
    return Preset("fast", ("net",), content, {"net": ToySettings}, Common)


def test_preset_without_cases_makes_one_cell_per_model():
    content = {"float": "float32", "dim": 8}
    cells = list_cells(["a", "b"], preset(content), 7)
    assert [(c.name, c.label, c.case, c.seed) for c in cells] == [
        ("a", "a", None, 7),
        ("b", "b", None, 7),
    ]
    assert all(c.content == content for c in cells)


def test_every_model_is_trained_for_every_case_and_seed():
    cells = list_cells(["a", "b"], preset(CONTENT), 4)
    names = [f"{m}-{d}-seed{k}" for m in "ab" for d in ("2d", "3d") for k in (4, 5)]
    assert [c.name for c in cells] == names
    assert [c.label for c in cells[:3]] == ["a-2d", "a-2d", "a-3d"]
    assert [c.seed for c in cells[:4]] == [4, 5, 4, 5]


def test_one_seed_is_not_in_the_name():
    cells = list_cells(["a"], preset({**CONTENT, "seeds": 1}), 0)
    assert [c.name for c in cells] == ["a-2d", "a-3d"]


def test_content_of_a_case_overrides_and_the_preset_stays():
    plane, _, space, _ = (c.content for c in list_cells(["a"], preset(CONTENT), 0))
    assert (plane["case"], plane["dim"]) == ("2d", 2)
    assert plane["net"] == {"width": 3, "depth": 1}
    assert space["net"] == {"width": 5, "depth": 1}
    assert CONTENT["net"] == {"width": 5, "depth": 1}
    assert "case" not in CONTENT


def test_records_are_sorted_by_case_model_and_seed():
    cells = list_cells(["a", "b"], preset(CONTENT), 4)
    names = ["b-3d-seed4", "a-2d-seed5", "b-3d-seed4", "c-2d-seed4"]
    records = [{"model": name, "step": k} for k, name in enumerate(names)]
    found = records_by_case([*records, {"step": 9}], cells)
    assert found == {
        "2d": {"a": [[], [records[1]]], "b": [[], []]},
        "3d": {"a": [[], []], "b": [[records[0], records[2]], []]},
    }


def test_costs_of_cases_add_up_and_carry_the_case():
    costs = {"train_seconds": 2.0, "steps": 10, "parameters": 7, "loss": 0.5}
    plane, _, space, _ = list_cells(["a"], preset(CONTENT), 0)
    first = add_case({}, with_costs(plane, costs, {"r2_2d": 0.9}))
    both = add_case(first, with_costs(space, {**costs, "steps": 30}, {"r2_3d": 0.8}))
    assert both["steps"] == 40
    assert (both["steps_2d"], both["steps_3d"]) == (10, 30)
    assert both["train_seconds"] == 4.0
    assert (both["loss_2d"], both["r2_2d"], both["r2_3d"]) == (0.5, 0.9, 0.8)
    assert "loss" not in both


def test_means_run_over_seeds_and_keep_what_they_are_of():
    records = {
        3: {"r2": 0.8, "errors": {"rho": {"0.1": 1.0}}, "steps": 5},
        4: {"r2": 0.6, "errors": {"rho": {"0.1": 3.0}}, "steps": 5, "rare": 2.0},
    }
    means = mean_over_seeds(records)
    assert means["r2"] == pytest.approx(0.7, abs=1e-15)
    assert means["errors"] == {"rho": {"0.1": 2.0}}
    assert (means["steps"], means["rare"]) == (5, 2.0)
    assert isinstance(means["steps"], int)
    assert means["seeds"] == {"3": records[3], "4": records[4]}
    assert mean_over_seeds({3: records[3]}) == records[3]


def test_tables_show_means_and_no_single_seeds():
    means = mean_over_seeds({0: {"r2_2d": 1.0}, 1: {"r2_2d": 0.0}})
    rows = metric_rows({"a": means}, [MetricRow("r2", "Accuracy", "R2", "largest")])
    assert [(r.label, r.values["a"]) for r in rows] == [("R2 2D", 0.5)]
