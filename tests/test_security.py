"""What comes from a file or the network runs nothing, leaves no folder and stays small.

The table of SECURITY.md, line by line.
"""

import ast
import gzip
import io
import os
import pickle
import re
import stat
import zipfile

import numpy as np
import pytest
import torch
from house_imports import ROOT, sources

from ncl_deepxde import files
from ncl_deepxde.evaluation.rows import ERROR_ROWS
from ncl_deepxde.files import arrays_in, replacing, write_arrays
from ncl_deepxde.problems.optimal_transport.densities.samples import load_samples
from ncl_deepxde.radar import downloading, read
from ncl_deepxde.radar._files import load
from ncl_deepxde.reports.report import write_report
from ncl_deepxde.runs.checkpoints import CheckpointError, load_checkpoint
from reference_fem import _archive, raw_mesh

OURS = sources("ncl_deepxde", "problems", "reference_fem", "examples", "docs")
FORBIDDEN_IMPORTS = {"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle"}
FORBIDDEN_CALLS = {
    "eval",
    "exec",
    "system",
    "popen",
    "read_pickle",
    "to_pickle",
    "unpickle",
    "extract",
    "extractall",
    "unpack_archive",
    "mktemp",
}
ANY_CODE = {"shell": True, "allow_pickle": True, "weights_only": False, "verify": False}


def calls(path):
    """Yield the name and the constant keywords of every call in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            function = node.func
            name = getattr(function, "attr", getattr(function, "id", ""))
            is_method = isinstance(function, ast.Attribute)
            constants = {
                k.arg: k.value.value
                for k in node.keywords
                if isinstance(k.value, ast.Constant)
            }
            yield name, is_method, node, constants


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_call_runs_what_a_file_holds(path):
    assert not FORBIDDEN_IMPORTS & {name.split(".")[0] for name in imports(path)}
    for name, is_method, node, constants in calls(path):
        where = f"line {node.lineno}: {name}"
        # net.eval() is a mode of networks, and takes nothing.
        mode = name == "eval" and is_method
        assert mode or name not in FORBIDDEN_CALLS, where
        assert not [k for k, v in ANY_CODE.items() if constants.get(k) is v], where
        if name == "load" and ast.unparse(node.func) == "torch.load":
            assert constants["weights_only"] is True, where
        if name in ("urlopen", "urlretrieve", "create_connection"):
            assert path.name == "downloading.py", where


class Evil:
    """Makes a folder when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("evil",)


def object_array():
    return np.array([Evil()], dtype=object)


READERS = {
    "checkpoint.pt": lambda path: torch.save({"x": Evil()}, path),
    "bare.pt": lambda path: path.write_bytes(pickle.dumps(Evil())),
    "reference.npz": lambda path: np.savez(path, x=object_array()),
    "result.npz": lambda path: np.savez(path, header=object_array()),
    "samples.npy": lambda path: np.save(path, object_array()),
    "bare.npy": lambda path: path.write_bytes(pickle.dumps(Evil())),
    "samples.csv": lambda path: path.write_bytes(pickle.dumps(Evil())),
    "table.csv": lambda path: path.write_bytes(pickle.dumps(Evil())),
    "table.csv.gz": lambda path: path.write_bytes(gzip.compress(b"\x80\x04" * 9)),
    "mesh.msh": lambda path: path.write_bytes(pickle.dumps(Evil())),
}


def open_it(path):
    """Read a file as the package reads files of that name."""
    if path.suffix == ".pt":
        load_checkpoint(path)
    elif path.name == "reference.npz":
        with arrays_in(path) as data:
            data["x"]
    elif path.name == "result.npz":
        _archive.read(path, "thing", "make one", dict)
    elif path.suffix == ".npy" or path.name == "samples.csv":
        load_samples(path)
    elif path.suffix == ".msh":
        raw_mesh.read(path)
    else:
        read(path)


