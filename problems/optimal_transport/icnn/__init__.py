"""Transport by input-convex networks."""

__all__: list[str] = []
