"""``python -m ncl_deepxde.radar``, and the package without its extra."""

import importlib
import re
import sys
from pathlib import Path

import pytest
from radar_files import VPTS_HEADER, archive_files, vpts_line, write, write_zip

import ncl_deepxde
from ncl_deepxde.radar import read
from ncl_deepxde.radar.__main__ import main


def test_summary_prints_what_is_there_and_what_is_not(tmp_path, capsys):
    path = write_zip(tmp_path / "a.zip", archive_files())
    assert main(["summary", str(path), "--radar", "deb", "--end", "2018-04-06"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("48 rows of 1 radar: deb\n")
    assert (
        "2018-04-05 18:00 to 2018-04-05 18:05 UTC, 2 times, mostly every 5 min"
        in printed
    )
    assert "300 to 4900 m above sea level, 24 bins" in printed
    assert "left out  102 rows" in printed
    assert printed.strip() == read(path, radars="deb", end="2018-04-06").summary()


def test_summary_of_one_row(tmp_path, capsys):
    path = write(tmp_path / "a.csv", VPTS_HEADER, vpts_line(u="NaN", v="NaN"))
    assert main(["summary", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "1 time\n" in printed
    assert "speed     missing in all rows" in printed


def test_errors_are_one_line_with_an_exit_code(tmp_path, capsys):
    path = write(tmp_path / "a.csv", "name,color", "robin,red")
    assert main(["summary", str(path)]) == 2
    assert main(["summary", str(tmp_path / "absent.csv")]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith(f"ncl_deepxde.radar: {tmp_path}") for line in lines)
    with pytest.raises(SystemExit, match="2"):
        main(["summary"])


@pytest.mark.parametrize("name", ["pandas", "pyproj"])
def test_missing_extra_gives_the_remedy(monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "ncl_deepxde.radar")
    with pytest.raises(
        ImportError, match=f"radar: needs {name}, .*'ncl-deepxde.birds.'"
    ):
        importlib.import_module("ncl_deepxde.radar")


def test_package_does_not_need_the_extra():
    package = Path(ncl_deepxde.__file__).parent
    needs = re.compile(r"^ *(import|from) (pandas|pyproj|xarray|h5py)\b", re.MULTILINE)
    found = {
        path.relative_to(package).parts[0]
        for path in package.rglob("*.py")
        if needs.search(path.read_text())
    }
    assert found == {"radar"}
