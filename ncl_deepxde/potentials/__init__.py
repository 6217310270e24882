"""Networks evaluated on jets, and the fields that their derivatives make."""

from .constructions import CONSTRUCTIONS, Construction, Readout, Term, matrix, vector
from .contractions import matrix_field, vector_field
from .features import Features, features_of
from .network import Embedding, PotentialNetwork

__all__ = [
    "CONSTRUCTIONS",
    "Construction",
    "Embedding",
    "Features",
    "PotentialNetwork",
    "Readout",
    "Term",
    "features_of",
    "matrix",
    "matrix_field",
    "vector",
    "vector_field",
]
