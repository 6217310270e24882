"""What the networks are made of: contracts, the field, checks."""

__all__: list[str] = []
