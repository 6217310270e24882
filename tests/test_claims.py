"""Numbers of the pages come from docs/results; files and claims keep their schema."""

import importlib
import json
import math
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from reference_fem import spectral

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


@pytest.fixture
def module(monkeypatch):
    """Import a module of the site's own."""
    monkeypatch.syspath_prepend(str(DOCS / "_extensions"))
    return importlib.import_module


@pytest.fixture
def results(module):
    return module("results").load(DOCS / "results")


def good() -> dict:
    row = {
        "name": "density, t = 0.1",
        "unit": "standard deviations",
        "values": {"a": [0.1, 0.25], "b": [None, 3]},
    }
    return {
        "title": "two",
        "command": "run --seed S",
        "preset": "",
        "size": "own",
        "sizes": "small",
        "reference": "",
        "machine": "one core",
        "commit": None,
        "source": "here",
        "seeds": [0, 1],
        "note": "b of seed 0 was not run",
        "rows": [row],
    }


def test_pages_hold_the_numbers_of_the_results(module):
    for path, text in module("claims_page").pages().items():
        assert path.read_text() == text, f"{path.name}: run 'make claims'"
        if path.name == "claims.md":
            assert text.replace("{download}", "").count("{") == 0  # all cited


@pytest.mark.parametrize("name", ["README.md", "docs/results.md"])
def test_a_number_changed_in_a_page_is_noticed(module, tmp_path, name):
    (tmp_path / "docs").mkdir()
    for path in ("README.md", "docs/results.md", "docs/laws.md", "docs/claims.toml"):
        shutil.copy(ROOT / path, tmp_path / path)
    shutil.copytree(DOCS / "results", tmp_path / "docs" / "results")
    page = tmp_path / name
    right = page.read_text()
    assert "0.0074, 0.0082, 0.0068" in right
    page.write_text(right.replace("0.0074, 0.0082", "0.0074, 0.0081"))
    assert module("claims_page").pages(tmp_path)[page] == right


def test_a_right_result_is_read(module):
    results = module("results")
    result = results.check(json.dumps(good()), "two.json")
    assert result.models == ["a", "b"]
    assert result.row("density, t = 0.1").cell("b") == "-, 3"
    with pytest.raises(ValueError, match="got 'steps'"):
        result.row("steps")


def broken(change: str) -> str:
    content = good()
    row = content["rows"][0]
    match change:
        case "unknown field":
            content["cpu"] = "fast"
        case "unknown field of a row":
            row["error"] = 0.1
        case "missing field":
            del content["machine"]
        case "missing unit":
            del row["unit"]
        case "unknown unit":
            row["unit"] = "percent"
        case "not a number":
            row["values"]["a"] = [math.nan, 1.0]
        case "infinite":
            row["values"]["a"] = [math.inf, 1.0]
        case "text":
            row["values"]["a"] = ["0.1", 1.0]
        case "too few":
            row["values"]["a"] = [0.1]
        case "divided by the norm":
            row["unit"] = "relative L2"
        case "factor alone":
            row["factor"] = 2.0
        case "no reason":
            content["note"] = ""
        case "same row twice":
            content["rows"] *= 2
        case "same seed twice":
            content["seeds"] = [1, 1]
        case "no commit":
            content["commit"] = "main"
        case "no rows":
            content["rows"] = []
    return json.dumps(content)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ("unknown field", "cpu"),
        ("unknown field of a row", "rows.0.error"),
        ("missing field", "machine"),
        ("missing unit", "rows.0.unit"),
        ("unknown unit", "rows.0.unit"),
        ("not a number", "rows.0.values.a.0"),
        ("infinite", "rows.0.values.a.0"),
        ("text", "rows.0.values.a.0"),
        ("too few", "must have 2 values"),
        ("divided by the norm", "has a large mean"),
        ("factor alone", "go together"),
        ("no reason", "must say why"),
        ("same row twice", "must differ"),
        ("same seed twice", "must differ"),
        ("no commit", "commit"),
        ("no rows", "rows"),
    ],
)
def test_a_result_that_breaks_the_schema_is_refused(module, change, place):
    with pytest.raises(ValueError, match=r"docs/results/two\.json: ") as caught:
        module("results").check(broken(change), "two.json")
    assert place in str(caught.value)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.0079, 2, "0.0079"),
        (0.016190, 2, "0.016"),
        (9.96, 2, "10"),
        (0.984, 3, "0.984"),
        (1.0, 2, "1"),
        (196.0, 4, "196"),
        (214.0, 2, "210"),
        (241, 3, "241"),
        (-0.15, 2, "-0.15"),
        (8.8e-5, 2, "8.8e-5"),
        (123456.0, 2, "1.2e5"),
        (0, 2, "0"),
        (None, 2, "-"),
    ],
)
def test_numbers_are_written_with_their_digits(module, value, digits, text):
    assert module("results").format_number(value, digits) == text


