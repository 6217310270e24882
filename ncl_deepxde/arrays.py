"""The types of arrays that the library passes around."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Times"]

type Array = NDArray[np.floating]
type Times = Sequence[float] | Array
