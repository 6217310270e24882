"""A problem folder to begin with: ``ncl-deepxde new NAME`` writes it, and it runs."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["write_problem"]

TEMPLATE = Path(__file__).with_name("problem.py.template")


def write_problem(folder: Path) -> Path:
    """Write ``problem.py`` with a problem that runs, to be changed step by step.

    Args:
        folder: A folder that does not exist; its name becomes that of the problem.

    Returns:
        The path of the file.

    Raises:
        ValueError: The name is not made of letters, digits, ``-`` and ``_``, or the
            folder exists.
    """
    name = folder.name
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name):
        raise ValueError(
            "NAME: must begin with a letter and go on with letters, digits, - and _, "
            f"got {name!r}. Choose another one."
        )
    if folder.exists():
        raise ValueError(
            f"NAME: {folder} exists already, and nothing is overwritten. Choose "
            "another name, or remove it."
        )
    folder.mkdir(parents=True)
    path = folder / "problem.py"
    text = TEMPLATE.read_text(encoding="utf-8")
    path.write_text(text.replace("{{NAME}}", name), encoding="utf-8")
    return path
