"""Whether states of several laws start with sizes that a network can tell apart."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from ...jets.jets import in_functorch
from .start_and_wall import InitialState

__all__ = ["StartSizes"]

MOST = 1e5
"""Ratio of states from which one of them is lost beside the other in the weights."""
FEWEST = 20
"""Points that tell how large a start is; a single one may lie in its tail."""


class StartSizes:
    r"""The sizes :math:`\max_x |q_k(x, t_0)|` of the starts that laws have.

    A network whose outputs are all of order one learns a state of 1e6 beside another of
    1 as badly as it learns it alone; the user knows the sizes.

    Args:
        starts: Start of each law, of which those that are known count.
    """

    def __init__(self, starts: Sequence[object]) -> None:
        known = enumerate(starts)
        self._starts = {k: s for k, s in known if isinstance(s, InitialState)}

    def __call__(self, inputs: Tensor) -> None:
        """Look at the starts at the first inputs (N, d + 1) that are some.

        Raises:
            ValueError: They differ by ``MOST`` or more; those that vanish do not count.
        """
        if in_functorch() or len(inputs) < FEWEST or not self._starts:
            return
        x = inputs.detach()[:, :-1]
        sizes = {k: float(s.density_at(x).abs().max()) for k, s in self._starts.items()}
        some = [size for size in sizes.values() if size > 0]
        if not some or max(some) < MOST * min(some):
            self._starts = {}
            return
        listed = ", ".join(f"{size:.1e} of law {k}" for k, size in sizes.items())
        raise ValueError(
            "sizes: must be given where states start with sizes that differ by "
            f"{MOST:.0e} or more, got {listed} and sizes=None. Give one typical number "
            "for each law, sizes=[...], and weigh residuals by loss_weights, 1 / "
            "size^2; sizes of 1 leave all as it is."
        )
