"""The experiments: one file per problem."""
