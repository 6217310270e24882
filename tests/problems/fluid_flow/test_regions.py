"""Regions of the simulated fluid flow: disjoint, halved, with faces."""

import pytest
import torch

from ncl_deepxde.data import sobol_box
from ncl_deepxde.problems.fluid_flow.regions import (
    EXTENT,
    HORIZON,
    REGIONS,
    faces,
    region,
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("box", [None, sobol_box])
@pytest.mark.parametrize("dim", [2, 3])
def test_regions_are_disjoint_and_halved(dim, box):
    """Told apart by other formulas."""
    options = {} if box is None else {"box": box}
    x = {k: region(k, dim, **options)(1000, generator()) for k in REGIONS}
    unit = {k: points / EXTENT for k, points in x.items()}
    assert all(points.shape == (1000, dim) for points in x.values())
    assert (unit["train"][:, 0] * unit["train"][:, 1] > 0).all()
    for name in ("validation", "test"):
        assert (unit[name][:, 0] * unit[name][:, 1] <= 0).all()
    assert (unit["validation"][:, 0].abs() <= 0.2).all()
    assert (unit["test"][:, 0].abs() >= 0.2).all()
    for points in unit.values():
        assert points.abs().max() <= 1
        assert float((points[:, 1] > 0).double().mean()) == pytest.approx(0.5, abs=0.02)
    if dim == 3:
        assert unit["train"][:, 2].abs().max() <= 0.2
        assert unit["test"][:, 2].abs().max() > 0.9


@pytest.mark.parametrize("dim", [2, 3])
def test_points_on_the_faces_have_one_coordinate_there(dim):
    points = faces(dim)(500, generator())
    assert points.shape == (500, dim + 1)
    on_wall = (points[:, :dim].abs() == EXTENT).sum(1)
    assert (on_wall == 1).all()
    # All 2 d faces get their share.
    ends = [(points[:, i] == s * EXTENT).sum() for i in range(dim) for s in (1, -1)]
    assert min(ends) > 500 / (2 * dim) / 2
    assert 0 <= points[:, dim].min() < 0.1 * HORIZON < points[:, dim].max() <= HORIZON
