"""The figure of ``high_precision.py``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from ncl_deepxde.plotting.style import PALETTE, new_figure, style

TITLES = {
    "gauss-newton": ("Gauss-Newton", PALETTE["vermilion"]),
    "nncg": ("NNCG", PALETTE["green"]),
    "l-bfgs": ("L-BFGS", PALETTE["blue"]),
    "soap": ("SOAP", PALETTE["purple"]),
    "adam": ("Adam", PALETTE["olive"]),
}
LINES = {"exact": "-", "plain": "--"}


def draw(records: Sequence[Mapping[str, Any]]) -> Figure:
    """Draw errors against CPU seconds: a panel per case, a color per optimizer.

    Args:
        records: Those of ``high_precision.py``; curves are told apart by all that a
            record holds besides its moment.
    """
    curves: dict[tuple[Any, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for record in records:
        moment = ("seconds", "steps", "error")
        curves[tuple(v for k, v in record.items() if k not in moment)].append(record)
    cases = list(dict.fromkeys(r["case"] for r in records))
    with style():
        figure = new_figure(height=0.8 + 3.2 * ((len(cases) + 1) // 2))
        panels = figure.subplots(
            (len(cases) + 1) // 2, min(2, len(cases)), squeeze=False
        ).ravel()
        for run in curves.values():
            title, color = TITLES[run[0]["optimizer"]]
            known = [r for r in run if r["error"] is not None]
            panels[cases.index(run[0]["case"])].loglog(
                [r["seconds"] for r in known],
                [r["error"] for r in known],
                LINES[run[0]["network"]],
                color=color,
                label=f"{title}, {run[0]['network']}",
            )
        for axes, case in zip(panels, cases, strict=False):
            axes.set(
                title=case,
                ylabel=next(r["measure"] for r in records if r["case"] == case),
            )
            axes.grid(True)
        for axes in panels[len(cases) :]:
            axes.remove()
        handles = {line.get_label(): line for a in panels for line in a.lines}
        figure.legend(handles.values(), handles, loc="outside upper center", ncols=3)
        figure.supxlabel("CPU seconds of one core")
    return figure
