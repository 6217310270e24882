"""``python -m ncl_deepxde.radar``: sum up files of profiles, get the archive."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ..files import replacing
from . import Profiles, download, integrate_profiles, read, series_figure


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return 0, 1 where the work failed, 2 for a bad argument.

    Args:
        argv: Words after the command; by default those of the process.
    """
    options = _parser().parse_args(argv)
    try:
        options.action(options)
    except (ValueError, OSError, ImportError) as error:
        print(f"ncl_deepxde.radar: {error}", file=sys.stderr)
        return 2 if isinstance(error, ValueError) else 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ncl_deepxde.radar",
        description="Vertical profiles of birds from weather radars.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    summary = commands.add_parser(
        "summary",
        help="what is in files of profiles",
        description="Print the radars, times, altitudes, densities and speeds in "
        "files, and how many rows are left out and why. Known are the archive Zenodo "
        "4587338 (zip or folder), ODIM HDF5, VPTS CSV, and the plain tables of the "
        "ENRAM case studies; tables may be gzipped.",
    )
    _add_options_of_read(summary)
    summary.set_defaults(action=_summary)
    series = commands.add_parser(
        "series",
        help="birds per km2 and migration traffic rates by radar and time",
        description="Write a table of vertically integrated densities (vid, birds/km2) "
        "and migration traffic rates (mtr, birds/(km h)), as bioRad defines them.",
    )
    _add_options_of_read(series)
    series.add_argument("--out", metavar="CSV", type=Path, help="default: print")
    series.add_argument(
        "--figure", metavar="PNG", type=Path, help="draw densities, vid and mtr"
    )
    series.set_defaults(action=_series)
    get = commands.add_parser(
        "download",
        help="get the archive of 37 European radars in 2018 (320 MB)",
        description="Download the archive https://doi.org/10.5281/zenodo.4587338 and "
        "check it. Run it again to go on after an interruption.",
    )
    get.add_argument("folder", metavar="FOLDER", type=Path)
    get.set_defaults(action=lambda options: print(download(options.folder)))
    return parser


def _add_options_of_read(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("files", metavar="FILE", nargs="+", type=Path)
    add("--start", metavar="TIME", help="leave out earlier times (UTC)")
    add("--end", metavar="TIME", help="leave out this time and later ones")
    add(
        "--radar", action="append", metavar="NAME", help="may be repeated; default: all"
    )
    add(
        "--positions",
        type=Path,
        metavar="FILE",
        help="JSON or CSV of the radars' positions, for tables without",
    )
    add(
        "--measured",
        type=Path,
        metavar="FILE",
        help="table of two bands that tells which profiles of zeros were measured",
    )
    add(
        "--conflicts",
        choices=("error", "first"),
        default="error",
        help="several values of one radar, time and altitude: default: error",
    )


def _summary(options: argparse.Namespace) -> None:
    print(_read(options).summary())


def _series(options: argparse.Namespace) -> None:
    profiles = _read(options)
    table = integrate_profiles(profiles)
    text = table.to_csv(index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
    if options.figure:
        series_figure(options.figure, profiles)
    if options.out:
        with replacing(options.out) as temporary:
            temporary.write_text(text, encoding="utf-8")
    else:
        print(text, end="")


def _read(options: argparse.Namespace) -> Profiles:
    return read(
        options.files,
        start=options.start,
        end=options.end,
        radars=options.radar,
        positions=options.positions,
        measured=options.measured,
        conflicts=options.conflicts,
    )


if __name__ == "__main__":
    sys.exit(main())
