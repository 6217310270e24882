"""A field on a square, as an image: the square, the color scale, the axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from ..arrays import Array
from ..evaluation.metrics import torus_grid

__all__ = [
    "UNIT_SQUARE",
    "Limits",
    "View",
    "as_image",
    "bar_ends",
    "color_limits",
    "show_field",
    "show_frame",
]

Limits: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class View:
    """The square that panels show, by default the unit torus.

    Args:
        low: Least coordinate of both axes.
        high: Largest coordinate of both axes.
        overlay: Function that draws more on every panel, such as a wall.
    """

    low: float = 0.0
    high: float = 1.0
    overlay: Callable[[Axes], object] | None = None

    def grid(self, n: int) -> Array:
        """Return cell centers with n cells per axis, y fastest, shape (n**2, 2)."""
        return self.low + (self.high - self.low) * torus_grid(n)


UNIT_SQUARE = View()


def as_image(column: Array, n: int) -> Array:
    """Arrange values on ``View.grid(n)`` as an image with rows along y, (n, n)."""
    return column.reshape(n, n).T


def color_limits(
    images: Mapping[str, Sequence[Array]], scale_from: str | None = None
) -> Limits:
    """Return the smallest and the largest finite value over all images.

    Args:
        images: Label to the images of one solution.
        scale_from: Label of the solution that alone sets the limits; by default all
            set them.

    Raises:
        ValueError: ``scale_from`` is no label, or no value is finite.
    """
    if scale_from is not None and scale_from not in images:
        raise ValueError(
            f"scale_from: must be one of {list(images)}, got {scale_from!r}."
        )
    rows = images.values() if scale_from is None else [images[scale_from]]
    values = np.concatenate([image.ravel() for row in rows for image in row])
    values = values[np.isfinite(values)]
    if values.size == 0:
        raise ValueError(
            "solutions: must have a finite value to draw, got none. Check the training "
            "log."
        )
    return float(values.min()), float(values.max())


def bar_ends(images: Mapping[str, Sequence[Array]], limits: Limits) -> str:
    """Return which ends of a color bar need an arrow, as matplotlib's ``extend``.

    Args:
        images: Label to the images of one solution.
        limits: Ends of the color scale; values beyond them need an arrow.
    """
    lowest, highest = color_limits(images)
    below, above = lowest < limits[0], highest > limits[1]
    return {(0, 0): "neither", (1, 0): "min", (0, 1): "max", (1, 1): "both"}[
        int(below), int(above)
    ]


def show_field(
    axes: Axes, image: Array, limits: Limits, cmap: str, view: View = UNIT_SQUARE
) -> AxesImage:
    """Draw an image on a square with equal aspect and sparse ticks.

    Args:
        axes: The panel.
        image: Values with rows along y, shape (n, n).
        limits: Ends of the color scale.
        cmap: Name of a color map of matplotlib.
        view: The square.
    """
    show_frame(axes, view)
    return axes.imshow(
        image,
        origin="lower",
        extent=(view.low, view.high) * 2,
        aspect="equal",
        vmin=limits[0],
        vmax=limits[1],
        cmap=cmap,
    )


def show_frame(axes: Axes, view: View) -> None:
    """Give a panel the limits, sparse ticks and the overlay of a view."""
    ends = view.low, view.high
    axes.set(xlim=ends, ylim=ends)
    ticks = [view.low, (view.low + view.high) / 2, view.high]
    axes.set_xticks(ticks, [f"{tick:.3g}" for tick in ticks])
    axes.set_yticks(ticks, [f"{tick:.3g}" for tick in ticks])
    # The last label of a panel would run into the first of the next.
    first, _, last = axes.xaxis.get_major_ticks()
    first.label1.set_horizontalalignment("left")
    last.label1.set_horizontalalignment("right")
    axes.spines[:].set_visible(True)
    if view.overlay is not None:
        view.overlay(axes)
