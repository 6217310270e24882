"""Cost of one training step in units of a plain PINN's step.

All networks train on the same points with the same residuals (momentum and
incompressibility; the plain PINN also continuity) and Adam, interleaved in one process;
printed are medians and their ratios to the PINN with as many hidden layers and units.
The case ``beltrami`` is the Navier-Stokes equations in three dimensions and time: the
plain network by ``dde.grad.hessian``, the curl by that and by ``operators.laplacian``.
The case ``ball problem`` is all of Euler's flow in the unit ball: as many points on the
sphere, for m.n = 0, and at t = 0, for the initial state, neither with derivatives.
Memory is kept between steps, as in ``runs.train``.

    python benchmarks/step_cost.py [--case "ball problem 4x128"] [--only vector]
        [--device cuda] [--out step_cost.json]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable

import deepxde as dde
import torch
from measuring import seconds
from torch import Tensor
from torch.func import jacfwd, jacrev, vmap

import ncl_deepxde  # noqa: F401  (chooses the backend before deepxde is loaded)
from ncl_deepxde.evaluation.memory import peak_mib
from ncl_deepxde.nn import NCL, CurlNet
from ncl_deepxde.operators import (
    Flow,
    continuity,
    divergence,
    incompressibility,
    jacobian,
    laplacian,
    momentum,
)
from ncl_deepxde.runs.kept_memory import keep_memory

PERIODIC = {"torus": 1.0, "ball": None, "ball problem": None}


class NestedNCL(dde.nn.pytorch.NN):
    """The matrix construction by nested differentiation."""

    def __init__(self, sizes: list[int], activation: str, nested: Callable) -> None:
        super().__init__()
        self.n, self.nested = sizes[0], nested
        num_potentials = self.n * (self.n - 1) // 2
        out = num_potentials + sizes[-1] - self.n
        self.inner = dde.nn.FNN([*sizes[:-1], out], activation, "Glorot normal")
        self.upper = torch.triu_indices(self.n, self.n, 1)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return (rho, m, extras) for inputs (N, n), time last."""

        def potentials(x: Tensor) -> Tensor:
            return self.inner(x[None])[0]

        J = vmap(self.nested(potentials))(inputs)
        k = self.upper.shape[1]
        DA = inputs.new_zeros(len(inputs), self.n, self.n, self.n)
        i, j = self.upper
        DA = DA.index_put((torch.arange(len(inputs))[:, None], i, j), J[:, :k])
        DA = DA - DA.transpose(1, 2)
        field = DA.diagonal(dim1=2, dim2=3).sum(2)
        time_first = field[:, [self.n - 1, *range(self.n - 1)]]
        return torch.cat([time_first, self.inner(inputs)[:, k:]], dim=1)


def periodic(inputs: Tensor) -> Tensor:
    """Features (cos, sin, ..., t) of the unit torus for the networks without jets."""
    angle = 2 * torch.pi * inputs[:, :-1]
    return torch.cat([angle.cos(), angle.sin(), inputs[:, -1:]], dim=1)


def networks(d: int, width: int, depth: int, kind: str) -> dict[str, torch.nn.Module]:
    """Return the networks to time, by name."""
    hidden, out = [width] * depth, [d + 2]
    sizes = [d + 1, *hidden, *out]
    features = [2 * d + 1 if kind == "torus" else d + 1, *hidden, *out]
    settings = {"periods": PERIODIC[kind]}
    found: dict[str, torch.nn.Module] = {
        "pinn": dde.nn.FNN(features, "tanh", "Glorot normal"),
        "matrix": NCL(sizes, "tanh", "Glorot normal", **settings),
        "matrix, not served": NCL(sizes, "tanh", "Glorot normal", served=0, **settings),
        "vector": NCL(
            sizes, "tanh", "Glorot normal", construction="vector", **settings
        ),
    }
    for name, nested in ("jacrev", jacrev), ("jacfwd", jacfwd):
        net = NestedNCL(sizes, "tanh", nested)
        if kind == "torus":
            net.inner = dde.nn.FNN(
                [*features[:-1], net.inner.linears[-1].out_features],
                "tanh",
                "Glorot normal",
            )
            net.inner.apply_feature_transform(periodic)
        found[f"matrix, nested {name}"] = net
    if kind == "torus":
        found["pinn"].apply_feature_transform(periodic)
    return found


def conditions(net: torch.nn.Module, num_points: int) -> list[Tensor]:
    """Return m.n on the unit sphere, and what the start at t = 0 lacks of the given."""
    n = torch.nn.functional.normalize(torch.randn(num_points, 3))
    wall = net(torch.cat([n, torch.rand(num_points, 1) / 2], dim=1))
    direction = torch.nn.functional.normalize(torch.randn(num_points, 3))
    x = direction * torch.rand(num_points, 1) ** (1 / 3)
    rho = 1.5 - x.square().sum(1, keepdim=True)
    u = torch.cat(
        [torch.full_like(rho, -2), x[:, :1] - 1, torch.full_like(rho, 0.5)], 1
    )
    start = net(torch.nn.functional.pad(x, (0, 1)))
    m_n = (wall[:, 1:4] * n).sum(1, keepdim=True)
    return [m_n, start[:, :1] - rho, start[:, 1:4] - rho * u]


