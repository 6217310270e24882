"""What the networks are made of: contracts, the field, checks."""

from .contract import ContinuityLaw, FlowNet, PressureNet
from .plain import as_flow

__all__ = ["ContinuityLaw", "FlowNet", "PressureNet", "as_flow"]
