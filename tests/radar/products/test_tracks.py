"""Trajectories: there and back, closed forms, carriers, the edge of the region."""

import numpy as np
import pytest
import torch

import ncl_deepxde
from ncl_deepxde.flows import Box
from ncl_deepxde.radar.products import Carrier, follow

PLACES = {"a": (6.5, 50.5, 1.0), "b": (5.0, 49.0, 2.0), "c": (6.0, 50.0, 3.0)}
HOURS = np.linspace(-2.0, 6.0, 17)


def exact(carrier, region, at):
    lon, lat, z = np.transpose(list(PLACES.values()))
    starts = np.column_stack([*region.projection.to_plane(lon, lat), z])
    one = np.ones((len(starts), 1))
    return np.stack([carrier.transport(starts, at * one, t * one) for t in HOURS])


@pytest.mark.parametrize("at", [-2.0, 1.0, 6.0, 2.2])
def test_integrated_tracks_are_the_closed_form(at, turning, carrier, region):
    assert not isinstance(turning, Carrier)
    tracks = follow(turning, region, PLACES, at, HOURS, tolerance=1e-8)
    assert tracks.positions.shape == (len(HOURS), 3, 3)
    assert (tracks.names, tracks.origin) == (tuple(PLACES), at)
    # 1e-8 of 170 km in each of about 20 steps
    np.testing.assert_allclose(tracks.positions, exact(carrier, region, at), atol=1e-5)


def test_carrier_is_asked_for_its_trajectories(carrier, region):
    assert isinstance(carrier, Carrier)
    tracks = follow(carrier, region, PLACES, 1.0, HOURS)
    # the closed form itself, to round-off of coordinates of 170 km
    np.testing.assert_allclose(
        tracks.positions, exact(carrier, region, 1.0), atol=1e-12
    )


@pytest.mark.parametrize("tolerance", [1e-4, 1e-9])
def test_there_and_back(tolerance, turning, region):
    there = follow(turning, region, PLACES, 0, [0, 3.0, 6.0], tolerance=tolerance)
    x, y, z = there.positions[-1].T
    lon, lat = region.projection.to_sphere(x, y)
    ends = dict(zip(PLACES, zip(lon, lat, z, strict=True), strict=True))
    back = follow(turning, region, ends, 6.0, [0, 3.0, 6.0], tolerance=tolerance)
    error = np.abs(back.positions - there.positions).max()
    # relative to 170 km; the solver stays below its tolerance in every step
    assert error < 1000 * tolerance


def test_trained_kind_of_network_is_a_carrier_whose_tracks_solve_the_equation(region):
    # float64 throughout; small weights move particles by tens of km
    net = ncl_deepxde.nn.LFlow(
        3, blocks=2, width=8, domain=Box([-9, -9, -1], [9, 9, 6]), times=(0.0, 12.0)
    ).eval()

    class Trained:
        scale = np.array([100.0, 100.0, 1.0])

        def __call__(self, points):
            inputs = torch.tensor(
                np.hstack([points[:, :3] / self.scale, points[:, 3:]])
            )
            with torch.no_grad():
                rho, u = net.density(inputs), net.velocity(inputs)
            return {"rho": rho.numpy(), "u": u.numpy() * self.scale}

    class Moving(Trained):
        def transport(self, x, t0, t1):
            x = torch.tensor(x / self.scale)
            with torch.no_grad():
                moved = net.transport(x, torch.tensor(t0), torch.tensor(t1))
            return moved.numpy() * self.scale

    hours = [0.0, 4.0, 12.0]
    carried = follow(Moving(), region, PLACES, 4.0, hours)
    solved = follow(Trained(), region, PLACES, 4.0, hours, tolerance=1e-8)
    assert np.isfinite(carried.positions).all()
    assert np.abs(carried.positions[-1] - carried.positions[0]).max() > 1
    np.testing.assert_allclose(carried.positions, solved.positions, atol=1e-4)


@pytest.mark.parametrize("kind", ["cloud", "carrier"])
def test_bird_that_leaves_is_followed_no_further(kind, request, region):
    # The wind carries "out" away to the west; turning brings it back after hours.
    flow = request.getfixturevalue(kind)
    places = {"out": (1.0, 50.0, 1.0), "in": (6.0, 50.0, 1.0)}
    tracks = follow(flow, region, places, 0, np.linspace(-10, 10, 21))
    gone = np.isnan(tracks.positions).any(axis=2)
    assert not gone[10].any()
    assert gone[:10, 0].any()
    assert gone[11:, 0].any() == (kind == "carrier")
    # once gone, gone for ever, on both sides of the origin
    assert np.all(np.diff(gone[10:].astype(int), axis=0) >= 0)
    assert np.all(np.diff(gone[:11].astype(int), axis=0) <= 0)
    assert region.contains(tracks.positions[~gone]).all()


def test_bird_outside_does_not_stop_the_others(region):
    def wild(points):
        outside = ~region.contains(points[:, :3])
        u = np.tile([100.0, 0.0, 0.0], (len(points), 1))
        u[outside] = np.nan
        return {"rho": np.ones((len(points), 1)), "u": u}

    places = {"fast": (11.0, 50.0, 1.0), "slow": (2.0, 50.0, 1.0)}
    tracks = follow(wild, region, places, 0, [0, 2, 4])
    assert np.isnan(tracks.positions[1:, 0]).all()
    np.testing.assert_allclose(np.diff(tracks.positions[:, 1, 0]), 200, rtol=1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"places": {}}, "places: must hold at least one place"),
        ({"places": {"a": (6.0, 50.0)}}, "places: each must be .*altitude in km"),
        ({"places": {**PLACES, "a": (6.0, 50.0)}}, "places: each must be"),
        ({"places": {"a": (6.0, 50.0, 800.0)}}, "places: a at .* outside the region"),
        ({"places": {"a": (50.0, 6.0, 1.0)}}, r"places: a .*\(longitude, latitude"),
        ({"places": {"a": (6.0, np.nan, 1.0)}}, "places: a at"),
        ({"times": []}, "times: must be at least one and increase"),
        ({"times": [2.0, 1.0]}, "times: must be at least one and increase"),
        ({"at": np.inf}, "time: must be finite"),
        ({"tolerance": 0.0}, "tolerance: must be between 0 and 1"),
    ],
)
def test_bad_arguments_are_refused(changes, message, turning, region):
    arguments = {"places": PLACES, "at": 0.0, "times": [0.0, 1.0]} | changes
    with pytest.raises(ValueError, match=message):
        follow(turning, region, **arguments)


def test_transport_that_is_lost_is_refused(carrier, region):
    class Lost(type(carrier)):
        def transport(self, x, t0, t1):
            return np.full_like(x, np.nan)

    with pytest.raises(ValueError, match="flow: transport must return finite"):
        follow(Lost(), region, PLACES, 0, [0, 1])


def test_velocity_that_is_lost_is_refused(region):
    def lost(points):
        return {
            "rho": np.ones((len(points), 1)),
            "u": np.full((len(points), 3), np.nan),
        }

    with pytest.raises(ValueError, match="flow: u must be finite"):
        follow(lost, region, PLACES, 0, [0, 1])
