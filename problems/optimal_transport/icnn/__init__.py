"""Transport by the gradient of an input-convex network."""

from .minimax import Minimax, minimax_stage
from .network import ConvexPair

__all__ = ["ConvexPair", "Minimax", "minimax_stage"]
