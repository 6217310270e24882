"""Several trainings of one network: their mean, which stays exact, and their spread.

``train_members`` trains by seeds, ``MeanFlow`` is the mean of flows as a network,
``member_values`` evaluates any quantity of the members (densities, tracks, birds that
cross a line), and ``coverage`` tells by data held out how far the spread can be
trusted.
"""

from .coverage import CoverageRow, coverage, coverage_table
from .mean_flow import MeanFlow
from .members import train_members
from .values import MemberValues, member_values

__all__ = [
    "CoverageRow",
    "MeanFlow",
    "MemberValues",
    "coverage",
    "coverage_table",
    "member_values",
    "train_members",
]
