"""A series of maps, and the marks on them."""

import pytest

from ncl_deepxde.radar.products import Marks, map_series


@pytest.fixture
def marks(radars):
    return Marks(radars, ["east"], [(4.0, 50.0), (8.0, 50.0)])


@pytest.fixture
def series(cloud, region):
    return map_series(cloud, region, [2, 6, 9], n=28)
