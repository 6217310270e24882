"""Pages of the interface: one for each room, listed by the ``__all__`` of its face."""

from importlib.util import find_spec
from pathlib import Path

__all__ = ["ROOMS", "page", "write"]

ROOMS = {
    "ncl_deepxde.nn": "Networks",
    "ncl_deepxde.laws": "Laws of nature",
    "ncl_deepxde.operators": "Operators on outputs",
    "ncl_deepxde.quadrature": "Integrals over geometries",
    "ncl_deepxde.walls": "Walls of geometries",
    "ncl_deepxde.potentials": "Constructions",
    "ncl_deepxde.flows": "Bijections",
    "ncl_deepxde.data": "Points and observations",
    "ncl_deepxde.optimizers": "Optimizers",
    "ncl_deepxde.evaluation": "Errors and consistency",
    "ncl_deepxde.ensemble": "Ensembles",
    "ncl_deepxde.plotting": "Figures",
    "ncl_deepxde.runs": "Runs",
    "ncl_deepxde.distributed": "Several processes",
    "ncl_deepxde.radar": "Weather radars",
    "ncl_deepxde.radar.products": "Maps, tracks and counts",
    "reference_fem": "Finite elements",
    "reference_fem.torus": "Finite elements: torus",
    "reference_fem.ball": "Finite elements: ball",
    "reference_fem.flow": "Finite elements: flow on any domain",
    "reference_fem.boundary": "Finite elements: boundaries",
    "reference_fem.geometry": "Finite elements: geometries",
    "reference_fem.transport": "Finite elements: transport",
    "reference_fem.shallow_water": "Finite elements: shallow water",
    "reference_fem.poisson": "Finite elements: porous ground",
    "reference_fem.spectral": "Pseudo-spectral reference",
}
"""Public modules and the titles of their pages."""

INDEX = """# API

Every public name with its formula, shapes and units. A name is public if the `__all__`
of one of these modules has it.

```{toctree}
:maxdepth: 1

"""


def page(module: str, title: str) -> str:
    """Return the page of a module, Markdown."""
    options = "   :members:\n   :imported-members:\n   :show-inheritance:\n"
    directive = f".. automodule:: {module}\n{options}"
    return f"# {title}\n\n`{module}`\n\n```{{eval-rst}}\n{directive}```\n"


def write(folder: Path) -> None:
    """Write the pages of all modules that there are, and their index."""
    folder.mkdir(exist_ok=True)
    index = INDEX
    for module, title in ROOMS.items():
        if _exists(module):
            name = module.removeprefix("ncl_deepxde.").replace(".", "_")
            _update(folder / f"{name}.md", page(module, title))
            index += f"{name}\n"
    _update(folder / "index.md", index + "```\n")


def _exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _update(path: Path, text: str) -> None:
    # What did not change is not read again by Sphinx.
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
