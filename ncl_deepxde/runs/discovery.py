"""Where problems are found: folders of this package, of other packages, of a user.

A problem is a folder with a ``problem.py`` that holds ``PROBLEM``. Those below
``ncl_deepxde.problems`` are named by their path (``euler/torus`` is ``euler-torus``),
those of other packages by their entry points of the group ``ncl_deepxde.problems``
(``module:PROBLEM``), and any other folder is given by its path.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.metadata import entry_points
from importlib.util import module_from_spec
from pathlib import Path
from typing import Any, TypeAlias
from zlib import crc32

from .problem import Problem

__all__ = ["GROUP", "available", "find"]

GROUP = "ncl_deepxde.problems"
FILE = "problem.py"
NEEDED = ("name", "summary", "models", "presets")

Load: TypeAlias = Callable[[], Any]


def available() -> tuple[dict[str, Problem[Any]], dict[str, str]]:
    """Return all problems by name, and what those need that cannot be loaded."""
    found: dict[str, Problem[Any]] = {}
    missing: dict[str, str] = {}
    for name, load in sorted(_known().items()):
        try:
            found[name] = _loaded(name, load)
        except RuntimeError as error:
            missing[name] = str(error)
    return found, missing


def find(name: str) -> Problem[Any]:
    """Return a problem.

    Args:
        name: Its name, or the path of its folder or of the ``problem.py`` in there.

    Raises:
        ValueError: There is none.
        RuntimeError: It needs something that is not installed, or is no problem.
    """
    known = _known()
    if name in known:
        return _loaded(name, known[name])
    path = Path(name)
    folder = path.parent if path.name == FILE else path
    if (folder / FILE).is_file():
        return _loaded(name, lambda: _by_path(folder.resolve()))
    raise ValueError(
        f"PROBLEM: must be one of {', '.join(sorted(known))} or a folder with a "
        f"{FILE}, got {name!r}."
    )


def _loaded(name: str, load: Load) -> Problem[Any]:
    try:
        problem = load()
    except Exception as error:  # whatever a stranger's file raises
        says = str(error) if isinstance(error, ImportError) else repr(error)
        raise RuntimeError(f"PROBLEM: {name} cannot be loaded: {says}") from error
    if problem is None:
        raise RuntimeError(f"PROBLEM: {name} has no PROBLEM in its {FILE}. Set it.")
    if not isinstance(problem, Problem):
        raise RuntimeError(
            f"PROBLEM: {name} must be an instance of ncl_deepxde.runs.Problem, got "
            f"{problem!r}. Set PROBLEM in its {FILE} to one."
        )
    missing = [word for word in NEEDED if word not in dir(problem)]
    if missing:
        raise RuntimeError(
            f"PROBLEM: {name} must say its {', '.join(missing)}. Set them on the class "
            f"{type(problem).__name__}, see ncl_deepxde.runs.Problem."
        )
    return problem


def _known() -> dict[str, Load]:
    """Return the loader of each problem; a name of ours is not taken by others."""
    others = {entry.name: entry.load for entry in entry_points(group=GROUP)}
    return {**others, **dict(_ours())}


def _ours() -> Iterator[tuple[str, Load]]:
    """Yield the problems below the package of problems, none of them imported."""
    for root in import_module(GROUP).__path__:
        for file in Path(root).rglob(FILE):
            parts = file.parent.relative_to(root).parts
            module = ".".join((GROUP, *parts, file.stem))
            yield "-".join(parts).replace("_", "-"), _attribute(module)


def _attribute(module: str) -> Load:
    return lambda: vars(import_module(module)).get("PROBLEM")


def _by_path(folder: Path) -> Any:
    """Import the problem of a folder, whose files may import each other relatively."""
    package = f"{folder.name}_{crc32(bytes(folder)):08x}"
    if package not in sys.modules:
        spec = ModuleSpec(package, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        sys.modules[package] = module_from_spec(spec)
    return _attribute(f"{package}.{Path(FILE).stem}")()
