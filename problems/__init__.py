"""The experiments: one folder per problem."""

__all__: list[str] = []
