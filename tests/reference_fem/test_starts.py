"""Initial states read from files."""

import numpy as np
import pytest

from reference_fem.starts import load_start, published_start

UNIFORM = """
import numpy

def density(x):
    return numpy.ones(x.shape[1])

def velocity(x):
    return 0 * x
"""


def test_functions_of_a_file_are_loaded(tmp_path):
    path = tmp_path / "uniform.py"
    path.write_text(UNIFORM)
    start = load_start(path)
    x = np.random.default_rng(0).random((2, 7))
    assert np.array_equal(start.density(x), np.ones(7))
    assert np.array_equal(start.velocity(x), np.zeros((2, 7)))


@pytest.mark.parametrize(("domain", "dim"), [("torus", 2), ("ball", 3)])
def test_published_starts_are_those_of_the_problems(domain, dim):
    import importlib

    problem = importlib.import_module(
        f"ncl_deepxde.problems.euler.{domain}.initial_state"
    )
    start = published_start(domain)
    x = np.random.default_rng(0).random((dim, 7)) / 2
    assert start.density(x).shape == (7,)
    assert np.array_equal(start.density(x), problem.density(x))
    assert np.array_equal(start.velocity(x), problem.velocity(x))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "Python file, got .*name one that exists"),
        ("density = 3", "without density and velocity; add"),
        ("def density(x): return x[0]", "without velocity; add"),
        ("1 / 0", "ends with ZeroDivisionError: division by zero"),
        ("def", "ends with SyntaxError"),
    ],
)
def test_bad_files_are_refused(content, words, tmp_path):
    path = tmp_path / "start.py"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ValueError, match=f"^start must .*{words}"):
        load_start(path)


def test_other_kinds_of_files_are_refused(tmp_path):
    path = tmp_path / "start.txt"
    path.write_text(UNIFORM)
    with pytest.raises(ValueError, match="must be a Python file"):
        load_start(path)
