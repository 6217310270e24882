"""What a run shows to a person: report, tables, comparison, ParaView files."""

__all__: list[str] = []
