"""Small files of each format, for the tests of the readers."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

TIMES = ["05-Apr-2018 18:00:00", "05-Apr-2018 18:05:00", "06-Apr-2018 02:00:00"]
BINS = 100.0 + 200.0 * np.arange(25)

VPTS_HEADER = (
    "radar,datetime,height,u,v,w,ff,dd,sd_vvp,gap,eta,dens,dbz,dbz_all,n,n_dbz,n_all,"
    "n_dbz_all,rcs,sd_vvp_threshold,vcp,radar_latitude,radar_longitude,radar_height,"
    "radar_wavelength,source_file"
)
PROFILE_HEADER = "radar,lon,lat,time_utc,altitude_m,dens_per_km3,u_m_s,v_m_s"
BANDS_HEADER = (
    "radar_id,interval_start_time,altitude_band,avg_u_speed,avg_v_speed,"
    "avg_bird_density,vertical_integrated_density,number_of_measurements"
)


def vpts_line(
    radar="bejab",
    time="2024-09-01T20:00:00Z",
    height=200,
    u="3.5",
    v="-2.5",
    dens="12.5",
    lat="51.1917",
    lon="3.0642",
) -> str:
    return (
        f"{radar},{time},{height},{u},{v},NaN,4.3,125,2.1,FALSE,140,{dens},1,2,10,10,10,"
        f"10,11,2,0,{lat},{lon},50,5.3,a.h5"
    )


ODIM_CODES = {
    "HGHT": [0.0, 200.0, 400.0, 600.0],
    "dens": [-1000.0, 3.0, -999.0, 0.0],
    "u": [-1000.0, 2.5, -999.0, -999.0],
    "v": [-1000.0, -4.0, -999.0, -999.0],
}
ODIM_SOURCE = "WMO:06410,RAD:BE42,NOD:bejab,PLC:Jabbeke,CMT:made in a test"


def write_odim(
    path: Path,
    codes: dict[str, list[float]] | None = None,
    time: str = "233000",
    source: str = ODIM_SOURCE,
    kind: str = "VP",
    **what: float,
) -> Path:
    """A vertical profile laid out as vol2bird does, one group for each quantity."""
    scale = {"gain": 1.0, "offset": 0.0, "nodata": -1000.0, "undetect": -999.0} | what
    with h5py.File(path, "w") as file:
        top = {"object": kind, "date": "20221111", "time": time, "source": source}
        place = {"lon": 3.06, "lat": 51.19, "height": 50.0, "interval": 200.0}
        for name, attributes in (("what", top), ("where", place)):
            group = file.create_group(name)
            for key, value in attributes.items():
                group.attrs[key] = np.bytes_(value) if isinstance(value, str) else value
        for number, (name, column) in enumerate((codes or ODIM_CODES).items(), 1):
            group = file.create_group(f"dataset1/data{number}")
            group["data"] = np.array(column)[:, None]
            group.create_group("what").attrs["quantity"] = np.bytes_(name)
            group["what"].attrs.update(scale if name != "HGHT" else {"gain": 1.0})
    return path


def write(path: Path, *lines: str, end: str = "\n") -> Path:
    path.write_text("\n".join(lines) + end, encoding="utf-8")
    return path


def frame(**columns: object) -> pd.DataFrame:
    """Two good rows of profiles, with some columns replaced."""
    good = {
        "radar": ["a", "b"],
        "lon": [5.0, 6.0],
        "lat": [50.0, 51.0],
        "time": pd.to_datetime(["2018-04-05T18:00Z", "2018-04-05T18:00Z"]),
        "altitude": [300.0, 300.0],
        "dens": [10.0, 20.0],
        "u": [3.0, 4.0],
        "v": [-4.0, 3.0],
    }
    return pd.DataFrame(good | columns)


def record(seed: int, name: str) -> dict[str, object]:
    """The matrices of one radar, (25, 3), with the lowest bin missing."""
    rng = np.random.default_rng(seed)
    matrices: dict[str, object] = {}
    for key in ("dens", "bird", "ub", "vb", "sd_vvp"):
        values = rng.uniform(0.1, 1.0, (25, 3)).round(4)
        values[0] = np.nan
        matrices[key] = [[None if np.isnan(x) else x for x in row] for row in values]
    place = {
        "name": name,
        "lat": 50.0 + seed,
        "lon": 5.0,
        "height": 185,
        "heightDEM": 1,
    }
    return {**place, **matrices, "denss": [1.0, None, 2.0]}


def archive_files() -> dict[str, str]:
    files = {
        f"dc_{name}.json": record(i, name) for i, name in enumerate(["nla", "deb"])
    }
    return {
        "time.json": json.dumps(TIMES),
        **{name: json.dumps(content) for name, content in files.items()},
    }


def write_zip(path: Path, files: dict[str, str], folder: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in files.items():
            file.writestr(folder + name, text)
    return path


def write_folder(path: Path, files: dict[str, str]) -> Path:
    path.mkdir()
    for name, text in files.items():
        (path / name).write_text(text)
    return path
