"""Files of results: round trips, bad files."""

import subprocess
import sys

import numpy as np
import pytest

import reference_fem

DOLFINX_FREE = """
import sys, numpy, reference_fem
r = reference_fem.load(sys.argv[1])
r.evaluate(numpy.zeros((1, 2)), r.times[-1])
print([m for m in ("dolfinx", "torch", "deepxde", "mpi4py") if m in sys.modules])
"""


@pytest.mark.fem
def test_file_round_trip_without_dolfinx(small_result, tmp_path):
    path = tmp_path / "f.npz"
    small_result.save(path)
    loaded = reference_fem.load(path)
    x = np.random.default_rng(1).normal(size=(7, 2))
    for time in (0.0, 0.0123, 0.02):
        expected, values = small_result.evaluate(x, time), loaded.evaluate(x, time)
        assert {k: v.shape for k, v in values.items()} == {
            "rho": (7, 1),
            "u": (7, 2),
            "p": (7, 1),
        }
        assert all(np.array_equal(values[k], expected[k]) for k in expected)
    assert loaded.parameters == small_result.parameters
    assert loaded.diagnostics.keys() == small_result.diagnostics.keys()
    assert list(tmp_path.iterdir()) == [path]
    run = subprocess.run(
        [sys.executable, "-c", DOLFINX_FREE, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "[]"


@pytest.mark.fem
def test_truncated_and_foreign_files_are_refused(small_result, tmp_path):
    path = tmp_path / "f.npz"
    small_result.save(path)
    whole = path.read_bytes()
    pickled = tmp_path / "pickled.npz"
    np.savez(pickled, header=np.array([{}], dtype=object))
    foreign = tmp_path / "foreign.npz"
    np.savez(foreign, a=np.zeros(3))
    for name, content in (
        ("cut", whole[: len(whole) // 2]),
        ("text", b"abc"),
        ("0", b""),
    ):
        (tmp_path / name).write_bytes(content)
    for name in ("cut", "text", "0", "pickled.npz", "foreign.npz"):
        with pytest.raises(ValueError, match="not a complete reference solution"):
            reference_fem.load(tmp_path / name)
    with pytest.raises(FileNotFoundError, match="no reference solution at"):
        reference_fem.load(tmp_path / "missing.npz")
