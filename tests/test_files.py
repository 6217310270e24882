"""A file is complete or absent."""

import hashlib
import json
import shutil
from contextlib import suppress

import numpy as np
import pytest

from ncl_deepxde.files import (
    arrays_in,
    check_seal,
    content_hash,
    read_json,
    replacing,
    seal,
    write_arrays,
    write_json,
)


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


ARRAYS = {"x": np.random.default_rng(0).random(30), "name": np.array("text")}


@pytest.mark.parametrize("compress", [False, True])
def test_every_flipped_or_lost_byte_of_an_archive_is_found(tmp_path, compress):
    path = tmp_path / "new" / "a.npz"
    write_arrays(path, ARRAYS, compress=compress)
    assert list(path.parent.iterdir()) == [path]
    assert check_seal(path)
    with np.load(path, allow_pickle=False) as data:  # as other programs read it
        assert np.array_equal(data["x"], ARRAYS["x"])
    whole = path.read_bytes()
    damaged = [whole[:i] + bytes([b ^ 1]) + whole[i + 1 :] for i, b in enumerate(whole)]
    for content in (*damaged, *(whole[:-n] for n in range(1, 200)), whole + b"0"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"a\.npz: is damaged"), arrays_in(path):
            pytest.fail("it was read")


def test_archives_of_others_have_no_checksum_and_are_read(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, **ARRAYS)
    assert not check_seal(path)
    with arrays_in(path) as data:
        assert np.array_equal(data["x"], ARRAYS["x"])
    whole = path.read_bytes()
    for i in range(len(whole)):
        path.write_bytes(whole[:i] + bytes([whole[i] ^ 255]) + whole[i + 1 :])
        with suppress(ValueError), arrays_in(path) as data:
            assert np.array_equal(data["x"], ARRAYS["x"])


def test_checksum_is_that_of_the_bytes_before_it(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, **ARRAYS)
    whole = path.read_bytes()
    seal(path)
    sealed = path.read_bytes()
    assert sealed[: len(whole) - 2] == whole[:-2]
    assert sealed[-64:].decode() == hashlib.sha256(whole).hexdigest()


VALUES = {"x": [1, 2.5e-17, -0.0, float("inf")], "name": "\u00fc", "inner": {"1": None}}


def test_json_is_read_as_it_was_written_and_may_be_laid_out_anew(tmp_path):
    path = tmp_path / "new" / "a.json"
    write_json(path, VALUES | {"inner": {1: None}})
    assert list(path.parent.iterdir()) == [path]
    assert read_json(path) == VALUES
    values = json.loads(path.read_text())
    path.write_text(json.dumps(dict(reversed(values.items())), indent=None))
    assert read_json(path) == VALUES
    del values["sha256"]  # as other programs write it
    path.write_text(json.dumps(values))
    assert read_json(path) == VALUES


def test_no_changed_byte_of_a_json_file_changes_a_value_unseen(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, VALUES)
    whole, found = path.read_bytes(), 0
    for i, byte in enumerate(whole):
        for bit in (1, 2, 32):
            changed = whole[:i] + bytes([byte ^ bit]) + whole[i + 1 :]
            path.write_bytes(changed)
            with suppress(ValueError):
                assert read_json(path).items() >= VALUES.items()
                continue
            found += 1
    assert found > 2 * len(whole)


@pytest.mark.parametrize("text", ["", "{", "[1]", "3", "[" * 100_000, '{"x": nan}'])
def test_what_is_no_json_of_ours_is_one_error(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"a\.json (is damaged|must hold)"):
        read_json(path)
