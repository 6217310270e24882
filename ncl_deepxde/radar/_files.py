"""Bytes and tables from files, with errors that name the file and the remedy."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ..files import MOST_BYTES, check_unpacked

__all__ = ["load", "load_table", "load_text", "numbers", "require", "times"]

TEXTS = ("radar", "radar_id", "odim_code", "id", "name")
TIMES = ("datetime", "time_utc", "interval_start_time")
MISSING = ["", "NA", "NaN", "nan", "NULL", "null"]


def load(path: Path) -> bytes:
    """Return the content of a file, decompressed if it is gzip by its first bytes."""
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        try:
            with gzip.open(path) as file:
                data = file.read(MOST_BYTES + 1)
            check_unpacked(len(data))
        except (EOFError, ValueError, zlib.error, gzip.BadGzipFile) as error:
            raise ValueError(
                f"{path}: the gzip data are truncated or damaged ({error}). Get the "
                "file again."
            ) from error
    if not data.strip():
        raise ValueError(f"{path}: is empty. Get the file again.")
    return data


def load_text(path: Path) -> str:
    """Return the text of a file in UTF-8, with or without gzip."""
    try:
        return load(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path}: must be text in UTF-8, got the byte "
            f"0x{error.object[error.start]:02x} at position {error.start}. Save it as "
            "UTF-8. Or is it another format?"
        ) from error


def load_table(path: Path) -> pd.DataFrame:
    """Return a table with cells apart by comma, semicolon or tab; names stay text."""
    text = load_text(path)
    header, _, body = text.partition("\n")
    comma = max(",;\t", key=header.count)
    if not body.strip():
        raise ValueError(
            f"{path}: must have rows below the header {header.strip()!r}, got none."
        )
    _check_end(path, text, comma)
    try:
        table = pd.read_csv(
            io.StringIO(text),
            sep=comma,
            dtype=dict.fromkeys((*TEXTS, *TIMES), str),
            low_memory=False,
            na_values=MISSING,
            keep_default_na=False,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{path}: is no table of columns: {reason}.") from error
    table.columns = [str(name).strip() for name in table.columns]
    return table


def _check_end(path: Path, text: str, comma: str) -> None:
    """Refuse a table that ends within a line, as a download cut off does."""
    header, last = text[: text.index("\n")], text.rstrip("\n").rpartition("\n")[2]
    if not text.endswith("\n") and last.count(comma) < header.count(comma):
        raise ValueError(
            f"{path}: ends in the middle of a line, {last!r}, so it is truncated. Get "
            "the file again."
        )


def numbers(table: pd.DataFrame, name: str, path: Path | str) -> pd.Series:
    """Return a column as numbers, NaN where a value or the whole column is missing.

    Args:
        table: Any table.
        name: Name of the column.
        path: File or argument that an error names.

    Raises:
        ValueError: A value is no finite number.
    """
    if name not in table:
        return pd.Series(np.nan, index=table.index)
    values = pd.to_numeric(table[name], errors="coerce")
    wrong = (values.isna() & table[name].notna()) | np.isinf(values)
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        raise ValueError(
            f"{path}: {name} must be a finite number, got "
            f"{str(table[name].iloc[row])!r} in row {row + 1}. Leave missing values "
            "empty."
        )
    return values.astype("float64")


def times(values: pd.Series, path: Path | str, form: str = "ISO8601") -> pd.Series:
    """Return texts as times in UTC; those without a zone are UTC already.

    Args:
        values: Texts or times.
        path: File or argument that an error names.
        form: Format of the texts, as pandas takes it.

    Raises:
        ValueError: A text is no time of that format.
    """
    found = pd.to_datetime(values, utc=True, format=form, errors="coerce")
    wrong = found.isna() & values.notna()
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        example = (
            "2018-04-05T18:00:00Z" if form == "ISO8601" else "05-Apr-2018 18:00:00"
        )
        raise ValueError(
            f"{path}: a time must be written like {example}, got "
            f"{values.iloc[row]!r} in row {row + 1}. Leave missing times empty."
        )
    try:
        return found.astype("datetime64[ns, UTC]")
    except pd.errors.OutOfBoundsDatetime as error:
        raise ValueError(
            f"{path}: a time must be of the years 1678 to 2261, got {found.min()} to "
            f"{found.max()}. Correct it, or leave it empty."
        ) from error


def require(table: pd.DataFrame, columns: Sequence[str], path: Path) -> None:
    """Raise ``ValueError`` unless a table has all of some columns."""
    missing = [name for name in columns if name not in table]
    if missing:
        raise ValueError(
            f"{path}: must have the columns {', '.join(columns)}; {', '.join(missing)} "
            "missing. Rename or add them."
        )
