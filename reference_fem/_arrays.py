"""Types of arrays, and of functions of points that are given to the solvers."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

SpaceFunction = Callable[[Array], Array]
"""Coordinates (dim, N) to values (N,) or (dim, N)."""
SpaceTimeFunction = Callable[[Array, float], Array]
"""Coordinates (dim, N) and a time to values (N,) or (dim, N)."""
