"""Broken copies of the package, and whether its tests notice.

``python tests/soak/mutants.py --number 80 --seed 0``

A mutant differs from a module in one operator, comparison, number or sign, which a seed
chooses. It is killed where the tests of its module fail, or else those of its room.
Every mutant is tried in a copy of the repository, in a process of its own.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = (
    "jets",
    "potentials",
    "flows",
    "optimizers",
    "evaluation",
    "nn/semi_lagrangian",
)
LONGEST = 240
"""Seconds after which tests count as failed: a mutant may not end."""
OPERATORS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


def places(tree: ast.AST) -> list[ast.AST]:
    """Return what can be mutated: no types, no texts, no messages of errors."""
    found: list[ast.AST] = []

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.Raise | ast.JoinedStr | ast.AnnAssign | ast.ImportFrom):
            if isinstance(node, ast.AnnAssign) and node.value is not None:
                visit(node.value)
            return
        if (
            (isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in OPERATORS)
            or (isinstance(node, ast.Compare) and type(node.ops[0]) in OPERATORS)
            or (
                isinstance(node, ast.UnaryOp)
                and isinstance(node.op, ast.USub | ast.Not)
            )
            or (
                isinstance(node, ast.Constant)
                and type(node.value) in (int, float, bool)
            )
        ):
            found.append(node)
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "type_params"):
                continue
            for inner in value if isinstance(value, list) else [value]:
                if isinstance(inner, ast.AST):
                    visit(inner)

    visit(tree)
    return found


def mutated(source: str, index: int) -> tuple[str, str]:
    """Return the source with one place changed, and what was changed."""
    tree = ast.parse(source)
    node = places(tree)[index]
    before = ast.unparse(node)
    if isinstance(node, ast.BinOp | ast.BoolOp):
        node.op = OPERATORS[type(node.op)]()  # type: ignore[assignment]
    elif isinstance(node, ast.Compare):
        node.ops[0] = OPERATORS[type(node.ops[0])]()  # type: ignore[assignment]
    elif isinstance(node, ast.UnaryOp):
        node.op = ast.UAdd() if isinstance(node.op, ast.USub) else ast.Not()
        if before.startswith("not"):
            node.operand = ast.UnaryOp(ast.Not(), copy.deepcopy(node.operand))
    elif isinstance(node, ast.Constant):
        value = node.value
        node.value = not value if isinstance(value, bool) else value + 1  # type: ignore
    line = getattr(node, "lineno", 0)
    return ast.unparse(tree), f"line {line}: {before} -> {ast.unparse(node)}"


def modules() -> Iterator[Path]:
    """Yield the modules that are mutated."""
    for room in ROOMS:
        for path in sorted((ROOT / "ncl_deepxde" / room).rglob("*.py")):
            if path.name != "__init__.py":
                yield path.relative_to(ROOT)


def tests_of(module: Path) -> list[Path]:
    """Return the tests of a module, and those of its room."""
    parts = module.parts[1:]
    name = f"test_{parts[-1].removeprefix('_')}"
    own = Path("tests", *parts[:-1], name)
    return [own, Path("tests", *parts[:-1])]


def fails(folder: Path, tests: Path) -> bool:
    """Run tests in a copy; tells whether one fails. What is imported here stays."""
    child = os.fork()
    if child == 0:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        os.chdir(folder)
        sys.path.insert(0, str(folder))
        signal.alarm(LONGEST)
        code = 1
        try:
            import pytest

            options = [
                "-x",
                "-q",
                "-p",
                "no:cacheprovider",
                "-m",
                "not fem and not gpu",
            ]
            code = int(pytest.main([str(tests), *options]))
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1] != 0


def main() -> int:
    """Try mutants; code 1 if less than nine in ten are killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=80)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    # Imported once for all; not the package, whose copy is tried.
    import deepxde  # noqa: F401
    import matplotlib.pyplot  # noqa: F401
    import pandas  # noqa: F401
    import pytest  # noqa: F401

    rng, counts = random.Random(options.seed), Counter[str]()
    every = [
        (module, k)
        for module in modules()
        for k in range(len(places(ast.parse((ROOT / module).read_text()))))
    ]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "copy")
        kept = ("ncl_deepxde", "problems", "reference_fem", "tests", "setup.cfg")
        for name in kept:
            source, target = ROOT / name, folder / name
            target.parent.mkdir(exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, symlinks=True)
            else:
                shutil.copy(source, target)
        for module, k in rng.sample(every, options.number):
            whole = (ROOT / module).read_text()
            text, change = mutated(whole, k)
            (folder / module).write_text(text)
            killed = any(fails(folder, tests) for tests in tests_of(module))
            (folder / module).write_text(whole)
            counts["killed" if killed else "survived"] += 1
            print(
                f"{'killed  ' if killed else 'SURVIVED'} {module} {change}", flush=True
            )
    share = counts["killed"] / options.number
    print(f"{counts['killed']} of {options.number} mutants killed, {share:.0%}")
    return int(share < 0.9)


if __name__ == "__main__":
    sys.exit(main())
