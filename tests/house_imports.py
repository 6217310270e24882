"""The imports of the house, read from the code: modules, rooms, arrows."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("ncl_deepxde", "problems", "reference_fem")


def sources(*folders):
    """Python files of some folders; what stands behind a link is found once."""
    return [path for f in folders for path in sorted((ROOT / f).rglob("*.py"))]


def name_of(path):
    """Dotted name of a module, as Python knows it."""
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    return ".".join((["ncl_deepxde"] if parts[0] == "problems" else []) + parts)


MODULES = {name_of(path): path for path in sources(*PACKAGES)}


def imported(name):
    """Modules of the house that a module imports, wherever in the file."""
    path = MODULES[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")
            parents = parents[: len(parents) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                found = inner if inner in MODULES else base
                if found in MODULES and found != name:
                    yield found


ARROWS = {name: set(imported(name)) for name in MODULES}


def room_of(name):
    """Folder or file right below the library; another package as a whole."""
    return ".".join(name.split(".")[:2]) if name.startswith("ncl_deepxde.") else name


def arrows_between(place):
    """Arrows between places: ``place`` maps the name of a module to one, or None."""
    found = defaultdict(set)
    for name, targets in ARROWS.items():
        for target in targets:
            start, end = place(name), place(target)
            if start and end and start != end:
                found[start].add(end)
    return found


def circle_in(arrows):
    """Some circle of arrows, or an empty list."""
    done, path = set(), []

    def visit(node):
        if node in path:
            return path[path.index(node) :]
        if node in done:
            return []
        path.append(node)
        for target in sorted(arrows.get(node, ())):
            if circle := visit(target):
                return circle
        done.add(path.pop())
        return []

    for node in sorted(arrows):
        if circle := visit(node):
            return circle
    return []


def floors(arrows):
    """Number of rooms on the longest way down from each room, without circles."""
    known = {}

    def floor(room):
        if room not in known:
            known[room] = 1 + max(map(floor, arrows.get(room, ())), default=0)
        return known[room]

    for room in arrows:
        floor(room)
    return known
