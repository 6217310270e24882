"""What every reference solution offers: saved times, and values at any points."""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from ._arrays import Array

__all__ = ["SavedSolution", "TorusSolution", "time_weights"]


class SavedSolution(ABC):
    r"""Fields rho, u and p, saved at some times.

    Attributes:
        times: Saved times (T,), strictly increasing.
        dim: Dimension of space.
    """

    times: Array
    dim: ClassVar[int]

    @abstractmethod
    def _into_domain(self, points: Array) -> Array:
        """Move points into the domain where they stand for points of it.

        Args:
            points: Finite coordinates (N, dim).

        Returns:
            Points (N, dim) of the domain.

        Raises:
            ValueError: If points lie outside of the domain.
        """

    @abstractmethod
    def _snapshot(self, index: int, points: Array) -> Array:
        """Return rho, u and p at points and a saved time.

        Args:
            index: Number of the saved time.
            points: Points (N, dim) of the domain.

        Returns:
            Rows rho, u_1 to u_dim, p, shape (2 + dim, N).
        """

    def evaluate(self, points: ArrayLike, time: float) -> dict[str, Array]:
        r"""Return the fields at points and a time.

        At a saved time the values are those saved; between saved times they follow the
        polynomial through the four nearest saved times (fewer where fewer are saved).

        Args:
            points: Coordinates (N, dim); the torus wraps them into the unit square.
            time: Time within the range of :attr:`times`.

        Returns:
            ``{"rho": (N, 1), "u": (N, dim), "p": (N, 1)}``, float64.

        Raises:
            ValueError: If the points have another shape, are not finite or outside of
                the domain, or the time is outside the saved range.
        """
        x = np.asarray(points, dtype=np.float64)
        if x.ndim != 2 or x.shape[1] != self.dim or not np.isfinite(x).all():
            raise ValueError(
                f"points must be finite numbers of shape (N, {self.dim}), got shape "
                f"{x.shape}; pass the coordinates without the time column"
            )
        x = self._into_domain(x)
        weights = time_weights(self.times, time)
        values = sum(w * self._snapshot(k, x) for k, w in weights.items())
        rho, u, p = np.split(np.asarray(values).T, [1, 1 + self.dim], axis=1)
        return {"rho": rho, "u": u, "p": p}


class TorusSolution(SavedSolution):
    """A solution on the periodic unit square."""

    dim = 2

    def _into_domain(self, points: Array) -> Array:
        wrapped = points - np.floor(points)
        wrapped[wrapped == 1.0] = 0.0
        return np.asarray(wrapped)


def time_weights(times: ArrayLike, time: float, width: int = 4) -> dict[int, float]:
    r"""Return weights of the saved times nearest to a time.

    Lagrange's formula :math:`w_k = \prod_{j \ne k} (t - t_j) / (t_k - t_j)` over the
    ``width`` neighboring times around t; only one weight, 1, at a saved time.

    Args:
        times: Saved times (T,), increasing.
        time: Time within their range, up to rounding.
        width: Number of times used.

    Returns:
        Index of a saved time to its weight.

    Raises:
        ValueError: If the time is outside the range.
    """
    t = np.asarray(times, dtype=np.float64)
    slack = 1e-12 * max(1.0, float(np.abs(t).max()))
    if not t[0] - slack <= time <= t[-1] + slack:
        raise ValueError(
            f"time must lie in the saved range [{t[0]:g}, {t[-1]:g}], got {time!r}; "
            "solve to a larger t_end or ask for an earlier time"
        )
    nearest = int(np.abs(t - time).argmin())
    if abs(t[nearest] - time) <= slack:
        return {nearest: 1.0}
    right = int(np.searchsorted(t, time))
    first = min(max(right - width // 2, 0), max(len(t) - width, 0))
    chosen = range(first, min(first + width, len(t)))
    return {
        k: float(np.prod([(time - t[j]) / (t[k] - t[j]) for j in chosen if j != k]))
        for k in chosen
    }
