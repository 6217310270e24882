"""What the synthetic radars see of the migration."""

import numpy as np
import pandas as pd
import pytest

from ncl_deepxde.problems.bird_migration.settings import Scans
from ncl_deepxde.problems.bird_migration.stations import STATIONS
from ncl_deepxde.problems.bird_migration.synthetic import (
    center_of,
    scan_times,
    synthetic_rows,
)
from ncl_deepxde.problems.bird_migration.truth import LENGTH, NIGHTS, Migration
from ncl_deepxde.radar import Profiles, Projection

SCANS = Scans(n=5, dt=1.0)


@pytest.fixture(scope="module")
def projection():
    """The plane of the 37 stations."""
    return Projection.of(pd.DataFrame(STATIONS.values(), columns=["lon", "lat"]))


@pytest.fixture(scope="module")
def rows(projection):
    """What the synthetic network measures, in few bins."""
    return synthetic_rows(SCANS, projection)


def test_scans_cover_three_nights():
    times = scan_times(0.25)
    assert len(times) == 3 * (4 * (LENGTH + 2) + 1)
    assert not np.any(np.abs(times - (NIGHTS[0] + 17)) < 1)


def test_rows_are_profiles_in_units_of_the_readers(rows):
    profiles = Profiles.of(rows.dropna(subset=["dens"]))
    assert len(profiles.radars) == 37
    assert profiles.left_out == {}
    assert profiles.rows["altitude"].unique().tolist() == [500, 1500, 2500, 3500, 4500]
    speed = np.hypot(rows["u"], rows["v"])
    assert 8 < speed.median() < 20


def test_rows_have_noise_zeros_and_gaps(rows, projection):
    known = rows.dropna(subset=["dens"])
    assert 0.03 < 1 - len(known) / len(rows) < 0.1
    assert 0.2 < (known["dens"] == 0).mean() < 0.8
    assert known.loc[known["u"].notna(), "dens"].min() >= 1
    x, y = projection.to_plane(known["lon"], known["lat"])
    places = np.stack([x, y], axis=1) - center_of(projection)
    start = pd.Timestamp("2018-04-05T15:00", tz="UTC")
    hours = (known["time"] - start).dt.total_seconds() / 3600
    flow = Migration()(np.column_stack([places, known["altitude"] / 1000, hours]))
    is_seen = (known["dens"] > 0).to_numpy()
    noise = np.log(known["dens"][is_seen] / flow["rho"][is_seen, 0])
    # 10 %, from some thousand rows.
    assert noise.std() == pytest.approx(0.1, rel=0.05)
    east, north = projection.rotate(*(known[c] for c in ("lon", "lat", "u", "v")))
    moving = known["u"].notna().to_numpy()
    off = np.stack([east, north], axis=1)[moving] - flow["u"][moving, :2] / 3.6
    assert off.std() == pytest.approx(1, rel=0.05)


def test_rows_are_the_same_at_every_call(rows, projection):
    pd.testing.assert_frame_equal(rows, synthetic_rows(SCANS, projection))


@pytest.mark.parametrize("sizes", [{"n": 0, "dt": 1.0}, {"n": 5, "dt": 0.0}])
def test_bad_sizes_are_refused(sizes):
    with pytest.raises(ValueError, match="greater than"):
        Scans(**sizes)
