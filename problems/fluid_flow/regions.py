"""Where the simulated fluid flow is observed, tested and penalized: samplers of points.

Training, validation and test region are disjoint in the first two coordinates; each is
a box and its image under the half turn (x, y) -> (-x, -y), with equal shares.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ncl_deepxde.data import Sampler, kronecker_box, sobol_box

__all__ = ["BOX", "EXTENT", "HORIZON", "REGIONS", "faces", "region"]

BOX = 4.0
"""Half side of the box of a network that is confined to one, a bit more than needed."""
EXTENT = 3.999
HORIZON = 1.2
"""Last time of the test; observations end at 1."""

# Lower and upper corner in units of the extent, and the half height of 3D.
REGIONS = {
    "train": ((0.0, 0.0), (1.0, 1.0), 0.2),
    "validation": ((-0.2, 0.0), (0.0, 1.0), 1.0),
    "test": ((-1.0, 0.0), (-0.2, 1.0), 1.0),
}


def region(
    name: str,
    dim: int,
    box: Callable[[Sequence[float], Sequence[float]], Sampler] = kronecker_box,
) -> Sampler:
    """Build a sampler of points (n, dim) of a region, without time.

    Args:
        name: A key of ``REGIONS``.
        dim: 2 or 3.
        box: Makes a sampler of a box from its corners; evenly spread points by default.
    """
    low, high = corners(name, dim)
    width = high[0] - low[0]
    # Twice as wide: what lies beyond is moved back and turned.
    draw = box(low, [high[0] + width, *high[1:]])

    def sample(n: int, generator: torch.Generator) -> Tensor:
        x = draw(n, generator)
        beyond = x[:, :1] > high[0]
        first = torch.where(beyond, width - x[:, :1], x[:, :1])
        second = torch.where(beyond, -x[:, 1:2], x[:, 1:2])
        return torch.cat([first, second, x[:, 2:]], dim=1)

    return sample


def corners(name: str, dim: int) -> tuple[list[float], list[float]]:
    """Return the lower and the upper corner of the first of the two boxes."""
    low, high, height = REGIONS[name]
    heights = [height] * (dim - 2)
    return (
        [EXTENT * value for value in (*low, *(-h for h in heights))],
        [EXTENT * value for value in (*high, *heights)],
    )


def faces(dim: int) -> Sampler:
    """Build a sampler of points (n, dim + 1) on the sides of the box, time last."""
    box = sobol_box([-EXTENT] * dim + [0.0], [EXTENT] * dim + [HORIZON])

    def sample(n: int, generator: torch.Generator) -> Tensor:
        points = box(n, generator)
        axis = torch.randint(dim, (n, 1), generator=generator, device=points.device)
        side = torch.where(points.gather(1, axis) < 0, -EXTENT, EXTENT)
        return points.scatter(1, axis, side.to(points.dtype))

    return sample
