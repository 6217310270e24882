"""Reading: files and folders become one table, of the times and radars asked for."""

import gzip

import pandas as pd
import pytest
from radar_files import VPTS_HEADER, archive_files, vpts_line, write, write_zip

from ncl_deepxde.radar import read


def test_several_files_and_a_folder_become_one_table(tmp_path):
    first = write(tmp_path / "a.csv", VPTS_HEADER, vpts_line())
    line = vpts_line("nldhl", lat="52.95", lon="4.79") + "\n"
    second = tmp_path / "b.csv.gz"
    second.write_bytes(gzip.compress(f"{VPTS_HEADER}\n{line}".encode()))
    pd.testing.assert_frame_equal(read([first, second]).rows, read(tmp_path).rows)
    assert read(tmp_path, radars="nldhl").left_out == {"radar not asked for": 1}
    with pytest.raises(ValueError, match="radars: must be some of bejab, nldhl; got x"):
        read(tmp_path, radars=["x"])


def test_start_and_end_filter_rows(tmp_path):
    lines = [vpts_line(time=f"2024-09-01T{hour}:00:00Z") for hour in (18, 19, 20)]
    path = write(tmp_path / "a.csv", VPTS_HEADER, *lines)
    profiles = read(path, start="2024-09-01T19:00", end="2024-09-01T22:00+02:00")
    assert profiles.rows["time"].dt.hour.tolist() == [19]
    assert profiles.left_out == {"time not asked for": 2}


def test_wrong_paths_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file or folder"):
        read(tmp_path / "absent.csv")
    with pytest.raises(ValueError, match="paths: must name at least one file"):
        read([])
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="found none"):
        read(tmp_path / "empty")


def test_archive_and_table_become_one_table(tmp_path):
    archive = write_zip(tmp_path / "a.zip", archive_files())
    table = write(tmp_path / "a.csv", VPTS_HEADER, vpts_line())
    profiles = read([archive, table])
    assert profiles.radars["radar"].tolist() == ["bejab", "deb", "nla"]
    assert profiles.left_out == read(archive).left_out
    assert len(profiles) == len(read(archive)) + len(read(table))


def test_unknown_correction_is_refused(tmp_path):
    table = write(tmp_path / "a.csv", VPTS_HEADER, vpts_line())
    with pytest.raises(ValueError, match=r"corrections: must be some of .*'birds'"):
        read(table, corrections="birds")
