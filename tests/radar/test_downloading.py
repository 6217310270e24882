"""The download, from a server on this machine that can be slow of mind or cut off."""

import functools
import hashlib
import http.server
import re
import threading

import numpy as np
import pytest

from ncl_deepxde.radar import downloading
from ncl_deepxde.radar.__main__ import main
from ncl_deepxde.radar.downloading import download

DATA = np.random.default_rng(0).bytes(3_000_000)
MD5 = hashlib.md5(DATA, usedforsecurity=False).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves DATA; `server.cuts` says after how many bytes each answer breaks off."""

    def do_GET(self):
        start = 0
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        self.server.requests.append(match and int(match[1]))
        if self.server.status != 200:
            self.send_error(self.server.status)
            return
        if match and self.server.knows_ranges:
            start = int(match[1])
            if start >= len(DATA):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(DATA)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206)
            self.send_header(
                "Content-Range", f"bytes {start}-{len(DATA) - 1}/{len(DATA)}"
            )
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(DATA) - start))
        self.end_headers()
        cut = self.server.cuts.pop(0) if self.server.cuts else len(DATA)
        self.wfile.write(DATA[start : start + cut])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.requests, server.cuts = [], []
        server.knows_ranges, server.status = True, 200
        thread = threading.Thread(
            target=server.serve_forever, args=(0.01,), daemon=True
        )
        thread.start()
        yield server
        server.shutdown()
        thread.join(timeout=10)


@pytest.fixture
def fetch(server, tmp_path):
    url = f"http://127.0.0.1:{server.server_port}/dc_zeno.zip"
    return functools.partial(
        download, tmp_path, url=url, md5=MD5, timeout=10, progress=False
    )


def test_download_arrives_whole_and_is_not_repeated(server, fetch, tmp_path):
    path = fetch()
    assert path == tmp_path / "dc_zeno.zip"
    assert path.read_bytes() == DATA
    assert [file.name for file in tmp_path.iterdir()] == ["dc_zeno.zip"]
    assert fetch() == path
    assert server.requests == [None]


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_interrupted_download_goes_on(server, fetch, tmp_path, knows_ranges):
    server.knows_ranges = knows_ranges
    server.cuts = [1_000_000]
    with pytest.raises(ConnectionError, match="1,000,000 bytes are kept: run it again"):
        fetch(attempts=1)
    assert [file.name for file in tmp_path.iterdir()] == ["dc_zeno.zip.part"]
    assert fetch(attempts=1).read_bytes() == DATA
    assert server.requests == [None, 1_000_000]


def test_download_goes_on_by_itself(server, fetch):
    server.cuts = [500_000, 700_000]
    assert fetch().read_bytes() == DATA
    assert server.requests == [None, 500_000, 1_200_000]


def test_partial_file_that_is_whole_or_too_long(server, fetch, tmp_path):
    part = tmp_path / "dc_zeno.zip.part"
    part.write_bytes(DATA)
    assert fetch().read_bytes() == DATA
    (tmp_path / "dc_zeno.zip").unlink()
    part.write_bytes(DATA + b"more")
    assert fetch().read_bytes() == DATA
    assert server.requests == [len(DATA), len(DATA) + 4, None]


def test_damaged_download_is_not_kept(fetch, tmp_path):
    part = tmp_path / "dc_zeno.zip.part"
    part.write_bytes(b"something else")
    with pytest.raises(
        ValueError, match=f"must have the MD5 sum {MD5}, got .* removed"
    ):
        fetch()
    assert list(tmp_path.iterdir()) == []
    assert fetch().read_bytes() == DATA


def test_zip_from_elsewhere_is_checked_without_a_connection(server, fetch, tmp_path):
    path = tmp_path / "dc_zeno.zip"
    path.write_bytes(DATA)
    assert fetch() == path
    path.write_bytes(DATA[:-1])
    with pytest.raises(ValueError, match="Remove it, and download it again"):
        fetch()
    assert server.requests == []
    assert path.stat().st_size == len(DATA) - 1


def test_no_connection_tells_what_to_do(tmp_path):
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as closed:
        url = f"http://127.0.0.1:{closed.server_port}/"
    with pytest.raises(
        ConnectionError, match=r"get dc_zeno\.zip by other means and put it"
    ):
        download(tmp_path, url=url, timeout=5, progress=False)


def test_file_not_found_is_asked_for_once(server, fetch):
    server.status = 404
    with pytest.raises(ConnectionError, match="Not Found"):
        fetch()
    assert len(server.requests) == 1
    server.status = 503
    with pytest.raises(ConnectionError, match="Service Unavailable"):
        fetch()
    assert len(server.requests) == 4
    with pytest.raises(ValueError, match="attempts: must be at least 1, got 0"):
        fetch(attempts=0)


def test_command_prints_the_path(server, tmp_path, monkeypatch, capsys):
    url = f"http://127.0.0.1:{server.server_port}/dc_zeno.zip"
    short = functools.partial(download, url=url, md5=MD5)
    monkeypatch.setattr("ncl_deepxde.radar.__main__.download", short)
    assert main(["download", str(tmp_path / "new")]) == 0
    printed = capsys.readouterr()
    assert printed.out.strip() == str(tmp_path / "new" / "dc_zeno.zip")
    assert "dc_zeno.zip: 100%" in printed.err
    server.status = 404
    assert main(["download", str(tmp_path / "other")]) == 1


def test_address_and_sum_of_the_archive():
    assert downloading.URL.startswith(
        "https://zenodo.org/records/4587338/files/dc_zeno"
    )
    assert downloading.MD5 == "09673506cbc2ed31f3d7a016ebb32cfb"
