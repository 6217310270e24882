"""Images: the square of a view, rows along y, ends of the color scale."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from ncl_deepxde.plotting.images import (
    View,
    as_image,
    bar_ends,
    color_limits,
    show_field,
)

IMAGES = {
    "a": [np.array([[0.0, np.nan], [2.0, 1.0]])],
    "b": [np.array([[-1.0, 0.5]]), np.array([[np.inf, 7.0]])],
}


def test_rows_of_an_image_go_along_y():
    n = 5
    x, y = View(-1.0, 3.0).grid(n).T
    np.testing.assert_array_equal(np.unique(x), -1 + 4 * (np.arange(n) + 0.5) / n)
    assert np.all(np.diff(as_image(x, n), axis=1) > 0)
    assert np.all(np.diff(as_image(y, n), axis=0) > 0)
    assert np.all(np.diff(as_image(x, n), axis=0) == 0)


def test_limits_are_the_finite_ends_of_all_or_of_one():
    assert color_limits(IMAGES) == (-1, 7)
    assert color_limits(IMAGES, "a") == (0, 2)


def test_limits_of_an_unknown_label_or_of_nothing_are_refused():
    with pytest.raises(ValueError, match=r"scale_from: must be one of .*'c'"):
        color_limits(IMAGES, "c")
    with pytest.raises(ValueError, match="solutions: must have a finite value"):
        color_limits({"a": [np.full((2, 2), np.nan)]})


@pytest.mark.parametrize(
    ("limits", "ends"),
    [((-1, 7), "neither"), ((0, 7), "min"), ((-1, 2), "max"), ((0, 2), "both")],
)
def test_bar_has_an_arrow_where_values_exceed_it(limits, ends):
    assert bar_ends(IMAGES, limits) == ends


def test_field_is_shown_on_the_square_of_the_view():
    axes, seen = Figure().subplots(), []
    image = np.arange(4.0).reshape(2, 2)
    shown = show_field(axes, image, (0, 5), "magma", View(-2.0, 2.0, seen.append))
    np.testing.assert_array_equal(shown.get_array(), image)
    assert list(shown.get_extent()) == [-2, 2, -2, 2]
    assert (shown.get_clim(), shown.get_cmap().name) == ((0, 5), "magma")
    assert axes.get_xlim() == axes.get_ylim() == (-2, 2)
    assert [t.get_text() for t in axes.get_yticklabels()] == ["-2", "0", "2"]
    assert seen == [axes]