@pytest.mark.parametrize("name", READERS)
def test_a_file_with_code_is_refused_and_runs_nothing(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    READERS[name](tmp_path / name)
    with pytest.raises((ValueError, CheckpointError), match=re.escape(name)):
        open_it(tmp_path / name)
    assert os.listdir(tmp_path) == [name]


def bomb(path, limit):
    """Write an archive of zeros that unpacks to more than the limit."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        header = io.BytesIO()
        np.lib.format.write_array(header, np.zeros(limit // 8 + 8))
        archive.writestr("x.npy", header.getvalue())


def test_bombs_are_refused_before_they_are_unpacked(tmp_path, monkeypatch):
    limit = 1_000_000
    for module in (files, _archive):
        monkeypatch.setattr(module, "MOST_BYTES", limit)
    for name in ("reference.npz", "result.npz", "checkpoint.pt"):
        bomb(tmp_path / name, limit)
        assert (tmp_path / name).stat().st_size < limit / 50
        with pytest.raises(
            (ValueError, CheckpointError), match=r"unpacks to 1,000,192"
        ):
            open_it(tmp_path / name)
    monkeypatch.setattr("ncl_deepxde.radar._files.MOST_BYTES", limit)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(bytes(2 * limit)))
    with pytest.raises(ValueError, match=r"a\.csv\.gz.*limit is 1,000,000"):
        load(tmp_path / "a.csv.gz")
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("time.json", " " * 2 * limit)
        archive.writestr("dc_x.json", "{}")
    with pytest.raises(ValueError, match=r"a\.zip: time\.json.*limit is 1,000,000"):
        read(tmp_path / "a.zip")


def test_names_in_an_archive_lead_nowhere(tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    with zipfile.ZipFile(inner / "a.zip", "w") as archive:
        archive.writestr("../time.json", "[]")
        archive.writestr("/dc_x.json", "{}")
        archive.writestr("../../dc_y.json", "{}")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ValueError, match=r"time\.json must be a list of times"):
        read(inner / "a.zip")
    np.savez(inner / "a.npz", **{"../x": np.zeros(1)})
    with arrays_in(inner / "a.npz") as data:
        assert list(data) == ["../x"]
    assert sorted(tmp_path.rglob("*")) == sorted([*before, inner / "a.npz"])


def test_downloads_need_https_a_sum_and_an_end(tmp_path):
    assert downloading.URL.startswith("https://")
    assert re.fullmatch("[0-9a-f]{32}", downloading.MD5)
    assert downloading.MOST_BYTES < 2**31
    for url in (
        "http://example.org/a.zip",
        "ftp://example.org/a",
        "file:///etc/passwd",
    ):
        with pytest.raises(ValueError, match="url: must begin with https://"):
            downloading.download(tmp_path, url=url)
    assert not list(tmp_path.iterdir())


NASTY = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&"


def test_report_escapes_every_name_and_value(tmp_path):
    (tmp_path / "javascript:alert(1).pvd").touch()
    training = {"state": "stalled", "text": NASTY, "lost": 1, "broken": [NASTY]}
    metrics = {
        **dict.fromkeys(("problem", "preset", "seed", "device", "threads"), NASTY),
        "models": {NASTY: {"relative_l2": {NASTY: {"0.1": 0.5}}, "loss": 1.0}},
        "training": {NASTY: training},
        "reference": {"solver": NASTY, NASTY: {NASTY: [NASTY]}},
    }
    path = write_report(
        tmp_path,
        title=NASTY,
        summary_html_or_text=NASTY,
        metrics=metrics,
        rows=ERROR_ROWS,
        figures=[],
        command=NASTY,
    )
    html = path.read_text(encoding="utf-8")
    assert html.count("&lt;script&gt;alert(1)") > 10
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert 'href="javascript:' not in html


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_files_have_the_rights_the_user_grants(tmp_path):
    before = os.umask(0o077)
    try:
        write_arrays(tmp_path / "a.npz", {"x": np.zeros(1)})
        _archive.write(tmp_path / "b.npz", {"x": np.zeros(1)})
        with replacing(tmp_path / "c.txt") as temporary:
            temporary.write_text("")
            assert temporary.parent == tmp_path  # not in a folder that others share
    finally:
        os.umask(before)
    for name in ("a.npz", "b.npz", "c.txt"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
