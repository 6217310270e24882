"""Optimal costs by discrete transport."""

__all__: list[str] = []
