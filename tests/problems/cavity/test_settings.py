"""Settings of the cavity: values that make no sense are refused."""

import pytest

from ncl_deepxde.problems.cavity.settings import CavityReference


@pytest.mark.parametrize("h", [0.0, -1.0, "0.1"])
def test_size_of_the_triangles_is_positive(h):
    with pytest.raises(ValueError, match=r"CavityReference[\s\S]*h\n"):
        CavityReference(h=h)
