"""The types of arrays that the library passes around."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Times"]

Array: TypeAlias = NDArray[np.floating]
Times: TypeAlias = Sequence[float] | Array
