"""The migration in closed form, and what the synthetic radars see of it."""

import numpy as np
import pandas as pd
import pytest
import torch

from ncl_deepxde.problems.bird_migration.stations import STATIONS
from ncl_deepxde.problems.bird_migration.synthetic import (
    center_of,
    scan_times,
    synthetic_rows,
)
from ncl_deepxde.problems.bird_migration.truth import HOURS, LENGTH, NIGHTS, Migration
from ncl_deepxde.radar import Profiles, Projection

SIZES = {"n": 5, "dt": 1.0}


@pytest.fixture(scope="module")
def projection():
    """The plane of the 37 stations."""
    return Projection.of(pd.DataFrame(STATIONS.values(), columns=["lon", "lat"]))


@pytest.fixture(scope="module")
def rows(projection):
    """What the synthetic network measures, in few bins."""
    return synthetic_rows(SIZES, projection)


def random_points(n):
    """Points over the whole network, by day and night, below the ground too."""
    low, high = torch.tensor([[-900.0, -900, -2, 0], [900.0, 900, 5, HOURS]])
    return low + (high - low) * torch.rand(n, 4)


def test_truth_satisfies_continuity():
    """By automatic differentiation of density and velocity, each by itself."""
    points = random_points(2000).requires_grad_()
    rho, u = Migration().density(points), Migration().velocity(points)
    columns = torch.cat([rho * u, rho], dim=1).unbind(1)
    terms = torch.stack(
        [
            torch.autograd.grad(c.sum(), points, retain_graph=True)[0][:, i]
            for i, c in enumerate(columns)
        ]
    )
    assert terms.abs().max() > 10
    # Some hundred roundings of terms of that size.
    assert terms.sum(0).abs().max() < 1e-13 * terms.abs().max()


def test_velocity_moves_density():
    """The same by finite differences along a path: d log(rho)/dt = -div u."""
    flow, h = Migration(), 1e-4
    points = random_points(50)
    points[:, 3] = NIGHTS[0] + 10 * torch.rand(50)
    u = flow.velocity(points)
    step = h * torch.cat([u, torch.ones(50, 1)], dim=1)
    rates = [flow.density(points + s * step).log() for s in (1, -1)]
    along = (rates[0] - rates[1]) / (2 * h)
    divergence = torch.zeros(50, 1)
    for i in range(3):
        d = h * torch.eye(4)[i]
        both = [flow.velocity(points + s * d)[:, i : i + 1] for s in (1, -1)]
        divergence += (both[0] - both[1]) / (2 * h)
    # Second order in h, with third derivatives up to 1e3.
    torch.testing.assert_close(along, -divergence, atol=1e-4, rtol=1e-4)


def test_birds_are_aloft_by_night_only():
    x = torch.zeros(200, 4)
    x[:, 2] = 5 * torch.rand(200)
    noon, midnight = x.clone(), x.clone()
    noon[:, 3], midnight[:, 3] = NIGHTS[0] + 17, NIGHTS[0] + LENGTH / 2
    day, night = (Migration().density(points).max() for points in (noon, midnight))
    assert day < 1e-3
    assert night > 10


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
    pd.testing.assert_frame_equal(rows, synthetic_rows(SIZES, projection))


@pytest.mark.parametrize("sizes", [{"n": 0, "dt": 1.0}, {"n": 5, "dt": 0.0}])
def test_bad_sizes_are_refused(sizes, projection):
    with pytest.raises(ValueError, match="n and dt must be positive"):
        synthetic_rows(sizes, projection)
