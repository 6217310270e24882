"""Panels: one color scale, right side up, labeled."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from ncl_deepxde.evaluation.metrics import torus_grid
from ncl_deepxde.plotting import (
    View,
    density_panels,
    difference_panels,
    velocity_panels,
)
from ncl_deepxde.plotting.panels import draw_density, draw_difference, draw_velocity

TIMES = [0.0, 0.2]
N = 16


def panels(figure):
    """Axes with an image of the field, without the color bar."""
    return [axes for axes in figure.axes if axes.get_images()]


@pytest.mark.parametrize("draw", [draw_density, draw_velocity])
def test_all_panels_share_one_color_scale(draw, solutions):
    figure = draw(solutions, TIMES, N)
    images = [axes.get_images()[0] for axes in panels(figure)]
    assert len(images) == 6
    values = [image.get_array() for image in images]
    expected = min(v.min() for v in values), max(v.max() for v in values)
    assert {image.get_clim() for image in images} == {expected}


def test_density_image_is_the_field_with_x_right_and_y_up(solutions):
    figure = draw_density(solutions, TIMES, N)
    axes = panels(figure)[1]
    image = axes.get_images()[0]
    i, j = 3, 11
    point = torus_grid(N)[[i * N + j]]
    np.testing.assert_array_equal(point[0], [(i + 0.5) / N, (j + 0.5) / N])
    expected = solutions["pinn"](point, TIMES[1])["rho"][0, 0]
    assert image.get_array()[j, i] == pytest.approx(expected, rel=1e-14)
    assert image.origin == "lower"
    assert list(image.get_extent()) == [0, 1, 0, 1]
    assert axes.get_aspect() == 1


def test_panels_name_solutions_times_axes_and_quantity(solutions):
    figure = draw_density(solutions, TIMES, N, title="Heading")
    texts = {text.get_text() for text in figure.findobj(mpl.text.Text)}
    wanted = {*solutions, "$t = 0$", "$t = 0.2$", "$x$", "$y$", "Heading"}
    assert wanted <= texts
    assert r"density $\rho$ (dimensionless)" in texts


def test_scale_from_is_the_range_of_one_solution(solutions):
    figure = draw_density(solutions, TIMES, N, scale_from="fem")
    image = panels(figure)[0].get_images()[0]
    fields = [solutions["fem"](torus_grid(N), time)["rho"] for time in TIMES]
    assert image.get_clim() == (np.min(fields), np.max(fields))
    assert image.get_clim()[1] < image.get_array().max()


@pytest.mark.parametrize(
    ("scale_from", "extend"), [(None, "neither"), ("fem", "max"), ("pinn", "min")]
)
def test_color_bar_has_arrows_where_values_exceed_it(scale_from, extend, solutions):
    figure = draw_density(solutions, [0.0], N, scale_from=scale_from)
    (bar,) = {i.colorbar for i in figure.findobj(mpl.image.AxesImage)} - {None}
    assert bar.extend == extend


def test_difference_scale_is_symmetric(solutions):
    reference = solutions.pop("fem")
    figure = draw_difference(solutions, reference, TIMES, N)
    image = panels(figure)[0].get_images()[0]
    low, high = image.get_clim()
    assert low == -high < 0
    np.testing.assert_array_equal(panels(figure)[2].get_images()[0].get_array(), 0)


def test_unknown_scale_raises(solutions):
    with pytest.raises(ValueError, match=r"scale_from: must be one of .*'dns'"):
        draw_density(solutions, TIMES, N, scale_from="dns")


def test_diverged_network_is_drawn_and_wholly_lost_ones_raise(solutions):
    def broken(points, time):
        lost = np.full((len(points), 1), np.nan)
        return {"rho": lost, "u": np.repeat(lost, 2, axis=1)}

    draw_density(solutions | {"pinn": broken}, TIMES, N).draw_without_rendering()
    draw_velocity(solutions | {"pinn": broken}, TIMES, N).draw_without_rendering()
    with pytest.raises(ValueError, match="solutions: must have a finite value"):
        draw_density({"pinn": broken}, TIMES, N)


def test_slice_of_a_body_in_space_is_drawn(solutions):
    """Speed of three components, nothing off the body, a square of the view."""

    def disk(points, time):
        off = np.linalg.norm(points, axis=1, keepdims=True) > 1
        u = np.pad(1.0 + points, [(0, 0), (0, 1)], constant_values=5.0)
        return {"rho": np.where(off, np.nan, 1.0), "u": np.where(off, np.nan, u)}

    view = View(-1.0, 1.0)
    figure = draw_velocity({"fem": disk}, TIMES, N, view=view)
    figure.draw_without_rendering()
    image = panels(figure)[0].get_images()[0]
    assert np.isnan(image.get_array().filled(np.nan)[0, 0])
    inner = (view.grid(N)[N // 2 * N + N // 2] + 1.0, [5.0])
    speed = np.linalg.norm(np.concatenate(inner))
    assert image.get_array()[N // 2, N // 2] == pytest.approx(speed, rel=1e-14)
    shown = panels(draw_difference({"net": disk}, disk, TIMES, N, view=view))[0]
    assert list(shown.get_images()[0].get_extent()) == [-1, 1, -1, 1]


def test_density_of_another_square_is_the_field_there():
    """A bump at (2, -1): right of the middle and below."""

    def bump(points, time):
        r2 = np.square(points - np.array([2.0, -1.0])).sum(axis=1, keepdims=True)
        return {"rho": np.exp(-r2)}

    n = 60
    figure = draw_density({"bump": bump}, [0.0], n, view=View(-3.0, 3.0))
    (image,) = figure.axes[0].get_images()
    assert list(image.get_extent()) == [-3, 3, -3, 3]
    row, column = np.unravel_index(image.get_array().argmax(), (n, n))
    x, y = (-3 + 6 * (i + 0.5) / n for i in (column, row))
    assert (x, y) == pytest.approx((2, -1), abs=0.1)


def test_velocity_at_rest_is_drawn(solutions):
    def rest(points, time):
        return {"u": np.zeros_like(points)}

    draw_velocity({"rest": rest}, TIMES, N).draw_without_rendering()


def test_files_are_images_and_no_global_state_is_left(tmp_path, solutions):
    settings = dict(mpl.rcParams)
    density_panels(tmp_path / "rho.png", solutions, TIMES, n=N)
    velocity_panels(tmp_path / "u.png", solutions, TIMES, n=N)
    models = {"pinn": solutions["pinn"]}
    difference_panels(tmp_path / "d.png", models, solutions["fem"], TIMES, n=N)
    assert dict(mpl.rcParams) == settings
    assert plt.get_fignums() == []
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["d.png", "rho.png", "u.png"]
    for file in files:
        with Image.open(file) as image:
            assert image.width == 1800
            assert len(set(image.convert("L").resize((40, 40)).tobytes())) > 10
