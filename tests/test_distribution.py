"""What is built: a sdist of the repository, and a wheel of that sdist."""

import configparser
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import pytest
from house_imports import ROOT, sources

FILES = ("setup.cfg", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE")
MORE = ("CHANGELOG.md", "CITATION.cff", "constraints.txt")
BUILD = "import setuptools.build_meta as build; build.build_{}('.')"

# The only files of packages that are no Python: types are told, and the report's page.
BESIDES = {
    "ncl_deepxde/py.typed",
    "ncl_deepxde/problems/py.typed",
    "ncl_deepxde/reports/report.html.jinja",
    "ncl_deepxde/runs/problem.py.template",
    "reference_fem/py.typed",
}


def _build(kind: str, folder: Path) -> Path:
    """Build in a folder with the setuptools that are here; return the file."""
    command = [sys.executable, "-c", BUILD.format(kind)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (made,) = folder.glob("*.tar.gz" if kind == "sdist" else "*.whl")
    return made


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A sdist, and the wheel that is built of it, as installers do."""
    folder = tmp_path_factory.mktemp("clone")
    for name in (*FILES, *MORE):
        shutil.copy(ROOT / name, folder)
    for name in ("problems", "reference_fem", "tests", "examples", "docs"):
        skipped = shutil.ignore_patterns("__pycache__", "_build", "*.npz")
        shutil.copytree(ROOT / name, folder / name, ignore=skipped)
    ours = shutil.ignore_patterns("__pycache__", "problems")
    shutil.copytree(ROOT / "ncl_deepxde", folder / "ncl_deepxde", ignore=ours)
    (folder / "ncl_deepxde" / "problems").symlink_to("../problems")
    sdist = _build("sdist", folder)
    with tarfile.open(sdist) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    return sdist, _build("wheel", unpacked)


def _modules() -> set[str]:
    """Return the modules of the packages, by their paths once installed."""
    paths = {p.relative_to(ROOT) for p in sources("ncl_deepxde", "reference_fem")}
    moved = {"ncl_deepxde" / p.relative_to(ROOT) for p in sources("problems")}
    return {path.as_posix() for path in paths | moved}


def test_wheel_holds_the_packages_and_nothing_else(built: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(built[1]) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert names == _modules() | BESIDES


def test_sdist_holds_no_tests_pages_or_examples(built: tuple[Path, Path]) -> None:
    with tarfile.open(built[0]) as sdist:
        paths = [PurePosixPath(m.name) for m in sdist.getmembers() if m.isfile()]
    names = {path.relative_to(path.parts[0]).as_posix() for path in paths}
    told = {"PKG-INFO", *FILES, *MORE}
    info = {name for name in names if ".egg-info/" in name}
    assert names - info == _modules() | BESIDES | told


def test_wheel_tells_what_it_needs(built: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(built[1]) as wheel:
        (name,) = (n for n in wheel.namelist() if n.endswith("/METADATA"))
        metadata = wheel.read(name).decode()
    assert "Requires-Python: >=3.11\n" in metadata
    assert "Classifier: Typing :: Typed\n" in metadata
    assert re.search(r"^Requires-Dist: torch>=", metadata, re.MULTILINE)
    # Finite elements are an extra, for the one platform that has a wheel.
    (fem,) = re.findall(r"^Requires-Dist: dolfinx.*", metadata, re.MULTILINE)
    assert 'extra == "fem"' in fem
    assert 'python_version >= "3.12"' in fem


def test_recipe_asks_for_what_setup_cfg_asks_for() -> None:
    yaml = pytest.importorskip("yaml")
    text = (ROOT / "recipe" / "meta.yaml").read_text()
    version = re.search(r'set version = "(.+)"', text)
    assert version is not None
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    assert version[1] == setup["metadata"]["version"]

    plain = re.sub(r"{%.*%}|{{|}}", "", text)
    recipe = yaml.safe_load(plain)
    needed = [
        line.lower()
        for line in setup["options"]["install_requires"].strip().splitlines()
    ]
    needed.append(f"python{setup['options']['python_requires']}")
    names = {"pytorch": "torch", "matplotlib-base": "matplotlib"}
    listed = []
    for line in recipe["requirements"]["run"]:
        name, _, bounds = line.partition(" ")
        listed.append(names.get(name, name) + bounds)
    assert sorted(listed) == sorted(needed)
    entry = setup["options.entry_points"]["console_scripts"].strip()
    assert recipe["build"]["entry_points"] == [entry]


def test_jobs_of_the_workflow_are_those_of_the_script() -> None:
    yaml = pytest.importorskip("yaml")
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    jobs = set(workflow["jobs"]["matrix"]["strategy"]["matrix"]["job"])
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("needs bash")
    told = subprocess.run([bash, ROOT / ".ci" / "job"], capture_output=True, text=True)
    assert told.returncode == 2
    assert {line.split()[0] for line in told.stderr.splitlines()} == jobs
