"""Bytes and tables: compression, encodings, separators, missing values, times."""

import gzip

import numpy as np
import pandas as pd
import pytest

from ncl_deepxde.radar._files import load, load_table, load_text, numbers, times


def test_gzip_is_known_by_its_first_bytes(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(gzip.compress(b"text"))
    assert load(path) == b"text"
    path.write_bytes(gzip.compress(b"text" * 99)[:-9])
    with pytest.raises(ValueError, match=r"a\.csv: the gzip data are truncated"):
        load(path)


def test_text_is_utf_8_with_or_without_a_mark(tmp_path):
    path = tmp_path / "a.csv"
    for data in ("\ufeffä".encode(), "ä".encode()):
        path.write_bytes(data)
        assert load_text(path) == "ä"
    path.write_bytes("ä".encode("latin-1"))
    with pytest.raises(ValueError, match="must be text in UTF-8, got the byte 0xe4"):
        load_text(path)


@pytest.mark.parametrize("comma", [",", ";", "\t"])
def test_separator_is_that_of_the_header(comma, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"radar{comma} x {comma}time_utc\n007{comma}NA{comma}2018\n")
    table = load_table(path)
    assert list(table) == ["radar", "x", "time_utc"]
    assert table.loc[0, "radar"] == "007"
    assert table.loc[0, "time_utc"] == "2018"
    assert np.isnan(table.loc[0, "x"])


def test_numbers_are_finite_or_missing():
    table = pd.DataFrame({"x": ["1.5", None, "2"], "y": ["1", "inf", "2"]})
    np.testing.assert_array_equal(numbers(table, "x", "rows"), [1.5, np.nan, 2])
    assert numbers(table, "absent", "rows").isna().all()
    with pytest.raises(ValueError, match=r"rows: y must be a finite .*'inf' in row 2"):
        numbers(table, "y", "rows")


def test_times_are_in_utc():
    found = times(pd.Series(["2018-04-05T20:00+02:00", "2018-04-05 18:00", None]), "a")
    assert found.dtype == "datetime64[ns, UTC]"
    assert found.iloc[0] == found.iloc[1] == pd.Timestamp("2018-04-05T18:00Z")
    assert found.isna().tolist() == [False, False, True]
    with pytest.raises(ValueError, match=r"a: a time must .*'dusk' in row 1"):
        times(pd.Series(["dusk"]), "a")
