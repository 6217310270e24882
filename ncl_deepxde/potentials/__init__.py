"""Networks evaluated on jets, and the fields that their derivatives make."""

from .constructions import CONSTRUCTIONS, MATRIX, VECTOR, Construction, register
from .contractions import Contraction, matrix_field, vector_field
from .differential_operator import Components, DifferentialOperator, Summand
from .features import Features, features_of
from .network import Embedding, PotentialNetwork
from .readout import Readout

__all__ = [
    "CONSTRUCTIONS",
    "MATRIX",
    "VECTOR",
    "Components",
    "Construction",
    "Contraction",
    "DifferentialOperator",
    "Embedding",
    "Features",
    "PotentialNetwork",
    "Readout",
    "Summand",
    "features_of",
    "matrix_field",
    "register",
    "vector_field",
]
