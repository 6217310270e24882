"""Variable-density Euler equations, on the torus and in the ball."""

__all__: list[str] = []
