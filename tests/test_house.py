"""The house itself: packaging, pins, imports between rooms, commands, metadata."""

import ast
import configparser
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from setuptools import find_packages

ROOT = Path(__file__).parents[1]
PACKAGES = ("ncl_deepxde", "problems", "reference_fem")
MAX_LINES = 400

# Imports whose distribution has another name; the dolfinx wheel brings its whole stack.
DISTRIBUTION = {
    "PIL": "pillow",
    "basix": "dolfinx-solver-real",
    "dolfinx": "dolfinx-solver-real",
    "dolfinx_solver": "dolfinx-solver-real",
    "ffcx": "dolfinx-solver-real",
    "mpi4py": "dolfinx-solver-real",
    "ot": "pot",
    "petsc4py": "dolfinx-solver-real",
    "ufl": "dolfinx-solver-real",
    "yaml": "pyyaml",
}
FEM_STACK = {name for name, dist in DISTRIBUTION.items() if "dolfinx" in dist}

# Names on conda-forge that differ from those on PyPI.
CONDA = {
    "torch": "pytorch",
    "matplotlib": "matplotlib-base",
    "dolfinx-solver-real": "fenics-dolfinx",
}

SETUP = configparser.ConfigParser()
SETUP.read(ROOT / "setup.cfg")


def _lines(section: str, option: str) -> list[str]:
    return SETUP[section][option].strip().splitlines()


def _requirements() -> list[Requirement]:
    lines = _lines("options", "install_requires")
    for extra in SETUP["options.extras_require"]:
        lines += _lines("options.extras_require", extra)
    return [Requirement(line) for line in lines]


REQUIREMENTS = _requirements()
DECLARED = {canonicalize_name(requirement.name) for requirement in REQUIREMENTS}


def _sources(*folders: str) -> list[Path]:
    return [
        path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))
    ]


def _imports(path: Path) -> set[str]:
    """Return the top-level names that a file imports absolutely."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names


def _identify(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_found_cover_every_folder_with_modules(package: str) -> None:
    found = find_packages(ROOT, include=_lines("options.packages.find", "include"))
    folders = {path.parent.relative_to(ROOT) for path in _sources(package)}
    home = "ncl_deepxde." if package == "problems" else ""
    assert {home + ".".join(folder.parts) for folder in folders} <= set(found)


def test_no_package_of_ours_has_a_name_that_users_choose() -> None:
    found = find_packages(ROOT, include=_lines("options.packages.find", "include"))
    assert {name.split(".")[0] for name in found} == {"ncl_deepxde", "reference_fem"}


@pytest.mark.parametrize("path", _sources(*PACKAGES), ids=_identify)
def test_imports_are_declared(path: Path) -> None:
    known = sys.stdlib_module_names | set(PACKAGES)
    third_party = {DISTRIBUTION.get(name, name) for name in _imports(path) - known}
    assert {canonicalize_name(name) for name in third_party} <= DECLARED


@pytest.mark.parametrize(
    ("room", "forbidden"),
    [
        ("ncl_deepxde", {"reference_fem"} | FEM_STACK),
        ("problems", FEM_STACK),
        ("reference_fem", {"torch", "deepxde", "ncl_deepxde"}),
    ],
)
def test_rooms_import_one_way(room: str, forbidden: set[str]) -> None:
    wrong = {_identify(path): _imports(path) & forbidden for path in _sources(room)}
    assert {path: names for path, names in wrong.items() if names} == {}


@pytest.mark.parametrize(
    "path",
    _sources(*PACKAGES, "tests", "examples", "benchmarks"),
    ids=_identify,
)
def test_file_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_LINES


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda item: item.name)
def test_constraints_pin_every_dependency(requirement: Requirement) -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [Requirement(line) for line in lines if not line.startswith("#")]
    versions = [
        str(pin.specifier).removeprefix("==")
        for pin in pins
        if canonicalize_name(pin.name) == canonicalize_name(requirement.name)
    ]
    assert len(versions) == 1
    assert requirement.specifier.contains(versions[0])


def test_environment_yml_covers_every_dependency() -> None:
    text = (ROOT / "environment.yml").read_text()
    listed = set(re.findall(r"^  - ([a-z0-9-]+)", text, flags=re.MULTILINE))
    wanted = {CONDA.get(name, name) for name in DECLARED - {"uv"}}
    assert wanted <= listed


def test_citation_names_both_papers() -> None:
    yaml = pytest.importorskip("yaml")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(citation)
    assert citation["version"] == SETUP["metadata"]["version"]
    ids = [entry["identifiers"][0]["value"] for entry in citation["references"]]
    assert ids == ["arXiv:2210.01741", "arXiv:2305.16846"]


def test_version_is_the_same_everywhere() -> None:
    text = (ROOT / "ncl_deepxde" / "__init__.py").read_text()
    match = re.search(r'^__version__ = "(.+)"', text, flags=re.MULTILINE)
    assert match is not None
    assert match[1] == SETUP["metadata"]["version"]


def test_entry_points_lead_somewhere() -> None:
    for line in _lines("options.entry_points", "console_scripts"):
        module, name = line.split(" = ")[1].split(":")
        path = ROOT / (module.replace(".", "/") + ".py")
        assert path.exists(), line
        assert re.search(rf"^(def )?{name}\b", path.read_text(), re.MULTILINE), line


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", ".ci/run"])
def test_make_targets_named_in_the_documents_exist(name: str) -> None:
    path = ROOT / name
    if not path.exists():
        pytest.skip(f"{name} is not written yet")
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([.a-z]+):", makefile, flags=re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([.a-z]+)", path.read_text(), re.MULTILINE))
    assert named <= targets
    assert {"demo", "test", "check", "clean", "help", ".venv"} <= targets


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_demo_runs_the_main_job() -> None:
    command = ["make", "--dry-run", "demo"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert printed.returncode == 0, printed.stderr
    assert (
        ".venv/bin/ncl-deepxde run euler-torus --preset quick --out runs/euler-torus"
        in printed.stdout
    )
    assert "runs/euler-torus/report.html" in printed.stdout


@pytest.mark.skipif("CI" not in os.environ, reason="only CI must have dolfinx")
def test_ci_has_dolfinx() -> None:
    assert importlib.util.find_spec("dolfinx") is not None


FOREIGN = """
import sys, types
sys.modules["deepxde"] = types.SimpleNamespace(
    backend=types.SimpleNamespace(backend_name="jax")
)
import ncl_deepxde
"""


@pytest.mark.parametrize(
    ("backend", "program"),
    [
        ("jax", "import ncl_deepxde"),
        ("nonsense", "import ncl_deepxde"),
        ("pytorch", FOREIGN),
    ],
    ids=["not-installed", "unknown", "already-loaded"],
)
def test_wrong_backend_gives_one_clear_error(backend: str, program: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"DDE_BACKEND": backend},
        capture_output=True,
        text=True,
    )
    assert result.returncode != 0
    error = result.stderr.strip().splitlines()[-1]
    assert error.startswith("RuntimeError: ncl_deepxde")
    assert "DDE_BACKEND=pytorch" in error
    assert result.stderr.count("Traceback") == 1
