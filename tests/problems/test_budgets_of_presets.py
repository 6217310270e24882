"""Budgets of all presets: steps, never seconds on a clock."""

import pytest

from ncl_deepxde.runs import available

PROBLEMS, _ = available()
PRESETS = [(p, name) for p, one in PROBLEMS.items() for name in one.presets]


def keys(tree):
    """Yield the keys at all depths of a preset's content."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield key
            yield from keys(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from keys(value)


@pytest.mark.parametrize(("problem", "preset"), PRESETS)
def test_budgets_are_steps(problem, preset):
    found = set(keys(dict(PROBLEMS[problem].presets[preset].content)))
    assert "steps" in found
    assert not [key for key in found if "seconds" in key]
