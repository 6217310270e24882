"""What the networks are made of: contracts, the field, checks."""

from .contract import ContinuityLaw, FlowNet, PressureNet, VelocityNet
from .plain import as_flow

__all__ = ["ContinuityLaw", "FlowNet", "PressureNet", "VelocityNet", "as_flow"]
