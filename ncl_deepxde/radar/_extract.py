"""What a reader gives: the rows of one file, or of one radar of an archive."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

__all__ = ["Extract"]


@dataclass(frozen=True)
class Extract:
    """Rows of one source with the columns of ``Profiles.rows``, unsorted.

    Attributes:
        rows: Table of the rows; some may have no values or no position.
        radars: Names of all radars of the source, asked for or not.
        left_out: Number of rows of the source that are not in ``rows``, by reason.
        notes: Sentences that a user of the rows has to know.
    """

    rows: pd.DataFrame
    radars: list[str]
    left_out: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
