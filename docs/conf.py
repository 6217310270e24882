"""How Sphinx builds the site: ``make docs``, warnings are errors.

The gallery is made of ``examples/``; ``make docs EXECUTE=1`` runs them for their output
and pictures (ten minutes of one core), without it their pages show the code alone.
"""

import re
import sys
from pathlib import Path

import matplotlib as mpl
from sphinx.application import Sphinx

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_extensions"), str(HERE.parent)]

import ncl_deepxde  # noqa: E402  # isort: skip  (first: DeepXDE runs on PyTorch)
import gallery_pages  # noqa: E402
import interface_pages  # noqa: E402

project = "ncl_deepxde"
author = "The ncl_deepxde developers"
copyright = author
version = release = ncl_deepxde.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "sphinx-mathjax-offline",
]
exclude_patterns = ["_build", "_examples", "gallery/**/*.py", "gallery/**/*.ipynb"]
default_role = "code"
suppress_warnings = ["config.cache"]  # of functions in the settings of the gallery

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # docstrings say types by shapes and words
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False

html_theme = "furo"
html_title = "ncl_deepxde"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
pygments_style = "github-light-high-contrast"  # comments can be read, too
pygments_dark_style = "github-dark-high-contrast"

copybutton_exclude = ".linenos, .gp, .go"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

linkcheck_anchors = False
linkcheck_timeout = 20

interface_pages.write(HERE / "api")
gallery_pages.stage(HERE.parent / "examples", HERE / "_examples")
mpl.use("Agg")
gallery_pages.draw_thumbnail(HERE / "_examples" / "thumbnail.png")
sphinx_gallery_conf = {
    "examples_dirs": ["_examples"],
    "gallery_dirs": ["gallery"],
    "filename_pattern": r"\.py$",
    "plot_gallery": "False",
    "default_thumb_file": str(HERE / "_examples" / "thumbnail.png"),
    "reset_argv": "gallery_pages.arguments",
    "reset_modules": ("gallery_pages.reset", "matplotlib"),
    "download_all_examples": False,
    "image_scrapers": ("gallery_pages.pictures",),
    "capture_repr": (),
    "show_signature": False,
    "write_computation_times": False,
    "remove_config_comments": True,
    "min_reported_time": 0,
    "abort_on_example_error": True,
}


def keep_initials(
    app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]
) -> None:
    """Keep the initials of authors from starting a list (``M. Roberts``)."""
    lines[:] = [re.sub(r"^(\s*)([A-Z]\. )", r"\1\\\2", line) for line in lines]


def setup(app: Sphinx) -> None:
    """Register what docstrings need, before napoleon reads them."""
    app.connect("autodoc-process-docstring", keep_initials, priority=400)
