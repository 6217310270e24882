"""Units: other ones are refused, a few impossible values are missing."""

import numpy as np
import pandas as pd
import pytest
from radar_files import frame

from ncl_deepxde.radar import Profiles


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"dens": [1e-8, 2e-8]}, "looks like birds per m"),
        ({"dens": [1e7, 20.0]}, "dens: must be birds per km.3, at most"),
        ({"dens": [-9999.0, 20.0]}, "dens: must not be negative, got -9999"),
        ({"u": [45.0, 50.0], "v": [30.0, 20.0]}, "looks like km/h"),
        ({"altitude": [0.3, 0.5]}, "looks like kilometers"),
        ({"altitude": [300.0, 40000.0]}, "altitude: must be meters"),
        ({"lat": [50.0, 3e6]}, "lat: must be degrees"),
        ({"lon": [5.0, 181.0]}, "lon: must be degrees"),
    ],
)
def test_wrong_units_say_what_is_wrong(columns, message):
    with pytest.raises(ValueError, match=message):
        Profiles.of(frame(**columns))
    assert len(Profiles.of(frame(**columns), check_units=False)) == 2


def many(n, **first):
    """Return n bins of one radar, the first with other values."""
    table = pd.concat([frame().iloc[:1]] * n, ignore_index=True)
    table["altitude"] = 100.0 + 10 * np.arange(n)
    for name, value in first.items():
        table.loc[0, name] = value
    return table


def test_impossible_values_are_missing_if_they_are_few():
    profiles = Profiles.of(many(200, dens=1e7, u=300.0))
    assert len(profiles) == 199
    assert profiles.left_out == {"neither density nor velocity": 1}
    assert profiles.notes == (
        "1 densities above 100000 per km^3 are missing",
        "1 speeds above 100 m/s are missing",
    )
    fast = Profiles.of(many(200, u=300.0)).rows
    assert fast["dens"].notna().all()
    assert fast["u"].isna().tolist() == [True] + [False] * 199


def test_impossible_values_are_an_error_if_they_are_not():
    with pytest.raises(
        ValueError, match="u, v: must be m/s, at most 100, got a speed of"
    ):
        Profiles.of(many(50, u=300.0))
    with pytest.raises(ValueError, match="dens: must be birds per km"):
        Profiles.of(many(50, dens=1e7))
