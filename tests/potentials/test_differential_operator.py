"""What a differential operator says of itself, against counting by hand."""

from ncl_deepxde.potentials import DifferentialOperator, Summand

TABLE = [
    [Summand((0, 2), 0), Summand((1,), 3, 2.0)],
    [Summand((2, 2, 2), 0, -1.0), Summand((), 1)],
]


def test_numbers_are_read_off_the_summands() -> None:
    operator = DifferentialOperator(TABLE)
    assert (operator.num_potentials, operator.order, operator.scale) == (4, 3, 1.0)
    nothing = DifferentialOperator([[], []])
    assert (nothing.num_potentials, nothing.order) == (0, 0)


def test_most_derivatives_of_each_potential() -> None:
    operator = DifferentialOperator(TABLE)
    assert operator.most_derivatives([2], 2) == [3, 0, -1, 0]
    assert operator.most_derivatives([2], 1) == [1, -1, -1, 0]
    assert operator.most_derivatives([0, 1], 2) == [1, 0, -1, 1]


def test_scaled_multiplies_every_factor() -> None:
    scaled = DifferentialOperator(TABLE).scaled(3.0)
    assert [[s.factor for s in row] for row in scaled.components] == [[3, 6], [-3, 3]]
    assert scaled.scale == 3.0


def test_divergence_is_what_does_not_cancel() -> None:
    operator = DifferentialOperator(TABLE)
    # d_2 of the first row and d_0 of the second: only the order of the axes differs.
    left = operator.divergence([2, 0])
    assert left == [
        Summand((0, 2, 2), 0, 1.0),
        Summand((1, 2), 3, 2.0),
        Summand((0, 2, 2, 2), 0, -1.0),
        Summand((0,), 1, 1.0),
    ]
    stream = [[Summand((1,), 0)], [Summand((0,), 0, -1.0)]]
    assert DifferentialOperator(stream).divergence([0, 1]) == []
    assert DifferentialOperator(stream).divergence([1, 0]) != []
