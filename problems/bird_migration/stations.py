"""The radars that are held out, and the 37 stations of the synthetic network.

The stations are those of R. Nussbaumer et al. (2021), https://zenodo.org/record/4587338,
with the split of the code of Lagrangian Flow Networks: its 17 test stations in the
center of the network are held out, its training and validation stations are trained on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ncl_deepxde.evaluation.metrics import Array

__all__ = ["HELD_OUT", "STATIONS", "held_out"]

# Name: longitude and latitude in degrees.
STATIONS: Mapping[str, tuple[float, float]] = {
    "bewid": (5.5056, 49.9143),
    "deboo": (10.0468, 54.0044),
    "dedrs": (13.7686, 51.1246),
    "deeis": (12.4028, 49.5407),
    "deess": (6.9669, 51.4055),
    "defld": (8.802, 51.3112),
    "dehnr": (9.6945, 52.4601),
    "demem": (10.2204, 48.0431),
    "deneu": (11.135, 50.5001),
    "denhb": (6.5485, 50.1097),
    "deoft": (8.714, 49.9859),
    "depro": (13.8578, 52.6486),
    "deros": (12.0581, 54.1757),
    "desna": (12.1018, 48.1747),
    "detur": (9.7828, 48.5853),
    "deumd": (11.1761, 52.1601),
    "frabb": (1.83472, 50.13583),
    "frave": (3.81194, 50.12833),
    "frbla": (4.77583, 47.35528),
    "frbor": (-0.69167, 44.83139),
    "frbou": (2.35944, 47.05861),
    "frcae": (-0.14944, 48.92722),
    "frche": (0.06556, 46.69861),
    "frgre": (1.36944, 45.10444),
    "frlep": (3.70944, 45.29),
    "frmcl": (2.60972, 43.99056),
    "frmom": (-0.60917, 43.62472),
    "frmtc": (7.01917, 47.36861),
    "frnan": (6.58167, 48.71583),
    "frniz": (4.44528, 46.06778),
    "frpla": (-4.43, 48.46083),
    "frtou": (1.37611, 43.57444),
    "frtra": (2.0075, 48.77389),
    "frtre": (-1.65639, 47.3375),
    "frtro": (4.30944, 48.46222),
    "nldhl": (4.79061, 52.95279),
    "nlhrw": (5.1381, 51.8369),
}

# fmt: off
HELD_OUT = (
    "bewid", "deess", "defld", "demem", "denhb", "deoft", "desna", "detur", "frabb",
    "frave", "frbla", "frmtc", "frnan", "frtra", "frtro", "nldhl", "nlhrw",
)
# fmt: on
SHARE = 4
"""In other networks one radar of so many is held out, and at least one."""


def held_out(radars: Mapping[str, Sequence[float] | Array]) -> list[str]:
    """Choose the radars to hold out, sorted by name.

    In a network with all of ``HELD_OUT`` these; elsewhere the quarter of the radars
    that is nearest to the center: KBGM, KENX and KOKX of the 13 in the north-east of
    the USA (us15a), 6451 of the five in the Netherlands and Belgium (eu15a).

    Args:
        radars: Coordinates x and y in km, by name.

    Raises:
        ValueError: Fewer than two radars.
    """
    if len(radars) < 2:
        raise ValueError(
            f"--data: must hold at least two radars, one to train on and one to hold "
            f"out, got {list(radars)}. Give more files."
        )
    if set(HELD_OUT) < radars.keys():
        return sorted(HELD_OUT)
    return nearest_to_center(radars, max(1, len(radars) // SHARE))


def nearest_to_center(
    radars: Mapping[str, Sequence[float] | Array], number: int
) -> list[str]:
    """Choose the radars nearest to the mean of all positions, sorted by name."""
    names = sorted(radars)
    places: Array = np.array([radars[name] for name in names], dtype=float)
    distance = np.linalg.norm(places - places.mean(axis=0), axis=1)
    return sorted(names[i] for i in np.argsort(distance, kind="stable")[:number])