def test_a_factor_turns_what_was_printed_into_the_unit(module):
    content = good()
    content["rows"][0] |= {"printed": "relative L2", "factor": 2.0}
    row = module("results").check(json.dumps(content), "two.json").rows[0]
    assert row.of("a") == [0.2, 0.5]
    assert row.cell("a") == "0.20, 0.50"
    content["rows"][0]["decimals"] = 1
    row = module("results").check(json.dumps(content), "two.json").rows[0]
    assert (row.cell("a"), row.cell("b")) == ("0.2, 0.5", "-, 6.0")


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("other", "no other.json"),
        ("two | rows: steps", "got 'steps'"),
        ("two | models: c", "got 'c'"),
        ("two | columns: a", "takes rows and models"),
    ],
)
def test_a_table_of_what_there_is_not_is_refused(module, comment, message):
    result = module("results").check(json.dumps(good()), "two.json")
    text = f"<!-- table: {comment} -->\n<!-- end of table -->"
    fill = module("result_tables").fill
    with pytest.raises(ValueError, match=message):
        fill(text, {"two": result})
    with pytest.raises(ValueError, match="must be followed"):
        fill("<!-- table: two -->\n| a |", {"two": result})


def test_a_table_has_rows_models_and_seeds(module):
    result = module("results").check(json.dumps(good()), "two.json")
    text = "before\n<!-- table: two | models: b -->\nold\n<!-- end of table -->\nafter"
    written = module("result_tables").fill(text, {"two": result})
    rows = "| seeds 0, 1 | `b` |\n| --- | --- |\n| density, t = 0.1 | -, 3 |\n"
    assert written == text.replace("old\n", rows)
    assert module("result_tables").fill(written, {"two": result}) == written


@pytest.mark.parametrize(
    ("seeds", "statistic", "words"),
    [
        ([], "each seed", "no random numbers"),
        ([0], "each seed", "seed 0"),
        ([None], "each seed", "one seed"),
        ([None, None], "each seed", "2 draws"),
        ([0, 1], "each seed", "seeds 0, 1"),
        ([0, 1], "mean", "mean of seeds 0, 1"),
    ],
)
def test_seeds_are_told(module, seeds, statistic, words):
    content = good() | {"seeds": seeds, "statistic": statistic}
    number = len(seeds) if seeds and statistic == "each seed" else 1
    content["rows"][0]["values"] = {"a": [0.1] * number}
    result = module("results").check(json.dumps(content), "two.json")
    assert module("result_tables").seeds_in_words(result) == words


# Every figure of results of both papers; figure 1 of each explains the method, A.7 and
# A.8 show what figure 3 measures.
FIGURES = {
    "ncl": {"2", "3", "4", "5", "6", "7"},
    "lflow": {"2", "3", "4", "5", "A.9", "A.11", "A.12"},
}


@pytest.mark.parametrize("paper", FIGURES)
def test_every_figure_has_a_claim(module, paper):
    claims = module("claims_page").claims_of((DOCS / "claims.toml").read_text())
    places = " ".join(
        c.where
        for c in claims
        if c.paper == paper and c.where.startswith(("Figure ", "Figures "))
    )
    assert set(re.findall(r"\b(?:A\.)?\d+", places)) == FIGURES[paper]
    if paper == "lflow":
        assert {"(a, b, d)", "(c)", "(e)", "(f)"} <= set(re.findall(r"\(.*?\)", places))


def entry(**changes) -> str:
    content = {
        "paper": "ncl",
        "where": "Figure 9",
        "claim": "a is |b|",
        "ran": ["two"],
        "ours": "a {two|density, t = 0.1|a}",
        "verdict": "refuted",
        "decides": "more",
    }
    lines = [f"{k} = {json.dumps(v)}" for k, v in (content | changes).items()]
    return "[[claim]]\n" + "\n".join(lines) + "\n"


