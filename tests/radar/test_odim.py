"""ODIM HDF5: one profile per file, and what is none is refused by name."""

import sys

import h5py
import numpy as np
import pandas as pd
import pytest
from radar_files import ODIM_CODES, VPTS_HEADER, vpts_line, write, write_odim

from ncl_deepxde.radar import read
from ncl_deepxde.radar.__main__ import main


def test_profile_becomes_rows(tmp_path):
    """Not looked at and not detected are missing, a density of zero is not."""
    profiles = read(write_odim(tmp_path / "bejab_vp_2345.h5"))
    rows = profiles.rows
    assert rows["altitude"].tolist() == [300, 700]
    assert rows["dens"].tolist() == [3, 0]
    np.testing.assert_array_equal(rows["u"], [2.5, np.nan])
    np.testing.assert_array_equal(rows["v"], [-4, np.nan])
    assert set(rows["radar"]) == {"bejab"}
    assert rows["time"].unique() == [pd.Timestamp("2022-11-11T23:30Z")]
    assert (rows["lon"][0], rows["lat"][0]) == (3.06, 51.19)
    assert profiles.left_out == {"neither density nor velocity": 2}


def test_gain_and_offset_turn_codes_into_numbers(tmp_path):
    path = write_odim(tmp_path / "a.h5", gain=0.5, offset=10.0)
    rows = read(path).rows
    assert rows["dens"].tolist() == [11.5, 10]
    assert rows["v"][0] == 8


def test_profile_equals_the_same_rows_of_vpts_csv(tmp_path):
    line = vpts_line(
        time="2022-11-11T23:30:00Z", u="2.5", v="-4", dens="3", lat="51.19", lon="3.06"
    )
    other = line.replace(",200,2.5,-4,", ",600,,,").replace(",3,1,2,", ",0,1,2,")
    empty = line.replace(",200,2.5,-4,", ",400,NaN,NaN,").replace(",3,1,2,", ",,1,2,")
    table = write(tmp_path / "a.csv", VPTS_HEADER, line, empty, other)
    profile = write_odim(tmp_path / "a.h5")
    pd.testing.assert_frame_equal(read(profile).rows, read(table).rows)


def test_folder_and_pattern_stand_for_their_files(tmp_path):
    deep = tmp_path / "2022" / "11"
    deep.mkdir(parents=True)
    for time in ("230000", "231500"):
        write_odim(deep / f"bejab_vp_{time}.h5", time=time)
    for paths in (deep, tmp_path / "**" / "*.h5", [f"{deep}/*_23[01]*.h5"]):
        assert read(paths).rows["time"].dt.minute.tolist() == [0, 0, 15, 15]
    with pytest.raises(ValueError, match=r"found none.*/\*\*/\*\.h5"):
        read(tmp_path)
    with pytest.raises(FileNotFoundError, match="no such file"):
        read(tmp_path / "*.h5")


def test_filter_and_positions_apply_to_profiles(tmp_path):
    write_odim(tmp_path / "a.h5", time="220000")
    write_odim(tmp_path / "b.h5", source="RAD:SE50,WMO:02606")
    kept = read(tmp_path, radars=["SE50"], positions={"SE50": (12.85, 56.37)})
    assert kept.radars.to_numpy().tolist() == [["SE50", 12.85, 56.37]]
    assert kept.left_out["radar not asked for"] == 4
    assert len(read(tmp_path, start="2022-11-11T23:00")) == 2
    raised = read(tmp_path / "a.h5", corrections="antenna-height").rows
    assert raised["altitude"].tolist() == [350, 750]
    with pytest.raises(ValueError, match="bird-fraction needs the fraction"):
        read(tmp_path, corrections="bird-fraction")


def test_two_scans_of_one_time_are_not_mixed(tmp_path):
    write_odim(tmp_path / "a.h5", {**ODIM_CODES, "u": [-999.0] * 4})
    write_odim(tmp_path / "b.h5", {**ODIM_CODES, "dens": [-1000.0, 7.0, -999.0, 0.0]})
    with pytest.raises(ValueError, match="several for 1 of them, the first bejab"):
        read(tmp_path)
    profiles = read(tmp_path, conflicts="first")
    assert profiles.rows["dens"].tolist() == [3, 0]
    assert profiles.rows["u"].isna().all()
    assert profiles.left_out["same radar, time and altitude as an earlier row"] == 1


def test_hdf5_of_another_kind_is_refused_by_name(tmp_path):
    path = tmp_path / "dummy.h5"
    with h5py.File(path, "w") as file:
        file["numbers"] = np.zeros(3)
    refusal = r"dummy\.h5: must be a vertical profile of ODIM HDF5.* no group what"
    with pytest.raises(ValueError, match=refusal):
        read(path)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"kind": "PVOL"}, "what/object is 'PVOL', not 'VP'"),
        ({"source": "CTY:605"}, "what/source names no radar"),
        ({"time": "late"}, "what/date and time are '20221111' and 'late'"),
        ({"codes": {"HGHT": [0.0], "ff": [3.0]}}, "neither dens nor u and v, but HGHT"),
        ({"codes": {"dens": [3.0]}}, r"no heights \(HGHT\)"),
        ({"codes": {"HGHT": [0.0], "dens": [3.0, 4.0]}}, r"have \[1, 2\] levels"),
        ({"codes": {"HGHT": [0.0] * 10_001}}, "10,001 values, as no profile has"),
    ],
)
def test_what_is_no_profile_is_told(tmp_path, changes, why):
    path = write_odim(tmp_path / "a.h5", **changes)
    with pytest.raises(ValueError, match=rf"a\.h5: must be a vertical.*{why}"):
        read(path)


def test_truncated_file_is_told(tmp_path, capsys):
    path = write_odim(tmp_path / "a.h5")
    path.write_bytes(path.read_bytes()[:1500])
    assert main(["summary", str(path)]) == 2
    assert "a.h5: the HDF5 data are truncated or damaged" in capsys.readouterr().err


def test_missing_h5py_gives_the_remedy(tmp_path, monkeypatch, capsys):
    path = write_odim(tmp_path / "a.h5")
    monkeypatch.setitem(sys.modules, "h5py", None)
    assert main(["summary", str(path)]) == 1
    assert "needs h5py for ODIM HDF5, which is not" in capsys.readouterr().err
