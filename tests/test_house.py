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
from house_imports import (
    ARROWS,
    MODULES,
    PACKAGES,
    ROOT,
    arrows_between,
    circle_in,
    floors,
    room_of,
    sources,
)
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from setuptools import find_packages

MAX_LINES = 400

# Imports whose distribution has another name; the dolfinx wheel brings its whole stack.
DISTRIBUTION = {
    "PIL": "pillow",
    "basix": "dolfinx-solver-real",
    "dolfinx": "dolfinx-solver-real",
    "dolfinx_solver": "dolfinx-solver-real",
    "ffcx": "dolfinx-solver-real",
    "mpi4py": "dolfinx-solver-real",
    "netgen": "netgen-mesher",
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
    "netgen-mesher": "netgen",
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
    folders = {path.parent.relative_to(ROOT) for path in sources(package)}
    home = "ncl_deepxde." if package == "problems" else ""
    assert {home + ".".join(folder.parts) for folder in folders} <= set(found)


def test_no_package_of_ours_has_a_name_that_users_choose() -> None:
    found = find_packages(ROOT, include=_lines("options.packages.find", "include"))
    assert {name.split(".")[0] for name in found} == {"ncl_deepxde", "reference_fem"}


@pytest.mark.parametrize("path", sources(*PACKAGES), ids=_identify)
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
    wrong = {_identify(path): _imports(path) & forbidden for path in sources(room)}
    assert {path: names for path, names in wrong.items() if names} == {}


def test_no_circle_of_imports() -> None:
    assert circle_in(ARROWS) == []


# From the bottom to the top; a room imports from lower floors only.
FLOORS = (
    {"_upstream", "arrays", "distributed", "files", "jets", "random_numbers"},
    {"operators", "potentials", "flows", "quadrature", "walls"},
    {"laws", "nn"},
    {"data", "ensemble", "evaluation"},
    {"optimizers", "reports"},
    {"runs"},
    {"plotting", "cli"},
    {"radar", "__main__"},
    {"problems"},
)


def test_arrows_between_rooms_point_down() -> None:
    height = {f"ncl_deepxde.{room}": i for i, f in enumerate(FLOORS) for room in f}
    arrows = arrows_between(lambda name: name in MODULES and room_of(name))
    ours = {start: ends for start, ends in arrows.items() if start in height}
    wrong = {
        (start, end)
        for start, ends in ours.items()
        for end in ends - {"ncl_deepxde"}
        if end in height and height[end] >= height[start]
    }
    assert wrong == set()
    assert {room_of(name) for name in MODULES if "." in name} <= {
        *height,
        *(name for name in MODULES if name.startswith("reference_fem")),
    }
    rooms = {room: ends & height.keys() for room, ends in ours.items()}
    assert max(floors(rooms).values()) <= 10


def _folder_of(name: str) -> str:
    return _identify(MODULES[name].parent)


def test_folders_make_no_circle() -> None:
    # Files right below the library are rooms; a folder and what is inside are one.
    def place(name: str) -> str:
        folder = _folder_of(name)
        return name if folder == "ncl_deepxde" else folder

    arrows = {
        start: {e for e in ends if not f"{e}/".startswith(f"{start}/")}
        for start, ends in arrows_between(place).items()
    }
    assert circle_in(arrows) == []


def test_problems_share_little() -> None:
    def problem(name: str) -> str | None:
        parts = name.split(".")
        return parts[2] if name.startswith("ncl_deepxde.problems.") else None

    arrows = arrows_between(problem)
    assert sum(map(len, arrows.values())) <= 5, arrows


def test_private_modules_stay_in_their_folder() -> None:
    wrong = [
        (name, target)
        for name, targets in ARROWS.items()
        for target in targets
        if target.rpartition(".")[2].startswith("_")
        and _folder_of(name) != _folder_of(target)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "folder",
    sorted({path.parent for path in MODULES.values()}),
    ids=_identify,
)
def test_every_folder_has_a_face(folder: Path) -> None:
    face = (folder / "__init__.py").read_text()
    assert ast.get_docstring(ast.parse(face))
    assert re.search(r"^__all__\b", face, re.MULTILINE)


def _words(path: Path) -> dict[str, str]:
    """Return classes and types that a module defines, with their definition."""
    words = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef):
            words[node.name] = _identify(path)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            words[node.target.id] = ast.dump(node.value or node.annotation)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            words[node.targets[0].id] = ast.dump(node.value)
    return {w: meaning for w, meaning in words.items() if re.match("_?[A-Z][a-z]", w)}


def test_a_word_has_one_meaning() -> None:
    meanings: dict[str, set[str]] = {}
    for path in MODULES.values():
        for word, meaning in _words(path).items():
            meanings.setdefault(word, set()).add(meaning)
    several = {word: found for word, found in meanings.items() if len(found) > 1}
    # reference_fem stands apart, and what it is given imports numpy alone.
    assert several.keys() <= {"Array"}


# Types alone, of which a test could only say the same again.
WITHOUT_TESTS = {"ncl_deepxde/arrays.py", "reference_fem/_arrays.py"}


@pytest.mark.parametrize("path", MODULES.values(), ids=_identify)
def test_every_module_has_tests_of_its_name(path: Path) -> None:
    parts = [part for part in path.relative_to(ROOT).parts if part != "ncl_deepxde"]
    name = parts[-1].removeprefix("_")
    if path.name in ("__init__.py", "__main__.py") or _identify(path) in WITHOUT_TESTS:
        pytest.skip("a face or a door")
    assert ROOT.joinpath("tests", *parts[:-1], f"test_{name}").is_file()


@pytest.mark.parametrize(
    "path",
    sources(*PACKAGES, "tests", "examples", "benchmarks"),
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
    # What pip brings: uv replaces it, MathJax comes with the extra of the site.
    by_pip = {"uv", "sphinx-mathjax-offline"}
    wanted = {CONDA.get(name, name) for name in DECLARED - by_pip}
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


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_lets_python_keep_what_it_compiles() -> None:
    word = "PYTHONDONTWRITEBYTECODE"
    show = f"show: ; @echo [$${word}]"
    printed = subprocess.run(
        ["make", "--silent", f"--eval={show}", "show"],
        cwd=ROOT,
        env=os.environ | {word: "1"},
        capture_output=True,
        text=True,
    )
    assert printed.stdout == "[]\n", printed.stderr


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


# What reads a clock: the times that a run tells, its bar, and a limit of safety.
CLOCKS = {
    "ncl_deepxde/runs/core_share.py",
    "ncl_deepxde/runs/run.py",
    "ncl_deepxde/runs/stage_loop.py",
    "problems/optimal_transport/discrete/trend.py",
}


def test_only_known_modules_read_a_clock() -> None:
    """A result that depends on a clock is another one on a busy machine."""
    found = {
        _identify(path)
        for path in sources("ncl_deepxde", "problems")
        if _imports(path) & {"time", "timeit"}
    }
    assert found == CLOCKS
