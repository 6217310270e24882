"""Fetch the archive of European radars of 2018 from Zenodo."""

from __future__ import annotations

import hashlib
import re
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from tqdm import tqdm

from ..files import PathLike

__all__ = ["download"]

NAME = "dc_zeno.zip"
URL = f"https://zenodo.org/records/4587338/files/{NAME}?download=1"
MD5 = "09673506cbc2ed31f3d7a016ebb32cfb"
CHUNK = 1 << 20
MOST_BYTES = 1 << 30
"""Bytes after which a download is given up: the archive has 320 MB."""
LOCAL = ("127.0.0.1", "::1", "localhost")


def download(
    folder: PathLike,
    *,
    url: str = URL,
    md5: str = MD5,
    attempts: int = 3,
    timeout: float = 60.0,
    progress: bool = True,
) -> Path:
    """Return the archive ``dc_zeno.zip`` in a folder, downloaded if it is not there.

    The data are 320 MB under CC BY 4.0: https://doi.org/10.5281/zenodo.4587338. They
    arrive in ``dc_zeno.zip.part``, which gets its name when the MD5 sum is right. An
    interrupted download goes on where it stopped.

    Args:
        folder: Folder of the zip, made if it does not exist. A zip that lies there,
            got by other means, is checked and taken without a connection.
        url: Address of the archive: https, unless on this machine.
        md5: MD5 sum of the archive.
        attempts: Number of attempts until an interruption is an error.
        timeout: Seconds without an answer that count as an interruption.
        progress: Whether to show a progress bar.

    Raises:
        ConnectionError: There is no connection, or the last attempt was interrupted.
        ValueError: The MD5 sum is wrong, more than a GiB arrives, the address is not
            https, or ``attempts`` is less than one.
    """
    _check_address(url)
    if attempts < 1:
        raise ValueError(
            f"attempts: must be at least 1, got {attempts}. 1 gives up at the first "
            "interruption."
        )
    target = Path(folder) / NAME
    if target.exists():
        _check_sum(target, md5, "Remove it, and download it again")
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{NAME}.part")
    for left in reversed(range(attempts)):
        try:
            _fetch(url, part, timeout, progress)
            break
        except (OSError, HTTPException) as error:
            if not left or _is_final(error):
                raise ConnectionError(_advice(url, target, part, error)) from error
    _accept(part, md5)
    part.replace(target)
    return target


def _accept(part: Path, md5: str) -> None:
    """Remove a file with a wrong sum, so that the next download starts anew."""
    try:
        _check_sum(part, md5, "It is removed; download it again")
    except ValueError:
        part.unlink()
        raise


def _fetch(url: str, part: Path, timeout: float, progress: bool) -> None:
    """Append the missing bytes to a file; raise ``OSError`` where it ends early."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url)
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        response = urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        if error.code != 416:
            raise
        error.close()
        if _total_of(error.headers.get("Content-Range")) != have:
            part.unlink()
            raise ConnectionResetError("the partial file was too long") from error
        return
    with response:
        _check_address(response.url)  # where it was sent on to
        start, total = _span(response, have)
        mode = "ab" if start else "wb"
        bar = tqdm(
            desc=NAME,
            total=total,
            initial=start,
            unit="B",
            unit_scale=True,
            disable=not progress,
        )
        with part.open(mode) as file, bar:
            while chunk := response.read(CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
                if file.tell() > MOST_BYTES:
                    part.unlink()
                    raise ValueError(
                        f"download: more than {MOST_BYTES:,} bytes came from {url}, "
                        "so it is not the archive. Get it by other means."
                    )
    size = part.stat().st_size
    if total is not None and size != total:
        raise ConnectionResetError(f"it ended after {size:,} of {total:,} bytes")


def _check_address(url: str) -> None:
    """Refuse addresses that anyone on the way could answer for."""
    found = urllib.parse.urlsplit(url)
    if found.scheme != "https" and found.hostname not in LOCAL:
        raise ValueError(
            f"url: must begin with https://, got {url!r}. Get the archive by other "
            "means where there is no https."
        )


def _span(response: HTTPResponse, have: int) -> tuple[int, int | None]:
    """Return where the answer starts in the file, and the length of the file if known.

    A server that does not know ranges answers 200 and sends all of the file.
    """
    if response.status == 206:
        content_range = response.headers.get("Content-Range", "")
        if not content_range.startswith(f"bytes {have}-"):
            raise ConnectionResetError(f"the server sent the range {content_range!r}")
        return have, _total_of(content_range)
    length = response.headers.get("Content-Length")
    return 0, None if length is None else int(length)


def _total_of(content_range: str | None) -> int | None:
    match = re.search(r"/(\d+)$", content_range or "")
    return int(match[1]) if match else None


def _is_final(error: Exception) -> bool:
    """Tell whether another attempt would end the same way: not found, disk full, ..."""
    if isinstance(error, urllib.error.HTTPError):
        return error.code < 500 and error.code != 429
    network = ConnectionError | TimeoutError | urllib.error.URLError | HTTPException
    return not isinstance(error, network)


def _advice(url: str, target: Path, part: Path, error: Exception) -> str:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    kept = part.stat().st_size if part.exists() else 0
    again = f" {kept:,} bytes are kept: run it again to go on." if kept else ""
    return (
        f"download: no archive from {url}: {reason}.{again} Without a connection, get "
        f"{target.name} by other means and put it at {target}; read() takes the zip "
        "from anywhere."
    )


def _check_sum(path: Path, md5: str, remedy: str) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(
            file, lambda: hashlib.md5(usedforsecurity=False)
        ).hexdigest()
    if found != md5:
        raise ValueError(
            f"{path}: must have the MD5 sum {md5}, got {found}, so it is damaged or "
            f"another file. {remedy}."
        )
