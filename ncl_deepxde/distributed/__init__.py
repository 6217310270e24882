"""Training by several processes, which share the points of every step."""

from .deepxde_data import SharedLoss, WholeLoss, share
from .part import HasPart, one_of, part_of
from .processes import LostProcessError, Processes, SharesPoints, alone, processes
from .shared_rows import SharedRows
from .start import start

__all__ = [
    "HasPart",
    "LostProcessError",
    "Processes",
    "SharedLoss",
    "SharedRows",
    "SharesPoints",
    "WholeLoss",
    "alone",
    "one_of",
    "part_of",
    "processes",
    "share",
    "start",
]
