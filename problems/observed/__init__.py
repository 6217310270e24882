"""What problems with observed densities and velocities share."""

__all__: list[str] = []
