"""Every example runs by itself, in under a minute when alone, by public paths only."""

import ast
import importlib
from pathlib import Path

import pytest
import warm_process

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))
FACES = {
    "ncl_deepxde",
    "ncl_deepxde.data",
    "ncl_deepxde.evaluation",
    "ncl_deepxde.flows",
    "ncl_deepxde.laws",
    "ncl_deepxde.nn",
    "ncl_deepxde.operators",
    "ncl_deepxde.optimizers",
    "ncl_deepxde.plotting",
    "ncl_deepxde.radar",
    "ncl_deepxde.radar.products",
    "ncl_deepxde.reports",
    "reference_fem",
}
# Tests run side by side on cores that may be busy otherwise.
SECONDS = 180


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(example: Path, tmp_path: Path) -> None:
    result = warm_process.run([example], cwd=tmp_path, timeout=SECONDS)
    assert result.returncode == 0, result.stdout + result.stderr


def imports(example: Path) -> dict[str, set[str]]:
    """Return the modules of this project that a file imports, and names from them."""
    found: dict[str, set[str]] = {}
    for node in ast.walk(ast.parse(example.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name: set() for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {alias.name for alias in node.names}
            found[node.module] = found.get(node.module, set()) | names
    rooms = {"ncl_deepxde", "reference_fem"}
    return {name: found[name] for name in found if name.split(".")[0] in rooms}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_imports_public_names_only(example: Path) -> None:
    found = imports(example)
    assert found.keys() <= FACES
    if "ncl_deepxde.radar" in found:
        for extra in ("pandas", "pyproj", "xarray"):
            pytest.importorskip(extra, reason="needs the extra birds")
    for module, names in found.items():
        assert names <= set(importlib.import_module(module).__all__), module
