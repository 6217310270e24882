"""Samples of a user as a case of the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .densities import DensityPair, checked_pair, from_samples, load_samples
from .objective import half_side

__all__ = ["user_case"]

# Half sides of the box that the networks are made for; the targets have 1.6 to 4.
SMALLEST, LARGEST = 0.5, 10.0


def user_case(files: Sequence[Path]) -> tuple[str, DensityPair]:
    """Make a case of two files of samples: its name and both kernel densities.

    Args:
        files: Samples at the start and at the end, npy or csv.

    Raises:
        ValueError: There are not two files, or their samples make no density, differ in
            dimension, have more than two, or have another scale than the networks.
    """
    if len(files) != 2:
        raise ValueError(
            "--data: must be given twice, for the samples at the start and at the end, "
            f"got {len(files)}."
        )
    ends = checked_pair(*(from_samples(load_samples(file)) for file in files))
    if ends[0].dim > 2:
        raise ValueError(
            f"--data: samples must have 1 or 2 coordinates, got {ends[0].dim}. "
            "examples/transport_your_samples.py takes any number of them."
        )
    side = half_side(*ends)
    if not SMALLEST <= side <= LARGEST:
        raise ValueError(
            "--data: the samples must lie around the origin at distances of order 1, "
            f"got up to {side:.3g}. Subtract one vector from all samples and divide "
            "them by one length L: the squared distance becomes smaller by L squared. "
            "examples/transport_your_samples.py does so itself."
        )
    return "-".join(file.name.split(".")[0] for file in files), ends
