"""The site: its scripts run as printed, its examples become pages, it builds."""

import ast
import importlib
import json
import os
import re
from importlib.util import find_spec
from pathlib import Path

import pytest
import warm_process

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(
    path
    for folder in (DOCS, DOCS / "tutorials")
    for path in folder.glob("*.md")
    if "```python\n" in path.read_text()
)
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
# Enough to see that a script runs; what a page asserts holds for any weights, or is
# trained by fewer steps than these.
MANY, FEW = 100, 5
# Seconds: a machine that others use as well may give a twentieth of a core.
HANGS = 3600


# The others take as long as their training: ALL_PAGES=1 runs them too.
CORE = {"index", "first_network", "second_order", "several_laws"}


def needs(page: str) -> list[str]:
    """Return the modules that the head of a page says it requires."""
    found = re.match(r"---\nrequires: (.*)\n---\n", page)
    return found[1].split() if found else []


def scripts(page: str) -> list[str]:
    """Return the scripts of a page: its blocks joined, one for each named file."""
    found: list[str] = [""]
    for block in re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE):
        if block.startswith("# file: "):
            found.append("")
        found[-1] += block + "\n"
    return [script for script in found if script]


def shortened(script: str) -> str:
    """Return a script that trains for a few iterations where it would for many."""

    def fewer(found: re.Match[str]) -> str:
        return f"iterations={FEW if int(found[1]) >= MANY else found[1]}"

    return re.sub(r"iterations=(\d+)", fewer, script)


def is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_scripts_of_a_page_run(path: Path, tmp_path: Path) -> None:
    if path.stem not in CORE and not os.environ.get("ALL_PAGES"):
        pytest.skip("ALL_PAGES=1 runs it")
    page = path.read_text()
    missing = [module for module in needs(page) if not is_there(module)]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")
    for script in scripts(page):
        done = warm_process.run(["-c", shortened(script)], cwd=tmp_path, timeout=HANGS)
        assert done.returncode == 0, done.stdout + done.stderr


def test_blocks_of_a_page_are_joined_by_file() -> None:
    page = "---\nrequires: a b.c\n---\n```python\nx = 1\n```\ntext\n```python\ny = x\n"
    page += "```\n```text\nno\n```\n```python\n# file: two.py\nz = 2\n```\n"
    assert needs(page) == ["a", "b.c"]
    first, second = scripts(page)
    assert first.split("\n")[:3] == ["x = 1", "", "y = x"]
    assert second.startswith("# file: two.py")
    assert shortened("f(iterations=2000, g(iterations=30))") == (
        "f(iterations=5, g(iterations=30))"
    )


def extension(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(DOCS / "_extensions"))
    return importlib.import_module(name)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_pages_of_examples_have_the_code_of_the_examples(path, monkeypatch):
    as_page = extension("gallery_pages", monkeypatch).as_page
    source = path.read_text()
    page = as_page(source)
    assert ast.dump(ast.Module(ast.parse(page).body[2:], [])) == ast.dump(
        ast.Module(ast.parse(source).body[1:], [])
    )
    title, underline = ast.get_docstring(ast.parse(page)).splitlines()[:2]
    assert set(underline) == {"="}
    assert len(underline) == len(title)


def test_page_of_an_example_keeps_equations_and_makes_comments_prose(monkeypatch):
    as_page = extension("gallery_pages", monkeypatch).as_page
    source = '"""A title with `code`.\n\n    |u| = 1\n\nText |m|.\n"""\n\nx = 1\n\n'
    source += "# A part, with `names`.\n\ny = 2\n# why\nz = 3\n"
    page = as_page(source)
    assert "A title with ``code``\n=====================" in page
    assert ".. code-block:: text\n\n    |u| = 1\n" in page
    assert r"Text \|m\|." in page
    assert "# %%\n# A part, with ``names``.\n\ny = 2\n# why\nz = 3\n" in page
    with pytest.raises(ValueError, match="docstring"):
        as_page("x = 1\n")


def test_interface_has_every_public_room(monkeypatch, tmp_path):
    pages = extension("interface_pages", monkeypatch)
    pages.write(tmp_path)
    index = (tmp_path / "index.md").read_text()
    assert "\nnn\n" in index
    assert "\nreference_fem\n" in index
    for module in ("ncl_deepxde.nn", "ncl_deepxde.optimizers", "reference_fem.torus"):
        name = module.removeprefix("ncl_deepxde.").replace(".", "_")
        assert f"automodule:: {module}\n" in (tmp_path / f"{name}.md").read_text()
    listed = index.split("\n\n")[-1].splitlines()[:-1]
    assert {path.stem for path in tmp_path.glob("*.md")} == {"index", *listed}


def test_links_between_pages_lead_somewhere() -> None:
    for path in [ROOT / "README.md", *DOCS.glob("*.md"), *DOCS.glob("tutorials/*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)", path.read_text()):
            if "://" not in target and "gallery/" not in target:
                place = path.parent / target
                found = place.exists() or place.with_suffix(".md").exists()
                assert found, (path.name, target)


@pytest.mark.parametrize(
    ("link", "is_broken"),
    [
        ("b.html", False),
        ("b.html#part", False),
        ("b.html#nothing", True),
        ("#here", False),
        ("#gone", True),
        ("c.html", True),
        ("sub/", False),
        ("picture%20one.png", False),
        ("https://example.org/nowhere", False),
    ],
)
def test_links_of_the_built_site_are_checked(link, is_broken, tmp_path, monkeypatch):
    broken = extension("links", monkeypatch).broken
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "index.html").write_text('<a href="../b.html#part">b</a>')
    (tmp_path / "picture one.png").touch()
    (tmp_path / "b.html").write_text('<h2 id="part">Part</h2>')
    (tmp_path / "a.html").write_text(f'<p id="here"><a href="{link}">there</a></p>')
    assert list(broken(tmp_path)) == ([f"a.html: {link}"] if is_broken else [])


def notebook_agrees(path: Path, example: Path) -> bool:
    """Whether a notebook is of the present format and has the code of an example."""
    notebook = json.loads(path.read_text())
    assert notebook["nbformat"] == 4
    assert {cell["cell_type"] for cell in notebook["cells"]} == {"code", "markdown"}
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert not any(cell["outputs"] for cell in cells)
    code = "\n".join("".join(cell["source"]) for cell in cells)
    statements = {ast.dump(node) for node in ast.parse(code).body}
    wanted = {ast.dump(node) for node in ast.parse(example.read_text()).body[1:]}
    return wanted <= statements


@pytest.mark.slow
@pytest.mark.skipif(not is_there("sphinx"), reason="needs the extra docs")
def test_site_builds_without_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    folders = ["-d", tmp_path / "trees", DOCS, tmp_path / "html"]
    done = warm_process.run([*command, *folders], timeout=HANGS)
    assert done.returncode == 0, done.stderr
    index = (tmp_path / "html" / "index.html").read_text()
    assert "mathjax/tex-chtml" in index  # served with the site, not from elsewhere
    assert not re.search(r'<script[^>]*src="https?:', index)
    assert (tmp_path / "html" / "_static" / "mathjax" / "tex-chtml.js").is_file()
    network = (tmp_path / "html" / "api" / "nn.html").read_text()
    assert 'id="ncl_deepxde.nn.NCL"' in network
    assert (tmp_path / "html" / "gallery" / "kovasznay.html").is_file()
    assert list(extension("links", monkeypatch).broken(tmp_path / "html")) == []
    for example in EXAMPLES:
        (notebook,) = (tmp_path / "html").rglob(f"{example.stem}.ipynb")
        assert notebook_agrees(notebook, example), example
