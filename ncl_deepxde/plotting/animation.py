"""Moving pictures of the density, small enough for a web page."""

from __future__ import annotations

import os
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

from ..evaluation.metrics import Array, Solution, Times
from ..files import replacing
from .panels import (
    DENSITY_LABEL,
    UNIT_SQUARE,
    Limits,
    View,
    as_image,
    bar_ends,
    color_limits,
    show_field,
)
from .style import WIDTH, new_figure, style

PIXELS_PER_INCH = 100
TEXT_GRAYS = 16

FIELD_COLORS = (144, 72, 36)
MAX_BYTES = 3_000_000
"""A file above this size is written again with the next smaller number of colors."""


def density_animation(
    path_gif: str | os.PathLike[str],
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
        times: Frames.
        n: Points per axis.
        fps: Frames per second.
        scale_from: As in `density_panels`.
        view: As in `density_panels`.
    """
    points = view.grid(n)
    bar = tqdm(times, desc="animation: fields", unit="frame")
    frames = [
        {name: as_image(s(points, time)["rho"], n) for name, s in solutions.items()}
        for time in bar
    ]
    images = {name: [frame[name] for frame in frames] for name in solutions}
    limits = color_limits(images, scale_from)
    with style():
        figure, shown = _draw_first(images, limits, view)
        heading = figure.suptitle(" ")

    def show(index: int) -> None:
        for name, image in frames[index].items():
            shown[name].set_data(image)
        heading.set_text(f"Density at t = {times[index]:.3f}")

    write_frames(path_gif, figure, show, len(frames), fps=fps)


def write_frames(
    path_gif: str | os.PathLike[str],
    figure: Figure,
    show: Callable[[int], object],
    number: int,
    *,
    fps: int = 10,
) -> None:
    """Write a GIF of a figure that changes, in the colors of viridis and in grays.

    Args:
        path_gif: File to write.
        figure: The figure.
        show: Makes the figure show frame 0, 1, ...
        number: Of frames.
        fps: Frames per second.
    """
    with style():
        pictures = list(_pictures(figure, show, number))
    with replacing(path_gif) as temporary:
        for colors in FIELD_COLORS:
            _write_gif(temporary, pictures, _palette(colors), fps)
            if temporary.stat().st_size <= MAX_BYTES:
                break


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
    """Color bar and grays, since a palette fitted to one frame misses other frames."""
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
