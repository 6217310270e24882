"""Named arrays in a file that is whole or not there."""

from contextlib import suppress

import numpy as np
import pytest

from reference_fem import _archive


def test_round_trip_and_names_below_a_prefix(tmp_path):
    path = tmp_path / "a.npz"
    _archive.write(path, {"x": np.arange(3), "mesh/points": np.ones(2)})
    found = _archive.read(path, "thing", "make one", dict)
    assert found.keys() == {"x", "mesh/points"}
    assert np.array_equal(_archive.below("mesh/", found)["points"], np.ones(2))


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "a.npz"
    _archive.write(path, {"x": np.arange(3)})

    def full(stream, **arrays):
        stream.write(b"PK")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        _archive.write(path, {"x": np.zeros(3)})
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]
    assert np.array_equal(np.load(path)["x"], np.arange(3))


def test_damaged_and_foreign_files_are_told(tmp_path):
    path = tmp_path / "a.npz"
    _archive.write(path, {"x": np.arange(1000.0)})
    whole = bytearray(path.read_bytes())
    flipped = whole.copy()
    flipped[200] ^= 255  # inside the array: its checksum fails
    np.savez(tmp_path / "pickled.npz", x=np.array([{}], dtype=object))
    np.savez(tmp_path / "other.npz", y=np.zeros(2))
    for name, content in (
        ("cut", whole[: len(whole) // 2]),
        ("flipped", flipped),
        ("text", b"abc"),
        ("empty", b""),
    ):
        (tmp_path / name).write_bytes(content)
    for name in ("cut", "flipped", "text", "empty", "pickled.npz", "other.npz"):
        with pytest.raises(ValueError, match=r"is not a complete thing \(.*; make one"):
            _archive.read(tmp_path / name, "thing", "make one", lambda a: a["x"])
    with pytest.raises(FileNotFoundError, match=r"no thing at .*; make one"):
        _archive.read(tmp_path / "missing", "thing", "make one", dict)


def test_no_flipped_byte_changes_what_is_read(tmp_path):
    path = tmp_path / "a.npz"
    arrays = {"x": np.arange(5.0), "diagnostics/mass": np.ones(2)}
    _archive.write(path, arrays)
    whole = bytearray(path.read_bytes())
    for i in range(len(whole)):
        whole[i] ^= 255
        path.write_bytes(whole)
        with suppress(ValueError):
            found = _archive.read(path, "thing", "make one", dict)
            # Some bytes mean nothing: a date, for example.
            assert found.keys() == arrays.keys()
            assert all(np.array_equal(found[k], v) for k, v in arrays.items())
        whole[i] ^= 255


def test_numbers_that_do_not_fit_the_checksum_are_refused(tmp_path):
    path = tmp_path / "a.npz"
    _archive.write(path, {"x": np.arange(5.0)})
    with np.load(path) as data:
        arrays = dict(data)
    np.savez(path, **arrays | {"x": np.zeros(5)})
    with pytest.raises(ValueError, match="checksum is another one"):
        _archive.read(path, "thing", "make one", dict)
    del arrays["sha256"]  # as version 0.1 wrote it
    np.savez(path, **arrays)
    assert np.array_equal(_archive.read(path, "t", "r", dict)["x"], np.arange(5))
