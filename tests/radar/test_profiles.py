"""The table itself: order, selection, summary."""

import numpy as np
import pandas as pd
import pytest
from radar_files import frame

from ncl_deepxde.radar import COLUMNS, Profiles


def test_rows_are_sorted_whatever_their_order():
    rng = np.random.default_rng(0)
    index = pd.MultiIndex.from_product(
        [["b", "a"], pd.date_range("2018-04-05", periods=4, freq="h"), [500, 300, 100]],
        names=["radar", "time", "altitude"],
    )
    table = index.to_frame(index=False).assign(lon=5.0, lat=50.0, u=1.0, v=2.0)
    table["dens"] = rng.uniform(1, 9, len(table))
    shuffled = table.sample(frac=1, random_state=1)
    rows = Profiles.of(shuffled).rows
    expected = table.sort_values(["radar", "time", "altitude"], ignore_index=True)
    assert tuple(rows) == COLUMNS
    pd.testing.assert_series_equal(rows["dens"], expected["dens"])
    assert rows["time"].dtype == "datetime64[ns, UTC]"
    assert rows.index.equals(pd.RangeIndex(24))


def test_between_includes_the_start_only():
    table = frame(radar="a", lon=5.0, lat=50.0)
    table["time"] = pd.to_datetime(["2018-04-05T18:00Z", "2018-04-05T19:00Z"])
    profiles = Profiles.of(table)
    assert profiles.between("2018-04-05T18:00", "2018-04-05T19:00").rows[
        "dens"
    ].tolist() == [10]
    assert profiles.between("2018-04-05T20:30+02:00").rows["dens"].tolist() == [20]
    assert len(profiles.between()) == 2
    with pytest.raises(ValueError, match="start, end: must leave some"):
        profiles.between("2019-01-01")
    with pytest.raises(ValueError, match="end: must be after start"):
        profiles.between("2018-04-06", "2018-04-05")
    with pytest.raises(ValueError, match="start: must be a time"):
        profiles.between("dusk")


def test_select_takes_known_radars():
    profiles = Profiles.of(frame())
    assert profiles.select("b").radars.to_numpy().tolist() == [["b", 6.0, 51.0]]
    assert len(profiles.select(["a", "b"])) == 2
    with pytest.raises(ValueError, match="radars: must be some of a, b; got c"):
        profiles.select(["a", "c"])
    with pytest.raises(ValueError, match="radars: must be some of a, b; got none"):
        profiles.select([])
