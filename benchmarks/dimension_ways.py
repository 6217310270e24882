"""Ways to evaluate one divergence-free field, compared by ``dimension.py``."""

from __future__ import annotations

from collections.abc import Callable

import torch
from measuring import set_float
from torch import Tensor
from torch.func import jacfwd, jacrev, vmap

from ncl_deepxde.nn import DivergenceFree

CONSTRUCTIONS = ("matrix", "vector")
WAYS = ("contracted", "jacfwd", "jacrev")

Field = Callable[[Tensor], Tensor]


def network(n: int, construction: str, width: int) -> DivergenceFree:
    """Return a network with two hidden layers."""
    torch.manual_seed(0)
    sizes = [n, width, width, n]
    return DivergenceFree(
        sizes, "tanh", "Glorot normal", construction=construction, served=0
    )


def published(net: DivergenceFree, construction: str, nested: Callable) -> Field:
    r"""Return the field as published, a function of points (N, n), from a network.

    .. math:: v_i = \sum_j \partial_j A_{ij}, \qquad A = U - U^T

    with U the potentials in the upper triangle, or the Jacobian of the potentials.

    Args:
        net: Whose weights are used.
        construction: ``"matrix"`` or ``"vector"``.
        nested: ``jacfwd`` or ``jacrev``.
    """
    n = net.num_inputs
    *hidden, last = net.network.layers()
    i, j = torch.triu_indices(n, n, 1)

    def potentials(x: Tensor) -> Tensor:
        for layer in hidden:
            x = torch.tanh(layer(x))
        return last(x)

    def triangle(x: Tensor) -> Tensor:
        a = potentials(x)
        return a.new_zeros(n, n).index_put((i, j), a)

    half = triangle if construction == "matrix" else nested(potentials)

    def antisymmetric(x: Tensor) -> Tensor:
        U = half(x)
        return U - U.T

    def field(x: Tensor) -> Tensor:
        return torch.einsum("ijj->i", nested(antisymmetric)(x))

    return vmap(field)


def fields(n: int, construction: str, width: int) -> dict[str, Field]:
    """Return all ways to one field, by name."""
    net = network(n, construction, width)
    nested = {"jacfwd": jacfwd, "jacrev": jacrev}
    return {
        "contracted": net,
        **{name: published(net, construction, f) for name, f in nested.items()},
    }


def differences(n: int = 7, width: int = 16, points: int = 5) -> dict[str, float]:
    """Return how far each way is from the contraction in float64, relatively."""
    set_float("float64")
    found = {}
    for construction in CONSTRUCTIONS:
        x = torch.rand(points, n)
        ways = fields(n, construction, width)
        ours = ways.pop("contracted")(x).detach()
        for name, way in ways.items():
            theirs = way(x).detach()
            error = (theirs - ours).norm() / ours.norm()
            found[f"{construction}, {name}"] = float(error)
    set_float("float32")
    return found
