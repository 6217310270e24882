"""Examples as pages: docstrings become headed text, comments between parts prose.

The files in ``examples/`` are written for the terminal. What sphinx-gallery reads are
copies of them: the first line of the docstring is the title, indented lines (equations,
commands) are kept as they are, and a comment on its own between two blank lines starts
a new cell.
"""

import ast
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

__all__ = ["arguments", "as_page", "draw_thumbnail", "pictures", "reset", "stage"]

INDEX = """Gallery
=======

Complete scripts, each in under a minute on one core. They are tests as well: each
asserts what it claims.
"""
# Examples say what they are by the first line of their docstring, which sphinx-gallery
# does not give to them.
HIDDEN = """# sphinx_gallery_start_ignore
__doc__ = {!r}
# sphinx_gallery_end_ignore
"""
CELL = re.compile(r"(?<=\n\n)((?:# [^\n]*\n)+)(?=\n)")


def as_page(source: str) -> str:
    """Return an example as sphinx-gallery reads it, with the same code.

    Args:
        source: Text of a file that begins with a docstring.

    Raises:
        ValueError: The file has no docstring.
    """
    tree = ast.parse(source)
    docstring = ast.get_docstring(tree)
    if docstring is None:
        raise ValueError("an example must begin with a docstring, got none; write one")
    end = tree.body[0].end_lineno
    code = "\n".join(source.splitlines()[end:]) + "\n"
    code = CELL.sub(lambda found: _as_cell(found[1]), code)
    title = docstring.partition("\n")[0]
    return f'r"""{_as_text(docstring)}\n"""\n{HIDDEN.format(title)}{code}'


def _as_text(docstring: str) -> str:
    title, _, rest = docstring.partition("\n\n")
    title = _escape(" ".join(title.split()).removesuffix("."))
    parts = [title + "\n" + "=" * len(title)]
    for paragraph in re.split(r"\n\n+", rest):
        if re.fullmatch(r"[^\n]+\n-+", paragraph) or paragraph.startswith(".. "):
            parts.append(paragraph)
        elif paragraph.startswith("    "):
            parts.append(".. code-block:: text\n\n" + paragraph)
        else:
            heading = re.match(r"([^\n]+\n-+)\n(.*)", paragraph, re.DOTALL)
            if heading:
                parts += [heading[1], _escape(heading[2])]
            else:
                parts.append(_escape(paragraph))
    return "\n\n".join(part for part in parts if part)


def _escape(text: str) -> str:
    if ":math:" in text:
        return text
    text = re.sub(r"`([^`]+)`", r"``\1``", text)
    pieces = re.split(r"(``[^`]+``)", text)
    plain = [re.sub(r"([|*])", r"\\\1", piece) for piece in pieces[::2]]
    pieces[::2] = plain
    return "".join(pieces)


def _as_cell(comment: str) -> str:
    lines = [line.removeprefix("# ") for line in comment.splitlines()]
    text = _escape("\n".join(lines)).splitlines()
    return "# %%\n" + "".join(f"# {line}\n" for line in text)


def stage(examples: Path, folder: Path) -> None:
    """Write the pages of all examples into a folder, for sphinx-gallery."""
    folder.mkdir(exist_ok=True)
    (folder / "GALLERY_HEADER.rst").write_text(INDEX)
    pages = {path.name: as_page(path.read_text()) for path in examples.glob("*.py")}
    for old in folder.glob("*.py"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        path = folder / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def draw_thumbnail(path: Path) -> None:
    """Draw a field without divergence, for examples that were not run."""
    import matplotlib.pyplot as plt
    import numpy as np

    x, y = np.meshgrid(*[np.linspace(0, 2 * np.pi, 60)] * 2)
    potential = np.sin(x) * np.cos(y) + 0.5 * np.cos(2 * x - y)
    v, u = -np.gradient(potential, axis=1), np.gradient(potential, axis=0)
    figure = plt.figure(figsize=(4, 2.8))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.streamplot(x, y, u, v, density=1, color="0.6", linewidth=0.8, arrowsize=0.6)
    axes.set_axis_off()
    figure.savefig(path, dpi=100)
    plt.close(figure)


OUT = Path(tempfile.gettempdir()) / "ncl_deepxde_gallery"
"""Folder of the files that the example which is run writes."""


def _takes_folder(path: str) -> bool:
    return '"--out"' in Path(path).read_text()


def arguments(settings: Any, variables: dict[str, Any]) -> list[str]:
    """Return the command line of an example: a folder for files, if it takes one."""
    if not _takes_folder(variables["src_file"]):
        return []
    shutil.rmtree(OUT, ignore_errors=True)
    return ["--out", str(OUT)]


def pictures(block: Any, variables: dict[str, Any], settings: Any) -> str:
    """Return the pictures of a cell: those it saved, or the figures it left open."""
    from matplotlib import pyplot as plt
    from sphinx_gallery import scrapers

    if not _takes_folder(variables["src_file"]):
        return str(scrapers.matplotlib_scraper(block, variables, settings))
    plt.close("all")
    names = []
    for saved in sorted(OUT.rglob("*.png")):
        names.append(next(variables["image_path_iterator"]))
        shutil.move(saved, names[-1])
    title = ast.get_docstring(ast.parse(Path(variables["src_file"]).read_text())) or ""
    return str(scrapers.figure_rst(names, settings["src_dir"], title.split("\n")[0]))


def reset(settings: Any, name: str) -> None:
    """Undo what an example sets for the whole process."""
    import deepxde as dde
    import torch

    dde.config.set_default_float("float32")
    torch.set_num_threads(1)
