"""Birds that cross a line in every hour of a night."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from ....arrays import Array
from ....files import PathLike
from ....plotting.style import new_figure, save, style
from ..crossing import Crossing
from ..region import Region
from .chart import rounded

__all__ = ["crossing_figure", "draw_crossing"]


def crossing_figure(
    path: PathLike,
    region: Region,
    hours: Array,
    rates: Array,
    crossing: Crossing,
    *,
    title: str = "Birds that cross the line",
) -> None:
    """Draw birds per hour in both directions, with the numbers of the night.

    Args:
        path: Image file to write.
        region: Region with the clock.
        hours: Times since the start, (T,).
        rates: Birds per hour from ``crossing_rates``, (T, 2).
        crossing: Numbers of the night from ``birds_crossing``.
        title: Heading of the figure.
    """
    save(draw_crossing(region, hours, rates, crossing, title), path)


def draw_crossing(
    region: Region, hours: Array, rates: Array, crossing: Crossing, title: str = ""
) -> Figure:
    """Return the figure that ``crossing_figure`` writes."""
    start = np.datetime64(region.start.replace(tzinfo=None), "s")
    dates = start + np.round(3600 * hours).astype("timedelta64[s]")
    right = f"to the right of the line: {rounded(round(crossing.to_the_right))} birds"
    left = f"to the left: {rounded(round(crossing.to_the_left))} birds"
    with style(), mpl.rc_context({"date.converter": "concise", "timezone": "UTC"}):
        figure = new_figure(height=4.2)
        axes = figure.subplots()
        axes.fill_between(dates, rates[:, 0], color="#0072B2", alpha=0.8, label=right)
        axes.fill_between(dates, -rates[:, 1], color="#D55E00", alpha=0.8, label=left)
        axes.axhline(0, color="black", linewidth=0.8)
        axes.yaxis.set_major_formatter(lambda rate, _: rounded(abs(rate)))
        axes.set(xlabel="time (UTC)", ylabel="birds per hour", title=title)
        axes.margins(x=0)
        figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure
