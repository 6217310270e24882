"""A file is complete or absent."""

import hashlib
import shutil

import numpy as np
import pytest

from ncl_deepxde.files import arrays_in, content_hash, replacing


def test_replacing_makes_folders_and_leaves_no_temporary_file(tmp_path):
    target = tmp_path / "new" / "a.txt"
    with replacing(target) as temporary:
        temporary.write_text("whole")
        assert temporary.suffix == ".txt"
        assert not target.exists()
    assert target.read_text() == "whole"
    assert list(target.parent.iterdir()) == [target]


def test_replacing_keeps_the_older_file_after_an_error(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")

    def write_half():
        with replacing(target) as temporary:
            temporary.write_text("ha")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_half()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_hash_is_that_of_the_content(tmp_path):
    file = tmp_path / "a.csv"
    file.write_bytes(b"1,2\n")
    expected = hashlib.sha256(b"1,2\n").hexdigest()
    assert content_hash(file) == expected
    other = tmp_path / "elsewhere" / "b.csv"
    other.parent.mkdir()
    other.write_bytes(b"1,2\n")
    assert content_hash(other) == expected


def test_hash_of_a_folder_depends_on_names_and_contents(tmp_path):
    hashes = set()
    for folder, name, text in (("1", "a", "x"), ("2", "a", "y"), ("3", "b", "x")):
        path = tmp_path / folder / "inner" / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
        hashes.add(content_hash(tmp_path / folder))
    assert len(hashes) == 3
    same = tmp_path / "4"
    shutil.copytree(tmp_path / "1", same)
    assert content_hash(same) in hashes


def test_arrays_of_a_damaged_or_foreign_file_are_refused(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=np.random.default_rng(0).random(10_000))
    with arrays_in(path) as data:
        assert data["x"].shape == (10_000,)
    whole = path.read_bytes()
    zeroed = whole.replace(whole[999:1999], bytes(1000))
    for content in (whole[: len(whole) // 2], b"", b"PK nothing", zeroed):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="is damaged"), arrays_in(path) as data:
            data["x"]
    with pytest.raises(ValueError, match="is damaged"), arrays_in(tmp_path / "no.npz"):
        pass
    path.write_bytes(whole)
    with pytest.raises(ValueError, match="something else"), arrays_in(path) as data:
        data["y"]
