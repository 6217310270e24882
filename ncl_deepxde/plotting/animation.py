"""Moving pictures of the density, small enough for a web page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from PIL import Image
from tqdm import tqdm

from ..arrays import Array, Times
from ..evaluation.metrics import Solution
from ..files import PathLike, replacing
from .images import (
    UNIT_SQUARE,
    Limits,
    View,
    as_image,
    bar_ends,
    color_limits,
    show_field,
)
from .panels import DENSITY_LABEL
from .style import WIDTH, new_figure, style

__all__ = ["density_animation", "write_frames"]

PIXELS_PER_INCH = 100
TEXT_GRAYS = 16

FIELD_COLORS = (144, 72, 36)
MAX_BYTES = 3_000_000
"""A file above this size is written again with the next smaller number of colors."""


def density_animation(
    path_gif: PathLike,
    solutions: Mapping[str, Solution],
    times: Times,
    *,
    n: int = 96,
    fps: int = 10,
    scale_from: str | None = None,
    view: View = UNIT_SQUARE,
) -> None:
    """Write a GIF of the densities side by side, one frame per time.

    Three solutions with 144 colors take about 50 kB a frame.

    Args:
        path_gif: File to write.
        solutions: Label to flow.
        times: Times of the frames.
        n: Points per axis.
        fps: Frames per second.
        scale_from: Label of the solution whose range sets the color scale, as in
            ``density_panels``.
        view: The square that the panels show.
    """
    images = _densities(solutions, times, n, view)
    limits = color_limits(images, scale_from)
    with style():
        figure, shown = _draw_first(images, limits, view)
        heading = figure.suptitle(" ")

    def show(index: int) -> None:
        for name, row in images.items():
            shown[name].set_data(row[index])
        heading.set_text(f"Density at t = {times[index]:.3f}")

    write_frames(path_gif, figure, show, len(times), fps=fps)


def write_frames(
    path_gif: PathLike,
    figure: Figure,
    show: Callable[[int], object],
    number: int,
    *,
    fps: int = 10,
) -> None:
    """Write a GIF of a figure that changes, in the colors of viridis and in grays.

    Args:
        path_gif: File to write.
        figure: The figure that changes.
        show: Function that makes the figure show frame 0, 1, ...
        number: Number of frames.
        fps: Frames per second.
    """
    with style():
        pictures = list(_pictures(figure, show, number))
    with replacing(path_gif) as temporary:
        for colors in FIELD_COLORS:
            _write_gif(temporary, pictures, _palette(colors), fps)
            if temporary.stat().st_size <= MAX_BYTES:
                break


def _densities(
    solutions: Mapping[str, Solution], times: Times, n: int, view: View
) -> dict[str, list[Array]]:
    """Return the images of each solution, one per time."""
    points = view.grid(n)
    images: dict[str, list[Array]] = {name: [] for name in solutions}
    for time in tqdm(times, desc="animation: fields", unit="frame"):
        for name, solution in solutions.items():
            images[name].append(as_image(solution(points, time)["rho"], n))
    return images


def _write_gif(
    path: Path, pictures: Sequence[Image.Image], palette: Image.Image, fps: int
) -> None:
    plain = Image.Dither.NONE
    first, *others = [p.quantize(palette=palette, dither=plain) for p in pictures]
    first.save(
        path,
        save_all=True,
        append_images=others,
        duration=round(1000 / fps),
        loop=0,
        optimize=True,
    )


def _palette(colors: int) -> Image.Image:
    """Return the color bar and grays: colors fitted to one frame would miss others."""
    field = mpl.colormaps["viridis"](np.linspace(0, 1, colors))[:, :3]
    grays = np.repeat(np.linspace(0, 1, TEXT_GRAYS)[:, None], 3, axis=1)
    table = np.round(255 * np.concatenate([field, grays])).astype(np.uint8)
    image = Image.new("P", (1, 1))
    image.putpalette(table.tobytes())
    return image


def _draw_first(
    images: Mapping[str, Sequence[Array]], limits: Limits, view: View
) -> tuple[Figure, dict[str, AxesImage]]:
    figure = new_figure(height=1.2 + min((WIDTH - 1.8) / len(images), 5.5))
    panels = figure.subplots(1, len(images), sharey=True, squeeze=False)[0]
    shown = {}
    for axes, (name, frames) in zip(panels, images.items(), strict=True):
        shown[name] = show_field(axes, frames[0], limits, "viridis", view)
        axes.set(title=name, xlabel="$x$")
    panels[0].set_ylabel("$y$")
    last = shown[name]
    ends = bar_ends(images, limits)
    figure.colorbar(last, ax=panels, label=DENSITY_LABEL, extend=ends, shrink=0.8)
    return figure, shown


def _pictures(
    figure: Figure, show: Callable[[int], object], number: int
) -> Iterator[Image.Image]:
    figure.set_dpi(PIXELS_PER_INCH)
    canvas: Any = FigureCanvasAgg(figure)
    for index in tqdm(range(number), desc="animation: frames", unit="frame"):
        show(index)
        canvas.draw()
        # The layout of the first frame stays, or panels would tremble.
        figure.set_layout_engine("none")
        yield Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy())
