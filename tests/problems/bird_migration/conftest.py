"""Observations for the tests: synthetic ones, three nights, a file."""

import sys
from pathlib import Path

import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from migration_network import CHOICE, profiles_of

from ncl_deepxde.problems.bird_migration.problem import PROBLEM
from ncl_deepxde.problems.bird_migration.selection import campaign_of


@pytest.fixture(scope="session")
def campaign():
    """The synthetic one of the preset smoke."""
    return PROBLEM.campaign(PROBLEM.presets["smoke"].settings())


@pytest.fixture(scope="session")
def three_nights():
    """Three of the five nights of three radars."""
    return campaign_of(profiles_of(), CHOICE)


@pytest.fixture(scope="session")
def table(tmp_path_factory):
    """A small file in the format of ../shared/data/birds."""
    places = {"A": (4.0, 51.0), "B": (5.0, 52.0), "C": (6.0, 51.0), "D": (5.0, 51.3)}
    times = pd.date_range("2013-04-05T20:00Z", periods=9, freq="h")
    rows = [
        (name, *place, f"{time:%Y-%m-%dT%H:%M:%SZ}", z, 5.0 + z / 300, 8.0, 4.0)
        for name, place in places.items()
        for time in times
        for z in (300, 500, 700)
    ]
    columns = [
        "radar",
        "lon",
        "lat",
        "time_utc",
        "altitude_m",
        "dens_per_km3",
        "u_m_s",
        "v_m_s",
    ]
    path = tmp_path_factory.mktemp("data") / "tiny.csv.gz"
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
    return path
