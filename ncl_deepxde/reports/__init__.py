"""What a run shows to a person: report, tables, comparison, ParaView files."""

from .paraview import write_paraview

__all__ = ["write_paraview"]
