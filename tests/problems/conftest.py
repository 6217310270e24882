"""Tests of bird migration need the extra ``birds``."""

from importlib.util import find_spec

EXTRA = ("pandas", "pyproj", "xarray")
is_complete = all(find_spec(name) for name in EXTRA)
collect_ignore_glob = [] if is_complete else ["bird_migration"]
