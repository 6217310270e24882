"""Samplers of DeepXDE's geometries: where points lie, and that a generator decides."""

import deepxde as dde
import numpy as np
import pytest
import torch

from ncl_deepxde.data import Collocation
from ncl_deepxde.data.geometries import as_sampler, boundary, initial, interior

g = dde.geometry
TIME = g.TimeDomain(1, 3)
SPACES = {
    "interval": g.Interval(-1, 2),
    "rectangle": g.Rectangle([0, 0], [1, 2]),
    "disk": g.Disk([1, 1], 0.5),
    "hole": g.Rectangle([0, 0], [1, 1]) - g.Disk([0.5, 0.5], 0.25),
}


def drawn(sampler, n=200, seed=0):
    return sampler(n, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@pytest.mark.parametrize("make", [interior, boundary, initial])
def test_points_lie_where_they_should(space, make) -> None:
    flow = g.GeometryXTime(space, TIME)
    points = drawn(make(flow)).numpy()
    assert points.shape == (200, space.dim + 1)
    x, t = points[:, :-1], points[:, -1]
    assert (space.on_boundary if make is boundary else space.inside)(x).all()
    assert ((t >= 1) & (t <= 3)).all()
    assert (t == 1).all() == (make is initial)


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_the_generator_alone_decides(space) -> None:
    sampler = boundary(space)
    np.random.seed(0)  # noqa: NPY002
    first, state = drawn(sampler), np.random.get_state()[1]  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    assert torch.equal(first, drawn(sampler))
    np.random.seed(0)  # noqa: NPY002
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002
    assert space.dim == 1 or not torch.equal(first, drawn(sampler, seed=1))


def test_one_side_is_chosen_by_where() -> None:
    side = boundary(SPACES["rectangle"], where=lambda x: x[:, 0] == 0)
    points = drawn(side)
    assert (points[:, 0] == 0).all()
    assert points[:, 1].std() > 0.3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: as_sampler(3), "sampler: must be a function"),
        (lambda: interior(3), "interior: geometry must be"),
        (
            lambda: initial(SPACES["disk"]),
            "initial: geometry must be a .*GeometryXTime",
        ),
        (
            lambda: drawn(interior(SPACES["disk"], lambda x: x[:, :1] > 0)),
            r"where: must return truth values of the shape \(N,\)",
        ),
    ],
)
def test_bad_arguments_are_refused(call, message) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_a_geometry_is_a_sampler_of_collocation() -> None:
    data = Collocation(lambda x, y: y, g.GeometryXTime(SPACES["disk"], TIME), 50)
    points, _ = data.train_next_batch()
    assert points.shape == (50, 3)
