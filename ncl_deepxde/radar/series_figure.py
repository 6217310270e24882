"""What one radar saw over time: density by altitude, birds above it, their traffic."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from ..arrays import Array
from ..files import PathLike
from ..plotting.style import new_figure, save, style
from .integration import integrate_profiles
from .profiles import Profiles
from .sun import NIGHT, sun_elevation

__all__ = ["draw_series", "series_figure"]

DECADES = 3
"""Powers of ten below the largest density that have colors."""
BARBS = (28, 10)
"""About so many barbs along time and altitude."""
SLOWEST = 1.25
"""Speed in m/s below which a barb would have no line."""
LINES = (
    ("vid", "birds/km²", "#0072B2", "birds above a square kilometer (VID)"),
    ("mtr", "birds/(km h)", "#D55E00", "birds across a kilometer in an hour (MTR)"),
)


def series_figure(
    path: PathLike, profiles: Profiles, radar: str | None = None, *, title: str = ""
) -> None:
    """Draw the density by time and altitude, with VID and MTR below, nights shaded.

    Barbs show the velocity: half a line is 2.5 m/s, a line 5, a triangle 25; the birds
    come from where the lines are. Times without a profile stay empty.

    Args:
        path: Image file to write.
        profiles: Profiles with the heights of the bins.
        radar: Name of the radar; may be left out where there is one only.
        title: Heading; by default the name of the radar and its place.

    Raises:
        ValueError: The radar is unknown or not named, or the height of a bin is not
            known.
    """
    save(draw_series(profiles, radar, title), path)


def draw_series(
    profiles: Profiles, radar: str | None = None, title: str = ""
) -> Figure:
    """Return the figure that ``series_figure`` writes."""
    names = profiles.radars["radar"].tolist()
    if radar is None and len(names) > 1:
        raise ValueError(
            f"radar: must name one of {', '.join(names)} for a figure. Choose one."
        )
    chosen = profiles.select([radar or names[0]])
    place = chosen.radars.iloc[0]
    series = integrate_profiles(chosen)
    edges = _time_edges(pd.DatetimeIndex(series["time"]))
    span = edges[0, 0], edges[-1, 1]
    with style(), mpl.rc_context({"date.converter": "concise", "timezone": "UTC"}):
        figure = new_figure(height=7.0)
        top, *below = figure.subplots(
            3, 1, sharex=True, gridspec_kw={"height_ratios": [2, 1, 1]}
        )
        _draw_density(figure, top, chosen.rows, edges)
        for axes, (column, unit, color, name) in zip(below, LINES, strict=True):
            _shade_nights(axes, span, float(place.lon), float(place.lat))
            axes.plot(*_broken_line(series, column, edges), color=color, linewidth=1.5)
            axes.set(ylabel=unit, ylim=(0, None))
            axes.set_title(name, loc="left", fontsize=11)
        below[-1].set(xlabel="time (UTC); gray: night", xlim=span)
        where = f"{place.radar} ({place.lat:.2f}° N, {place.lon:.2f}° E)"
        figure.suptitle(title or where)
    return figure


def _draw_density(figure: Figure, axes: Axes, rows: pd.DataFrame, edges: Array) -> None:
    table = {name: _matrix(rows, name) for name in ("dens", "u", "v")}
    lower = rows["altitude"] - rows["width"] / 2
    upper = (rows["altitude"] + rows["width"] / 2).max()
    levels = np.append(np.sort(lower.unique()), upper) / 1000
    largest = float(np.nanmax(table["dens"])) if rows["dens"].notna().any() else 1.0
    largest = max(largest, 1e-6)
    smallest = largest * 10.0**-DECADES
    image = axes.pcolormesh(
        edges.ravel(),
        levels,
        _with_gaps(np.maximum(table["dens"], smallest)),
        norm=LogNorm(smallest, largest),
        cmap="viridis",
    )
    bar = figure.colorbar(image, ax=axes, extend="min", pad=0.01)
    bar.set_label("birds/km³")
    centers = (levels[1:] + levels[:-1]) / 2
    middle = edges[:, 0] + (edges[:, 1] - edges[:, 0]) / 2
    every, each = (
        max(1, size // most)
        for size, most in zip((len(middle), len(centers)), BARBS, strict=True)
    )
    x, y = np.meshgrid(middle[::every], centers[::each])
    u, v = (table[name][::each, ::every] for name in ("u", "v"))
    known = np.hypot(u, v) >= SLOWEST
    axes.barbs(
        x[known],
        y[known],
        u[known],
        v[known],
        length=4.5,
        linewidth=0.6,
        color="white",
        barb_increments={"half": 2.5, "full": 5, "flag": 25},
    )
    axes.set(ylabel="km above sea level")
    axes.set_title(
        "density; a barb's half line is 2.5 m/s, a line 5, on the side birds come from",
        loc="left",
        fontsize=11,
    )


def _with_gaps(columns: Array) -> Array:
    """Put a column of NaN between any two, (L, 2 T - 1)."""
    apart = np.full((len(columns), 2 * columns.shape[1] - 1), np.nan)
    apart[:, ::2] = columns
    return apart


def _matrix(rows: pd.DataFrame, name: str) -> Array:
    table = rows.pivot(index="altitude", columns="time", values=name)
    values: Array = table.to_numpy(dtype=float)
    return values


def _time_edges(times: pd.DatetimeIndex) -> Array:
    """Return from when to when each profile stands, (T, 2), at most a common step."""
    naive = times.tz_convert(None).to_numpy().astype("datetime64[s]")
    gaps = np.diff(naive)
    usual = np.median(gaps) if len(gaps) else np.timedelta64(300, "s")
    reach = np.minimum(gaps, usual) // 2
    ends = np.array([usual // 2])
    return np.stack(
        [naive - np.concatenate([ends, reach]), naive + np.concatenate([reach, ends])],
        axis=1,
    )


def _broken_line(
    series: pd.DataFrame, column: str, edges: Array
) -> tuple[Array, Array]:
    """Return times and values of a line that is not drawn across gaps."""
    middle = series["time"].dt.tz_convert(None).to_numpy().astype("datetime64[s]")
    values = series[column].to_numpy(dtype=float)
    after = np.flatnonzero(edges[1:, 0] - edges[:-1, 1] > np.diff(edges[0])) + 1
    breaks = edges[after - 1, 1]
    return np.insert(middle, after, breaks), np.insert(values, after, np.nan)


def _shade_nights(axes: Axes, span: tuple[Any, Any], lon: float, lat: float) -> None:
    times = pd.date_range(*span, periods=1000)
    dark = sun_elevation(times, lon, lat) < NIGHT
    axes.fill_between(
        times.to_numpy(),
        0,
        1,
        where=dark,
        transform=axes.get_xaxis_transform(),
        color="#DDDDDD",
        linewidth=0,
    )
