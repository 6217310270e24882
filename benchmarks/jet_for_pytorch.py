r"""Would jet-for-pytorch 1.0 (package ``jet``) do in place of ``ncl_deepxde.jets``?

Both compute all partial derivatives up to order k of one tanh network, and the gradient
of the sum of their squares by all weights. Package ``jet`` differentiates along lines,

.. math:: D_v^k f = \sum_{|\alpha| = k} \frac{k!}{\alpha!} v^\alpha \partial^\alpha f ,

so mixed derivatives follow from as many directions v as there are multi-indices of the
highest order (polarization); they are taken as the directions, for which the system is
solvable. It has two ways to send them all through at once: vmap over its standard mode,
and its collapsed mode one order higher, where only the order above k is summed up.
Printed are medians and the median ratio to ours of interleaved repeats.

    pip install jet-for-pytorch
    python benchmarks/jet_for_pytorch.py [--repeats 20] [--out jet_for_pytorch.json]

Source: F. Dangel et al., Collapsing Taylor Mode Automatic Differentiation (NeurIPS
2025).
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from math import factorial, prod

import torch
from torch import Tensor
from torch.func import vmap

from ncl_deepxde.jets import activations
from ncl_deepxde.jets.jets import JetSpace, jet_space
from ncl_deepxde.potentials.network import Embedding, PotentialNetwork

try:
    from jet import jet
except ImportError:
    print("jet_for_pytorch: needs `pip install jet-for-pytorch`", file=sys.stderr)
    sys.exit(2)

ALLOWED = 1.2
CASES = {
    "order 2, 3 inputs": (3, 2, 2000, 4),
    "order 3, 4 inputs": (4, 3, 1000, 5),
}
"""Inputs, order, points, outputs: what both constructions of NCL ask for."""

Streams = Callable[[Tensor], Tensor]


def network(dim: int, num_outputs: int) -> PotentialNetwork:
    """Return 4 hidden layers of 128 tanh units."""
    return PotentialNetwork(
        [*[128] * 4, num_outputs],
        [activations.get("tanh")] * 4,
        "Glorot normal",
        Embedding([None] * dim, harmonics=1),
    )


def plain(net: PotentialNetwork) -> Callable[[Tensor], Tensor]:
    """Return the network without jets, as package ``jet`` wants to see it."""

    def f(x: Tensor) -> Tensor:
        *hidden, last = net.linears
        for layer in hidden:
            x = torch.tanh(layer(x))
        return last(x)

    return f


def polarization(space: JetSpace) -> tuple[Tensor, list[Tensor]]:
    """Return directions (R, dim), and per order k the matrix (n_k, R) to partials."""
    lattice = space.indices[space.size(space.order - 1) :]
    directions = torch.tensor(lattice, dtype=torch.float64) / space.order
    inverses = []
    for k in range(1, space.order + 1):
        partials = space.indices[space.size(k - 1) : space.size(k)]
        alpha = torch.tensor(partials, dtype=torch.float64)
        factors = [factorial(k) / prod(map(factorial, a)) for a in partials]
        powers = (directions[:, None] ** alpha).prod(dim=2)
        inverses.append(torch.linalg.pinv(powers * torch.tensor(factors).double()))
    return directions, inverses


def by_package(
    net: PotentialNetwork, space: JetSpace, x: Tensor, collapsed: bool
) -> Streams:
    """Trace the network at the shape of x (N, dim), return x -> streams (S, N, out)."""
    jet_f = jet(plain(net), (x,), collapsed=collapsed)
    directions, inverses = polarization(space)
    v = directions.to(x)[:, None].expand(-1, *x.shape).contiguous()
    inverses = [inverse.to(x) for inverse in inverses]
    zero = torch.zeros_like(x)

    def lines(x: Tensor) -> tuple[Tensor, ...]:
        if collapsed:
            higher = [torch.zeros_like(v)] * (space.order - 1)
            return jet_f((x, v, *higher, zero))[: space.order + 1]
        higher = [zero] * (space.order - 1)
        out_dims = (None, *[0] * space.order)
        return vmap(lambda w: jet_f((x, w, *higher)), out_dims=out_dims)(v)

    def streams(x: Tensor) -> Tensor:
        value, *along = lines(x)
        partials = [
            torch.tensordot(inverse, level, dims=1)
            for inverse, level in zip(inverses, along, strict=True)
        ]
        return torch.cat([value[None], *partials])

    return streams


def candidates(
    net: PotentialNetwork, space: JetSpace, x: Tensor
) -> tuple[dict[str, Streams], float]:
    """Return all ways to the same streams, ours first, and the seconds of one trace."""
    jet(plain(net), (x[:7],))  # the first trace also imports
    start = time.perf_counter()
    vmapped = by_package(net, space, x, collapsed=False)
    traced = time.perf_counter() - start
    ways = {
        "ncl_deepxde.jets": lambda x: net.jet(x, space),
        "jet, vmap": vmapped,
        "jet, collapsed": by_package(net, space, x, collapsed=True),
    }
    return ways, traced


def gradient(net: PotentialNetwork, streams: Tensor) -> Tensor:
    """Return the gradient of the sum of squares by all weights, flat."""
    weights = list(net.parameters())
    found = torch.autograd.grad(streams.square().sum(), weights)
    return torch.cat([g.flatten() for g in found])


def check(dim: int, order: int, num_outputs: int) -> None:
    """Raise unless all ways agree to 1e-10, relative, in float64."""
    net, space = network(dim, num_outputs).double(), jet_space(dim, order)
    x = torch.rand(40, dim, dtype=torch.float64)
    ways, _ = candidates(net, space, x)
    found = [(way(x).detach(), gradient(net, way(x))) for way in ways.values()]
    ours, *others = found
    for other in others:
        for value, wanted in zip(other, ours, strict=True):
            error = float((value - wanted).abs().max() / wanted.abs().max())
            assert error < 1e-10, f"the two jets differ by {error:.1e}"


def measure(
    dim: int, order: int, num_points: int, num_outputs: int, repeats: int
) -> dict[str, dict[str, float]]:
    """Return medians of seconds and of ratios, interleaved; float32."""
    net, space = network(dim, num_outputs), jet_space(dim, order)
    x = torch.rand(num_points, dim)
    ways, traced = candidates(net, space, x)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for repeat in range(repeats + 1):
        for name, way in ways.items():
            start = time.perf_counter()
            streams = way(x)
            middle = time.perf_counter()
            gradient(net, streams)
            if repeat:
                times[name].append((middle - start, time.perf_counter() - start))
    unit = times["ncl_deepxde.jets"]
    return {
        name: {
            "forward_seconds": statistics.median(f for f, _ in rows),
            "seconds": statistics.median(s for _, s in rows),
            "forward_ratio": _ratio([f for f, _ in rows], [f for f, _ in unit]),
            "ratio": _ratio([s for _, s in rows], [s for _, s in unit]),
            "trace_seconds": 0.0 if rows is unit else traced,
        }
        for name, rows in times.items()
    }


def _ratio(values: list[float], unit: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(values, unit, strict=True))


def main() -> None:
    """Check, time and print all cases, write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--out", help="JSON file to write")
    options = parser.parse_args()
    results = {}
    for case, (dim, order, num_points, num_outputs) in CASES.items():
        torch.manual_seed(0)
        check(dim, order, num_outputs)
        table = measure(dim, order, num_points, num_outputs, options.repeats)
        results[case] = table
        print(f"\n{case}, 4x128 tanh, {num_points} points, equal to 1e-10 in float64")
        print(f"  {'':18s}{'forward':>21s}{'forward + backward':>21s}")
        for name, row in table.items():
            print(
                f"  {name:18s}{row['forward_seconds'] * 1e3:9.2f} ms"
                f"{row['forward_ratio']:7.2f} x{row['seconds'] * 1e3:9.2f} ms"
                f"{row['ratio']:7.2f} x"
            )
        best = min(row["ratio"] for name, row in table.items() if "jet," in name)
        verdict = "within" if best <= ALLOWED else "not within"
        print(f"  package jet at best {best:.2f} x: {verdict} {ALLOWED:.1f} x")
    if options.out:
        with open(options.out, "w") as file:
            json.dump({"torch": torch.__version__, "cases": results}, file, indent=2)


if __name__ == "__main__":
    main()
