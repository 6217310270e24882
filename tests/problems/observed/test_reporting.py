"""Words and colors of reports."""

import pytest

from ncl_deepxde.problems.bird_migration.settings import SCHEMAS
from ncl_deepxde.problems.observed import COLORS, mean_and_range


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([], "not computed"),
        ([0.12345], "0.123"),
        ([1.0, 2.0], "1.5 (1 to 2 over 2 seeds)"),
    ],
)
def test_mean_and_range_are_said_of_several_seeds(values, said):
    assert mean_and_range(values) == said


def test_every_model_has_its_color():
    assert set(COLORS) == set(SCHEMAS)
    assert len(set(COLORS.values())) == len(COLORS)
