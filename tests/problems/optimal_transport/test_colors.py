"""Colors of optimal transport: one for each model, and one for the reference."""

from ncl_deepxde.problems.optimal_transport.colors import (
    COLORS,
    DISCRETE,
    colors_with_reference,
)


def test_models_and_reference_have_colors_of_their_own():
    colors = colors_with_reference(["icnn", *COLORS])
    assert set(colors) == {"icnn", *COLORS, DISCRETE}
    assert len(set(colors.values())) == 4
    assert {name: colors[name] for name in COLORS} == COLORS


def test_the_reference_changes_no_color():
    names = ["lflow", "icnn"]
    assert colors_with_reference(names) == colors_with_reference([DISCRETE, *names])
