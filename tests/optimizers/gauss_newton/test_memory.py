"""Sizes of the matrices of a step; tests/evaluation/test_step_memory.py measures."""

from itertools import pairwise

import pytest

from ncl_deepxde.optimizers.gauss_newton.damped_solve import SolverOptions
from ncl_deepxde.optimizers.gauss_newton.memory import matrix_bytes

DOUBLE = 8


def size(R, P, kind="auto", rank=100):
    return matrix_bytes(R, P, SolverOptions(kind, rank, 1e-2, 100))


@pytest.mark.parametrize(("R", "P"), [(400, 9000), (9000, 400)])
def test_the_smaller_matrix_and_its_factor(R, P):
    kind = "kernel" if R < P else "gram"
    assert size(R, P) == size(R, P, kind)
    assert size(R, P) >= 2 * DOUBLE * 400**2
    assert size(R, P, "gram" if R < P else "kernel") > 2 * DOUBLE * 9000**2


def test_panels_do_not_grow_without_end():
    # 32 MiB where a row or a unit allows.
    rest = [size(n, 10**6, "kernel") - 2 * DOUBLE * n**2 for n in (10, 1000, 2000)]
    assert rest == [2**25] * 3


def test_conjugate_gradients_need_no_square():
    assert size(10**6, 10**4, "cg") < 1.2 * DOUBLE * 8 * 100 * 10**6


def test_it_rises_with_the_points():
    found = [size(R, 2000) for R in range(1, 9000, 97)]
    # A kernel gives way to the matrix of the parameters, with J beside.
    assert all(b >= 0.5 * a for a, b in pairwise(found))
    assert found[-1] > found[0]