def test_a_claim_shows_numbers_and_what_they_stand_on(module):
    result = module("results").check(json.dumps(good()), "two.json")
    page = module("claims_page")
    written = page.page(page.claims_of(entry()), {"two": result})
    assert "1 claims: 0 reproduced, 1 refuted" in written
    assert r"a is \|b\|" in written
    assert "a 0.10, 0.25 *Ran:* [two](results/two.json)" in written
    assert "**refuted**, *provisional*" in written
    three = good() | {"seeds": [0, 1, 2]}
    three["rows"][0]["values"] = {"a": [0.1, 0.2, 0.3]}
    result = module("results").check(json.dumps(three), "two.json")
    claims = page.claims_of(entry(decides="less than {two|density, t = 0.1|a}"))
    written = page.page(claims, {"two": result})
    assert "**refuted**. *Decides:* less than 0.10, 0.20, 0.30 |" in written
    assert "{two" not in written


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"verdict": "true"}, "verdict"),
        ({"ours": ""}, "go together"),
        ({"verdict": "not run"}, "go together"),
        ({"ran": []}, "'ran' must name"),
        ({"decides": ""}, "decides"),
        ({"size": "paper"}, "size"),
        ({"ran": ["two", "three"]}, "docs/results has no"),
        ({"ours": "{two|density, t = 0.1|c}"}, "has no 'c'"),
        ({"second": "{two|steps|a}"}, "got 'steps'"),
        ({"decides": "{three|steps|a}"}, "'ran' must name"),
    ],
)
def test_a_claim_without_ground_is_refused(module, changes, message):
    result = module("results").check(json.dumps(good()), "two.json")
    page = module("claims_page")
    with pytest.raises(ValueError, match=message):
        page.page(page.claims_of(entry(**changes)), {"two": result})


def test_every_result_is_cited(results):
    cited = (DOCS / "claims.toml").read_text()
    pages = ("results", "laws", "scaling")
    tables = "".join((DOCS / f"{page}.md").read_text() for page in pages)
    for stem in results:
        assert f'"{stem}"' in cited or f"table: {stem} " in tables, stem


def test_results_of_benchmarks_equal_their_own_files(results):
    runs = json.loads((DOCS / "accuracy_per_second.json").read_text())["runs"]
    names = {"0.1": "0.1", "0.2": "0.2", "0.3333": "1/3"}
    optimizers = {o.lower(): o for o in ("Adam", "Gauss-Newton", "L-BFGS", "NNCG")}
    for run in runs:
        for key, error in run["history"][-1]["rho"].items():
            name = f"density, t = {names[key]}, {optimizers[run['optimizer']]}"
            (value,) = results["euler-torus-optimizers"].row(name).of(run["model"])
            assert value == pytest.approx(error, rel=5e-3), (name, run["model"])
    for case in json.loads((DOCS / "dimension.json").read_text())["cases"]:
        name = f"{case['construction']}, time, n = {case['n']}"
        if case["n"] in (16, 64, 128) and case["way"] != "jacrev":
            (value,) = results["dimension"].row(name).of(case["way"])
            if "seconds" in case:
                assert value == pytest.approx(1e3 * case["seconds"], rel=5e-3), name
            else:
                assert value is None


def test_factors_of_the_torus_are_those_of_its_flow(results):
    """The factors are rms / standard deviation of the flow at that time."""
    start = importlib.import_module("ncl_deepxde.problems.euler.torus.initial_state")
    times = {"0.1": 0.1, "0.2": 0.2, "1/3": 1 / 3}
    flow = spectral.solve(
        start.density, start.velocity, n=24, t_end=1 / 3, save_times=[*times.values()]
    )
    grid = np.stack(np.meshgrid(*[np.arange(24) / 24] * 2, indexing="ij"), -1)
    for name, time in times.items():
        fields = flow.evaluate(grid.reshape(-1, 2), time)
        for field, key in (("density", "rho"), ("velocity", "u")):
            values = fields[key]
            factor = np.linalg.norm(values) / np.linalg.norm(values - values.mean(0))
            row = results["euler-torus"].row(f"{field}, t = {name}")
            # A coarse grid: the second half of a percent is its own.
            assert row.factor == pytest.approx(factor, rel=5e-3)
