"""Training by several processes, which share the points of every step."""

from .deepxde_data import SharedLoss, WholeLoss, share
from .processes import LostProcessError, Processes, SharesPoints, alone, processes
from .shared_rows import SharedRows
from .start import start

__all__ = [
    "LostProcessError",
    "Processes",
    "SharedLoss",
    "SharedRows",
    "SharesPoints",
    "WholeLoss",
    "alone",
    "processes",
    "share",
    "start",
]
