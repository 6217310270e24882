"""What decides a result of the cavity."""

from __future__ import annotations

from ncl_deepxde.runs import Count, Positive, Settings, checked

__all__ = ["CavityReference", "CavitySettings"]


@checked
class CavityReference:
    """Size of the reference.

    Attributes:
        h: Size of the triangles.
    """

    h: Positive


@checked
class CavitySettings(Settings):
    """What a model sees.

    Attributes:
        hidden: Widths of the hidden layers.
        points: Points of a step at first; they grow.
        steps: Number of steps.
        evaluation: Points per axis for the metrics.
        reference: Size of the reference.
    """

    hidden: tuple[Count, ...]
    points: Count
    steps: Count
    evaluation: Count
    reference: CavityReference
