"""Figures, files and words of the bird migration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ncl_deepxde import plotting
from ncl_deepxde.radar.products import (
    BirdFlow,
    MapSeries,
    Marks,
    Region,
    density_maps,
    deviation_maps,
    map_series,
    relative_deviation,
    write_products,
)
from ncl_deepxde.runs import Figure, Preset
from ncl_deepxde.runs.cells import values_per_seed

from ..observed import COLORS, mean_and_range
from .campaign import Campaign
from .figures import draw_columns, draw_profiles
from .settings import BirdFigures, BirdSettings

__all__ = ["draw", "summarize"]

TRUTH = "truth"
LEAST_R2 = -1.0
MARGIN = 60.0
"""Width of the strip around the radars on maps, in km."""
LONE_BIN = 0.2
"""Thickness of the only bin there is, in km."""
# Metric: title and label of its panel, whether the axis is logarithmic.
PANELS = {
    "density_mse": ("Density", r"mean square error of $\log(1 + \rho)$", False),
    "r2": ("Density", "$R^2$ (1 is best)", False),
    "velocity_mse": ("Velocity", "mean square error (m$^2$/s$^2$)", True),
    "consistency_smape": ("Consistency", "SMAPE (0 is best)", True),
}


def draw(
    directory: Path,
    solutions: Mapping[str, Any],
    metrics: Mapping[str, Any],
    preset: Preset,
) -> list[Figure]:
    """Draw all figures below ``figures/``, write fields below ``fields/``.

    Args:
        directory: Run directory.
        solutions: Solutions of the first seed, by ``"MODEL"`` or ``"MODEL-CASE"``;
            ``"reference"``.
        metrics: Content of ``metrics.json``.
        preset: Preset of the run.
    """
    figures = directory / "figures"
    figures.mkdir(exist_ok=True)
    reference = solutions["reference"]
    campaign = reference.campaign
    models = {k: s for k, s in solutions.items() if k != "reference"}
    _draw_boxes(figures / "boxes.png", metrics, preset.cases)
    draw_columns(figures / "columns.png", campaign, models)
    draw_profiles(figures / "profiles.png", campaign, models)
    log = directory / "log.jsonl"
    plotting.loss_curves(figures / "losses.png", log, colors=COLORS)
    captions = [
        (
            "figures/boxes.png",
            f"Errors at the held-out radars and consistency; R2 below {LEAST_R2:g} is "
            f"shown as {LEAST_R2:g}. One point per seed.",
        ),
        ("figures/columns.png", "Birds per km2 above held-out radars; UTC."),
        ("figures/profiles.png", "Birds per km3 by time (UTC) and altitude."),
    ]
    everyone = {**models, TRUTH: reference} if campaign.is_synthetic else models
    settings: BirdSettings = preset.settings()
    captions += _draw_maps(
        directory, campaign, everyone, settings.figures, preset.cases
    )
    return [*captions, ("figures/losses.png", "Weighted losses in training.")]


def _draw_maps(
    directory: Path,
    campaign: Campaign,
    solutions: Mapping[str, BirdFlow],
    sizes: BirdFigures,
    cases: Sequence[str],
) -> list[Figure]:
    """Draw all products of the first solution, maps of the others, the spread."""
    marks = _marks(campaign)
    region, (begin, end) = region_of(campaign), campaign.night()
    first, *_ = solutions
    captions = write_products(
        directory,
        solutions[first],
        region,
        (begin, end),
        marks.radars,
        held_out=marks.held_out,
        name=first,
        n=sizes.n,
        frames=sizes.frames,
        tolerance=sizes.tolerance,
    )
    times = begin + np.array([0.25, 0.5, 0.75]) * (end - begin)
    maps: dict[str, MapSeries] = {}
    for label, solution in solutions.items():
        maps[label] = map_series(solution, region, times, n=sizes.n, nodes=12)
        if label != first:
            name = f"figures/{label}_maps.png"
            title = f"Birds in the air and where they go: {label}"
            density_maps(directory / name, maps[label], marks, title=title)
            captions.append((name, f"{label}: birds per km2 and their flux."))
    if cases:
        found = [series for label, series in maps.items() if label != TRUTH]
        captions.append(_draw_deviation(directory, found, marks))
    return captions


def _draw_deviation(directory: Path, maps: list[MapSeries], marks: Marks) -> Figure:
    name = "figures/deviation.png"
    deviation_maps(directory / name, maps[0], relative_deviation(maps), marks)
    return name, (
        f"Relative standard deviation of the flux over {len(maps)} weights of the mass "
        "penalty: where it is large, the observations leave the flux open."
    )


def region_of(campaign: Campaign) -> Region:
    """Bound the air over the network, with all of the bins that were measured."""
    z = np.unique(campaign.points[:, 2])
    half = float(np.median(np.diff(z))) / 2 if len(z) > 1 else LONE_BIN / 2
    start = campaign.start.astype("datetime64[s]").item()
    altitude = (max(0.0, float(z[0]) - half), float(z[-1]) + half)
    return Region.around(
        _table(campaign), start, altitude, projection=campaign.projection, margin=MARGIN
    )


def _marks(campaign: Campaign) -> Marks:
    return Marks(_table(campaign), campaign.held_out)


def _table(campaign: Campaign) -> pd.DataFrame:
    rows = [(name, *place) for name, place in campaign.radars.items()]
    return pd.DataFrame(rows, columns=["radar", "lon", "lat"])


def _draw_boxes(path: Path, metrics: Mapping[str, Any], cases: Sequence[str]) -> None:
    spreads = []
    for key, (title, label, is_logarithmic) in PANELS.items():
        values = _by_label(metrics, key, cases)
        if key == "r2":
            values = {m: [max(v, LEAST_R2) for v in vs] for m, vs in values.items()}
        if any(values.values()):
            spread = plotting.Spread(title, label, values, is_logarithmic)
            spreads.append(spread)
    plotting.box_plots(path, spreads, colors=COLORS)


def _by_label(
    metrics: Mapping[str, Any], key: str, cases: Sequence[str]
) -> dict[str, list[float]]:
    """List the values over seeds by model, or by model and case."""
    if not cases:
        return values_per_seed(metrics, key)
    return {
        f"{model}-{case}": values
        for case in cases
        for model, values in values_per_seed(metrics, f"{key}_{case}").items()
    }


def summarize(metrics: Mapping[str, Any], cases: Sequence[str]) -> str:
    """Say what the run shows, in numbers.

    Args:
        metrics: Content of ``metrics.json``.
        cases: Names of the cases of the preset.
    """
    facts = metrics["reference"]
    held_out, left_out = facts["held_out"], facts["left_out"]
    lines = [
        f"{facts['rows']:,} rows of {facts['radars']} radars over {facts['hours']:.1f} "
        f"hours from {facts['start']}; judged at {', '.join(held_out)}. Left out: "
        + ("; ".join(f"{n:,} {why}" for why, n in left_out.items()) or "nothing")
        + "."
    ]
    found = {key: _by_label(metrics, key, cases) for key in PANELS}
    for label in found["density_mse"]:
        shown = (mean_and_range(found[key][label]) for key in PANELS)
        mse, r2, velocity, smape = shown
        lines.append(
            f"{label}: mean square error of log(1 + density) {mse}, R2 {r2}, of the "
            f"velocity {velocity} m2/s2, consistency SMAPE {smape}."
        )
    return "\n\n".join(lines)
