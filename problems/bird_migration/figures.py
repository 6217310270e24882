"""Held-out radars over time: birds above them, and their altitudes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import SymLogNorm
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from ncl_deepxde.evaluation.metrics import Array
from ncl_deepxde.plotting.style import model_colors, new_figure, save, style

from ..observed import COLORS
from .campaign import Campaign

__all__ = ["draw_columns", "draw_profiles", "profile_of"]

OBSERVED = "measured"
LEAST_DENSITY = 1.0
"""Below it the color scale of densities is linear, in birds/km3."""


def draw_columns(
    path: Path, campaign: Campaign, solutions: Mapping[str, Any], most: int = 6
) -> None:
    """Draw birds per km2 above held-out radars over time, measured and by the models.

    Args:
        path: Image file to write.
        campaign: The observations.
        solutions: Solutions by label, each maps points (N, 4) to ``rho``.
        most: Number of radars shown.
    """
    radars = campaign.held_out[:most]
    colors = model_colors(solutions, COLORS)
    columns = min(2, len(radars))
    rows = -(-len(radars) // columns)
    with style():
        figure = new_figure(height=1.2 + 2.3 * rows)
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for axes, radar in zip(grid.ravel(), radars, strict=False):
            profile = profile_of(campaign, radar)
            dates = _dates(campaign, profile.columns.to_numpy())
            axes.plot(dates, _column(profile), ".", ms=4, color="black", label=OBSERVED)
            for label, solution in solutions.items():
                found = _like(profile, campaign, radar, solution)
                axes.plot(dates, _column(found), color=colors[label], label=label)
            axes.set(title=radar)
            axes.grid(True)
            _date_axis(axes)
        _trim(grid, len(radars))
        for axes in grid[:, 0]:
            axes.set_ylabel("birds / km$^2$")
        handles, labels = grid[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=3)
    save(figure, path)


def draw_profiles(path: Path, campaign: Campaign, solutions: Mapping[str, Any]) -> None:
    """Draw densities by time and altitude above a held-out radar.

    The radar with the most birds is taken; white is unknown.

    Args:
        path: Image file to write.
        campaign: The observations.
        solutions: Solutions by label, each maps points (N, 4) to ``rho``.
    """
    profiles = {radar: profile_of(campaign, radar) for radar in campaign.held_out}
    radar = max(profiles, key=lambda name: np.nansum(profiles[name]))
    shown = {OBSERVED: profiles[radar]}
    for label, solution in solutions.items():
        shown[label] = _like(profiles[radar], campaign, radar, solution)
    highest = float(np.nanmax(profiles[radar]))
    scale = SymLogNorm(LEAST_DENSITY, vmin=0, vmax=max(highest, 2 * LEAST_DENSITY))
    columns = min(2, len(shown))
    rows = -(-len(shown) // columns)
    with style():
        figure: Figure = new_figure(height=0.8 + 2.1 * rows)
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        used = list(grid.ravel()[: len(shown)])
        for axes, (label, profile) in zip(used, shown.items(), strict=True):
            hours, altitudes = profile.columns.to_numpy(), profile.index.to_numpy()
            image = axes.pcolormesh(
                _dates(campaign, hours), altitudes, profile, norm=scale, cmap="viridis"
            )
            axes.set(title=label)
            _date_axis(axes)
        _trim(grid, len(shown))
        for axes in grid[:, 0]:
            axes.set_ylabel("altitude (km)")
        figure.colorbar(image, ax=used, label="birds / km$^3$", extend="max")
        figure.suptitle(f"Above {radar}, held out")
    save(figure, path)


def profile_of(campaign: Campaign, radar: str) -> pd.DataFrame:
    """Arrange the measured densities of a radar: rows altitudes, columns hours.

    Hours follow each other in the step that is most frequent; those without any
    measurement hold NaN.
    """
    seen = campaign.select([radar])
    z, t = seen.points[:, 2].round(4), seen.points[:, 3]
    hours = np.unique(t)
    step = float(np.median(np.diff(hours))) if len(hours) > 1 else 1.0
    index = np.round((t - hours[0]) / step).astype(int)
    table = pd.DataFrame({"z": z, "index": index, "rho": seen.density[:, 0]})
    profile = table.pivot_table(index="z", columns="index", values="rho", dropna=False)
    profile = profile.reindex(columns=range(index.max() + 1))
    profile.columns = hours[0] + step * profile.columns
    return profile


def _like(
    profile: pd.DataFrame, campaign: Campaign, radar: str, solution: Any
) -> pd.DataFrame:
    """Evaluate the density of a solution on the grid of a profile."""
    z, t = (
        part.ravel()
        for part in np.meshgrid(profile.index, profile.columns, indexing="ij")
    )
    place = np.broadcast_to(campaign.places[radar], (len(z), 2))
    rho = solution(np.column_stack([place, z, t]))["rho"].reshape(profile.shape)
    return pd.DataFrame(rho, index=profile.index, columns=profile.columns)


def _column(profile: pd.DataFrame) -> Array:
    """Count birds per km2: the sum over bins, NaN where no bin is known."""
    bins = profile.index.to_numpy()
    height = float(np.median(np.diff(bins))) if len(bins) > 1 else 1.0
    column: Array = height * profile.sum(axis=0, min_count=1).to_numpy()
    return column


def _trim(grid: Any, number: int) -> None:
    """Remove the panels that are not used; the last ones of each column get labels."""
    panels = grid.ravel()
    for axes in panels[number:]:
        axes.remove()
    for axes in panels[max(0, number - grid.shape[1]) : number]:
        axes.tick_params(labelbottom=True)


def _dates(campaign: Campaign, hours: Array) -> list[Any]:
    start = campaign.start.astype("datetime64[s]").item()
    return [start + timedelta(hours=float(h)) for h in hours]


def _date_axis(axes: Axes) -> None:
    locator: Any = AutoDateLocator(minticks=2, maxticks=8)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
