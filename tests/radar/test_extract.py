"""What readers give: rows of one source, and a reason for each that is missing."""

import pandas as pd
import pytest
from radar_files import (
    VPTS_HEADER,
    archive_files,
    vpts_line,
    write,
    write_folder,
)

from ncl_deepxde.radar._archive import read_archive
from ncl_deepxde.radar._extract import Extract
from ncl_deepxde.radar._filter import Filter
from ncl_deepxde.radar._positions import load_positions
from ncl_deepxde.radar._tables import read_table


def test_extracts_share_nothing() -> None:
    one, other = (Extract(pd.DataFrame(), ["a"], {}) for _ in range(2))
    one.left_out["a reason"] = 1
    one.notes.append("a note")
    assert (other.left_out, other.notes) == ({}, [])


@pytest.mark.parametrize("radars", [None, "deb"])
def test_rows_and_reasons_of_an_archive_add_up(tmp_path, radars) -> None:
    path = write_folder(tmp_path / "dc", archive_files())
    wanted = Filter.of(None, None, radars)
    found = list(read_archive(path, wanted, frozenset()))
    assert sorted(name for extract in found for name in extract.radars) == [
        "deb",
        "nla",
    ]
    for extract in found:
        assert len(extract.rows) + sum(extract.left_out.values()) == 3 * 25


def test_an_extract_names_radars_that_were_not_asked_for(tmp_path) -> None:
    lines = [VPTS_HEADER, vpts_line("bejab"), vpts_line("nldhl")]
    path = write(tmp_path / "a.csv", *lines)
    wanted = Filter.of(None, None, "nldhl")
    found = read_table(path, wanted, load_positions(None), None, frozenset())
    assert found.radars == ["bejab", "nldhl"]
    assert found.rows["radar"].tolist() == ["nldhl"]
    assert {why: n for why, n in found.left_out.items() if n} == {
        "radar not asked for": 1
    }
