"""Valid content made invalid, by a seed: bytes, lines of tables, JSON values."""

from __future__ import annotations

import copy
import gzip
import json
import random
from collections.abc import Callable
from typing import Any

ODD_TEXTS = (
    *(
        "",
        "nan",
        "NaN",
        "inf",
        "-inf",
        "-1",
        "0",
        "1e400",
        "1e-400",
        "-1e9",
        "99999999",
    ),
    *(
        "abc",
        "1,5",
        "0x10",
        "None",
        "\u00fc\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    ),
    *(
        "2018-04-05T18:00:00+05:00",
        "1900-01-01",
        "31-Feb-2018 18:00:00",
        "\x00",
        '"',
        "1 km",
    ),
)
ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**70, -(2**70), 0.5, -0.5, 1e308, 1e-320),
    *(
        float("nan"),
        float("inf"),
        "",
        "abc",
        "\u00fc",
        "../x",
        [],
        [1],
        {},
        {"a": 1},
        [[]],
    ),
)


def of_bytes(content: bytes, rng: random.Random) -> bytes:
    """Cut, flip, double, exchange or replace some bytes."""
    if not content:
        return b"\x00"
    i, j = sorted(rng.randrange(len(content) + 1) for _ in range(2))
    kind = rng.randrange(8)
    if kind == 0:
        return content[:i]
    if kind == 1:
        return content[:i] + content[j:]
    if kind == 2:
        return content[:j] + content[i:]
    if kind == 3:
        return content[:i] + rng.randbytes(rng.randint(1, 40)) + content[i:]
    if kind == 4:
        return content[:i] + bytes(j - i) + content[j:]
    if kind == 5:
        return rng.choice(
            (b"", b"PK", b"\x1f\x8b", b"\x93NUMPY", b"\x89HDF\r\n", content * 2)
        )
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 3, 30))):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def of_table(content: bytes, rng: random.Random) -> bytes:
    """Change a line, a column, or an entry of a csv file."""
    rows = [line.split(",") for line in content.decode().splitlines()]
    r, c = rng.randrange(len(rows)), rng.randrange(max(1, len(rows[0])))
    kind = rng.randrange(9)
    if kind == 0:
        del rows[r]
    elif kind == 1:
        rows.insert(r, rows[r])
    elif kind == 2:
        rng.shuffle(rows)
    elif kind == 3:
        rows = [row[:c] + row[c + 1 :] for row in rows]
    elif kind == 4:
        rows = [row[: c + 1] + row[c:] for row in rows]
    elif kind == 5:
        order = rng.sample(range(len(rows[0])), len(rows[0]))
        rows = [[row[k] if k < len(row) else "" for k in order] for row in rows]
    elif kind == 6:
        odd = rng.choice(ODD_TEXTS)
        rows = [rows[0], *([*row[:c], odd, *row[c + 1 :]] for row in rows[1:])]
    elif kind == 7:
        factor = rng.choice((-1, 1e3, 1e-3, 1e30))
        rows = [
            [scaled(x, factor) if k == c else x for k, x in enumerate(row)]
            for row in rows
        ]
    else:
        c = rng.randrange(max(1, len(rows[r])))
        rows[r][c : c + 1] = [rng.choice(ODD_TEXTS)]
    end, comma = (
        rng.choice(("\n", "\n", "\r\n", "\r")),
        rng.choice((",", ",", ",", ";", "\t")),
    )
    text = end.join(comma.join(row) for row in rows) + rng.choice((end, end, ""))
    return text.encode("utf-8", "surrogatepass")


def scaled(text: str, factor: float) -> str:
    """Return a number in another unit; what is none stays."""
    try:
        return str(float(text) * factor)
    except ValueError:
        return text


def of_json(content: bytes, rng: random.Random) -> bytes:
    """Replace, remove or move a value of a JSON file."""
    value = copy.deepcopy(json.loads(content))
    places: list[tuple[Any, Any]] = []

    def visit(inner: Any) -> None:
        for key in inner if isinstance(inner, dict) else range(len(inner)):
            places.append((inner, key))
            if isinstance(inner[key], dict | list):
                visit(inner[key])

    visit(value)
    holder, key = rng.choice(places)
    kind = rng.randrange(5)
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder, dict):
        holder[str(rng.choice(ODD_VALUES))] = holder.pop(key)
    elif kind == 2:
        other, place = rng.choice(places)
        holder[key] = copy.deepcopy(other[place])
    else:
        holder[key] = rng.choice(ODD_VALUES)
    return json.dumps(value).encode()


def packed(mutate: Callable[[bytes, random.Random], bytes]) -> Any:
    """Return a mutation of what is packed in a gzip file."""

    def of_packed(content: bytes, rng: random.Random) -> bytes:
        return gzip.compress(mutate(gzip.decompress(content), rng))

    return of_packed