def training_step(
    net: torch.nn.Module, num_points: int, d: int, kind: str
) -> Callable[[], None]:
    """Return a function that does one step of Adam at fresh points."""
    optimizer = torch.optim.Adam(net.parameters(), 1e-4)
    with_continuity = isinstance(net, dde.nn.FNN)

    def step() -> None:
        x = torch.rand(num_points, d + 1).requires_grad_()
        flow = Flow.of(x, net(x))
        residuals = [momentum(flow), incompressibility(flow)]
        if with_continuity:
            residuals.append(continuity(flow))
        if kind == "ball problem":
            residuals += conditions(net, num_points)
        loss = sum(r.square().mean() for r in residuals)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        dde.grad.clear()

    return step


def beltrami_networks(width: int, depth: int) -> dict[str, torch.nn.Module]:
    """Return a plain network of (u, v, w, p) and curls of (rho, u, v, w, p)."""
    hidden = [4, *[width] * depth]

    def curl(served: int | None) -> CurlNet:
        options = {"output": "velocity", "served": served}
        return CurlNet([*hidden, 5], "tanh", "Glorot normal", **options)

    return {
        "pinn": dde.nn.FNN([*hidden, 4], "tanh", "Glorot normal"),
        "curl, all second derivatives": curl(2),
        "curl, laplacian": curl(None),
    }


def beltrami_step(net: torch.nn.Module, num_points: int) -> Callable[[], None]:
    r"""Return a step of Adam on :math:`u_t + u\cdot\nabla u + \nabla p = \Delta u`."""
    optimizer = torch.optim.Adam(net.parameters(), 1e-4)
    is_plain = isinstance(net, dde.nn.FNN)
    first = 0 if is_plain else 1

    def viscous(y: Tensor, x: Tensor, c: int) -> Tensor:
        if not is_plain and net.served == 1:
            return laplacian(y, x, c, range(3))
        return sum(dde.grad.hessian(y, x, component=c, i=i, j=i) for i in range(3))

    def step() -> None:
        x = torch.rand(num_points, 4).requires_grad_()
        y = net(x)
        J, u = jacobian(y, x), y[:, first : first + 3]
        Du = J[:, first : first + 3, :3]
        second = torch.cat([viscous(y, x, first + i) for i in range(3)], dim=1)
        advection = torch.einsum("nij,nj->ni", Du, u)
        r = J[:, first : first + 3, 3] + advection + J[:, first + 3, :3] - second
        loss = r.square().mean()
        if is_plain:
            loss = loss + divergence(Du).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        dde.grad.clear()

    return step


CASES = {
    "torus 4x128": ("torus", 2, 128, 4, 2000),
    "torus 8x512": ("torus", 2, 512, 8, 500),
    "ball 4x128": ("ball", 3, 128, 4, 1000),
    "ball problem 4x128": ("ball problem", 3, 128, 4, 1000),
    "beltrami 4x50": ("beltrami", 3, 50, 4, 1000),
}


def main() -> None:
    """Time all cases, print the table, write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--out", help="JSON file to write")
    parser.add_argument("--case", action="append", choices=CASES, help="default: all")
    parser.add_argument("--only", action="append", help="networks to time beside pinn")
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=60.0, help="limit per case")
    options = parser.parse_args()
    torch.set_default_device(options.device)
    keep_memory()
    results: dict[str, dict[str, dict[str, float]]] = {}
    for case in options.case or CASES:
        kind, d, width, depth, num_points = CASES[case]
        torch.manual_seed(0)
        is_beltrami = kind == "beltrami"
        found = (
            beltrami_networks(width, depth)
            if is_beltrami
            else networks(d, width, depth, kind)
        )
        steps = {
            name: beltrami_step(net, num_points)
            if is_beltrami
            else training_step(net, num_points, d, kind)
            for name, net in found.items()
            if not options.only or name in ("pinn", *options.only)
        }
        for step in steps.values():
            step()
        medians = seconds(steps, options.repeats, options.seconds)
        results[case] = {}
        print(f"\n{case}, {num_points} points, {options.device}")
        for name, median in medians.items():
            ratio, peak = median / medians["pinn"], peak_mib(steps[name])
            row = {"seconds": median, "peak_mib": peak, "ratio": ratio}
            results[case][name] = row
            print(
                f"  {name:24s}{row['seconds'] * 1e3:9.2f} ms{row['ratio']:8.2f} x"
                f"{row['peak_mib']:9.0f} MiB"
            )
    if options.out:
        with open(options.out, "w") as file:
            json.dump({"device": options.device, "cases": results}, file, indent=2)


if __name__ == "__main__":
    main()
