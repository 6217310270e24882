"""Presets: what a model sees in a case, and typing errors that are refused."""

import json
from dataclasses import replace

import pytest

from ncl_deepxde.runs import Positive, Preset, Presets, Settings, checked, merge


@checked
class Reference:
    n: int
    dt: float


@checked
class Common(Settings):
    reference: Reference


@checked
class Wide(Common):
    hidden: tuple[int, ...]
    weight: float | None = None
    rate: Positive = 1.0


CONTENT = {
    "float": "float32",
    "seeds": 3,
    "reference": {"n": 8, "dt": 1},
    "wide": {"hidden": [3, 4], "reference": {"n": 9}},
    "cases": {"2d": {}, "3d": {"wide": {"weight": 0.5}}},
}


def preset(*changes):
    content = merge(CONTENT, *changes)
    return Preset("A preset", ("wide",), content, {"wide": Wide}, Common)


def test_merge_takes_the_last_value_and_merges_inside():
    merged = merge({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"c": 4}}, {"a": {"e": 5}})
    assert merged == {"a": {"e": 5}, "b": {"c": 4, "d": 3}}


def test_a_model_sees_what_differs_for_it_in_a_case():
    plane, space = (preset().settings("wide", case) for case in ("2d", "3d"))
    assert (plane.case, plane.weight, plane.hidden) == ("2d", None, (3, 4))
    assert (space.case, space.weight, space.seeds) == ("3d", 0.5, 3)
    assert space.reference == Reference(n=9, dt=1.0)
    assert preset().settings(case="2d").reference.n == 8
    assert isinstance(preset().settings(), Common)


def test_a_field_declared_anew_without_a_default_is_required():
    @checked
    class Narrow(Wide):
        weight: float

    said = "Narrow: weight is missing"
    with pytest.raises(ValueError, match=said):
        replace(preset(), schemas={"wide": Narrow}).settings("wide", "2d")
    narrow = {"wide": {"weight": 2.0}}
    found = replace(preset(narrow), schemas={"wide": Narrow}).settings("wide", "2d")
    assert found == Narrow(
        float_type="float32",
        seeds=3,
        case="2d",
        reference=Reference(n=9, dt=1.0),
        hidden=(3, 4),
        weight=2.0,
    )


def test_settings_are_frozen():
    with pytest.raises(AttributeError):
        preset().settings("wide", "2d").seeds = 2


def test_content_stays_as_it_was_declared():
    assert json.loads(json.dumps(preset().content)) == CONTENT


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"wide": {"hiden": [3]}}, "Wide: hiden is no setting"),
        ({"wdie": {"hidden": [3]}}, "Common: wdie is no setting"),
        ({"reference": {"N": 8}}, "reference.N is no setting"),
        ({"reference": {"n": 8.5}}, "reference.n: .*integer, got 8.5"),
        ({"wide": {"hidden": [3, "4"]}}, "hidden.1: .*integer, got '4'"),
        ({"wide": {"hidden": 3}}, "hidden: "),
        ({"float": "float16"}, "float: .*'float32' or 'float64', got 'float16'"),
        ({"seeds": 0}, "seeds: .*greater than or equal to 1, got 0"),
        ({"seeds": True}, "seeds: .*integer, got True"),
        ({"cases": {"3d": {"wide": {"weight": "1"}}}}, "weight: .*number, got '1'"),
    ],
)
def test_typing_errors_are_refused_where_a_preset_is_declared(change, said):
    with pytest.raises(ValueError, match=said):
        preset(change)


class Forgotten(Common):
    steps: int


@pytest.mark.parametrize(
    ("declare", "said"),
    [
        (lambda: preset({"cases": ["2d"]}), r"cases: must map names .* got \['2d'\]"),
        (lambda: preset().settings("narrow", "2d"), "model: must be one of wide, got"),
        (lambda: preset().settings("wide", "4d"), "case: must be one of 2d, 3d, got"),
        (
            lambda: Preset("", ("narrow",), CONTENT, {"wide": Wide}, Common),
            "models: must be of wide, got 'narrow'",
        ),
        (
            lambda: Preset.shared("", ["wide"], CONTENT, Forgotten),
            "Forgotten: must be a class by @ncl_deepxde.runs.checked",
        ),
        (
            lambda: preset({"wide": {"rate": float("inf")}}),
            "rate: .*finite number, got",
        ),
    ],
)
def test_presets_that_cannot_be_are_refused(declare, said):
    with pytest.raises(ValueError, match=said):
        declare()


def test_missing_settings_are_named():
    content = {"float": "float32"}
    with pytest.raises(ValueError, match=r"Wide: reference is missing; hidden is"):
        Preset("A preset", ("wide",), content, {"wide": Wide})


def test_settings_of_the_reference_can_be_changed():
    finer = preset().with_reference({"n": 16})
    assert finer.settings(case="2d").reference == Reference(n=16, dt=1.0)
    assert preset().with_reference({}) == preset()
    with pytest.raises(ValueError, match=r"--steps: .* no such setting"):
        preset().with_reference({"steps": 3})


def test_presets_take_a_choice_after_their_name():
    def choose(base, choice):
        return Preset(choice, base.models, base.content, base.schemas, base.common)

    presets = Presets(choose, {"quick": preset()})
    assert "quick@all" in presets
    assert presets["quick@all"].summary == "all"
    with pytest.raises(KeyError):
        presets["slow@all"]
