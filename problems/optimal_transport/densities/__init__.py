"""Densities to transport: known, of samples, of a table."""

__all__: list[str] = []
