"""Seconds of a training step of optimal transport: closed form against nested reverse.

    python benchmarks/ot_step.py [--batch 256] [--components 128] [--threads 2]
        [--device cuda] [--repeats 20] [--out ot_step.json]

Both ways train the same network, ``nn.SubharmonicNCL``, for the pair pinwheel to
8gaussians with the terms of the paper: kinetic energy at 3 x 256 points, densities at
2 x 512, Adam on clipped gradients, float32. ``nested`` evaluates it as the released
code does: the potential with logarithm and exponential integral, in double precision,
goes through ``jacrev`` twice under ``vmap``, and so does every point of a density. Its
only difference is to its advantage: the solenoidal part depends on a stream function
with one derivative instead of a field with two. First of all, E1 is compared with
scipy's, and density, momentum and gradients of both ways with each other in float64.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import scipy.special
import torch
from exponential_integral import far, near
from measuring import seconds, set_float
from torch import Tensor
from torch.func import jacrev, vmap
from torch.nn.functional import silu, softmax

from ncl_deepxde.nn import SubharmonicNCL
from ncl_deepxde.problems.optimal_transport.densities import pair
from ncl_deepxde.problems.optimal_transport.objective import BenamouBrenier
from ncl_deepxde.runs.run import select_device

# Largest differences: of values, absolute for E1 and relative otherwise, and gradients.
VALUES, GRADIENTS = 1e-6, 1e-5
TERMINAL_WEIGHT = 50.0


class ExponentialIntegral(torch.autograd.Function):
    r"""The function :math:`E_1`, its value approximate, its derivatives exact."""

    generate_vmap_rule = True

    @staticmethod
    def forward(s: Tensor) -> Tensor:
        """Return E1, of the shape of s."""
        small, large = s.clamp(max=1), s.clamp(min=1)
        return torch.where(s < 1, near(small) - small.log(), far(large) / large)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        """Keep the argument."""
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        r"""Apply :math:`E_1'(s) = -e^{-s}/s`."""
        (s,) = ctx.saved_tensors
        return -gradient * torch.exp(-s) / s


class Nested:
    r"""A ``SubharmonicNCL`` of the plane, evaluated by nested reverse differentiation.

    .. math:: A = J_b - J_b^T + \begin{pmatrix} 0 & \psi & 0 \\ -\psi & 0 & 0 \\ 0 & 0 &
        0 \end{pmatrix}, \qquad (m, \rho)_i = \sum_j \partial_j A_{ij}, \qquad
        b = \Big(0, 0, \sum_k w_k\,\phi\big(\tfrac{x - c_k}{\sigma_k}\big)\Big)

    Args:
        net: Whose weights are used, of unit spread, duration and mass.
    """

    dim, output = 2, "flux"

    def __init__(self, net: SubharmonicNCL) -> None:
        self.net = net

    def __call__(self, inputs: Tensor) -> Tensor:
        """Return (rho, m), (N, 3), for inputs (N, 3), time last."""
        DA = vmap(jacrev(self._matrix))(inputs)
        field = DA.diagonal(dim1=2, dim2=3).sum(2)
        return torch.cat([field[:, 2:], field[:, :2]], dim=1)

    def log_density(self, inputs: Tensor) -> Tensor:
        """Return the logarithm of the density, (N, 1)."""
        return self(inputs)[:, :1].clamp(min=1e-30).log()

    def _matrix(self, point: Tensor) -> Tensor:
        J = jacrev(self._potentials)(point)
        psi = _evaluated(self.net.swirl.network, point)
        zero = torch.zeros_like(psi)
        rows = [zero, psi, zero], [-psi, zero, zero], [zero] * 3
        return J - J.T + torch.stack([torch.cat(row) for row in rows])

    def _potentials(self, point: Tensor) -> Tensor:
        """Return b, (3,), at a point (3,)."""
        mixture = self.net.mixture
        moving = _evaluated(mixture.network, point[2:])
        rows = (mixture.start + moving.view(4, -1)).double()
        c, log_sigma, log_weight = rows[:2], rows[2], rows[3]
        z = (point[:2, None] - c) / log_sigma.exp()
        b_t = softmax(log_weight, 0) @ phi(z.square().sum(0))
        return torch.cat([0 * point[:2], b_t[None].to(point)])


def phi(r2: Tensor) -> Tensor:
    r"""Return :math:`(\ln r^2 + E_1(r^2/2)) / 4\pi`, whose Laplacian is normal."""
    return (r2.log() + ExponentialIntegral.apply(r2 / 2)) / (4 * math.pi)


def _evaluated(network: torch.nn.Module, x: Tensor) -> Tensor:
    """Return the outputs of a network of the net without derivatives."""
    *hidden, last = network.linears
    for layer in hidden:
        x = silu(layer(x))
    return last(x)


class Step:
    """One step of training, with fresh samples.

    Args:
        options: The command line.
        is_nested: Which of the two ways.
    """

    def __init__(self, options: argparse.Namespace, is_nested: bool) -> None:
        self.net = build(options.components)
        self.way = Nested(self.net) if is_nested else self.net
        self.adam = torch.optim.Adam(self.net.parameters(), 1e-3)
        self.loss = objective(options.batch)
        self.generator = generator()

    def __call__(self) -> None:
        """Draw, evaluate, differentiate, clip and update."""
        self.adam.zero_grad()
        self.loss(self.way, self.generator).backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.adam.step()


def build(components: int) -> SubharmonicNCL:
    """Return the network of the paper."""
    torch.manual_seed(0)
    widths = [96] * 4
    return SubharmonicNCL(
        2,
        components=components,
        hidden=widths,
        solenoidal=widths,
        activation="silu",
        width=0.3,
    )


def objective(batch: int) -> Callable[[Any, torch.Generator], Tensor]:
    """Return the loss, a function of a network and a generator."""
    ends = pair("pinwheel-8gaussians")
    terms = BenamouBrenier(*ends, batch=batch, terminal="absolute", box=2.0)

    def loss(way: Any, generator: torch.Generator) -> Tensor:
        found = terms(way, generator)
        return TERMINAL_WEIGHT * (found["start"] + found["end"]) + found["energy"]

    return loss


def generator() -> torch.Generator:
    """Return a seeded generator on the device."""
    return torch.Generator(torch.get_default_device()).manual_seed(0)


def differences(options: argparse.Namespace) -> dict[str, float]:
    """Return how far E1 is from scipy's, and both ways from each other in float64."""
    set_float("float64")
    s = torch.logspace(-6, 2, 2000, device="cpu")
    e1 = ExponentialIntegral.apply(s) - torch.from_numpy(scipy.special.exp1(s.numpy()))
    net, loss = build(options.components), objective(options.batch)
    ways = net, Nested(net)
    x = 4 * torch.rand(options.batch, 2, generator=generator()) - 2
    inputs = torch.nn.functional.pad(x, (0, 1), value=0.3)
    flux = [way(inputs).detach() for way in ways]
    gradients = []
    for way in ways:
        used = [p for p in net.parameters() if p.numel()]
        terms = torch.autograd.grad(loss(way, generator()), used)
        gradients.append(torch.cat([g.flatten() for g in terms]))
    set_float("float32")
    found = {"E1": float(e1.abs().max())}
    parts = {"rho": slice(0, 1), "m": slice(1, 3)}
    for name, columns in parts.items():
        found[name] = _relative(*(f[:, columns] for f in flux))
    return {**found, "gradient": _relative(*gradients)}


def _relative(a: Tensor, b: Tensor) -> float:
    return float((a - b).norm() / b.norm())


def options_of(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line and check the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--threads", type=int, help="of torch on a CPU")
    parser.add_argument("--batch", type=int, default=256, help="of each density (256)")
    parser.add_argument("--components", type=int, default=128, help="Gaussians (128)")
    parser.add_argument("--repeats", type=int, default=20, help="timed steps (20)")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    options = parser.parse_args(arguments)
    numbers = {k: getattr(options, k) for k in ("batch", "components", "repeats")}
    try:
        for name, value in numbers.items():
            if value < 1:
                raise ValueError(f"--{name}: must be positive, got {value}.")
        select_device(options.device)
    except ValueError as error:
        parser.error(str(error))
    if options.threads:
        torch.set_num_threads(options.threads)
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare the numbers, measure both ways, print and write what came out."""
    options = options_of(arguments)
    found = differences(options)
    print("differences: " + ", ".join(f"{k} {v:.1e}" for k, v in found.items()))
    values = max(value for name, value in found.items() if name != "gradient")
    if values > VALUES or found["gradient"] > GRADIENTS:
        raise SystemExit(f"Values must agree to {VALUES} and gradients to {GRADIENTS}.")
    steps = {name: Step(options, name == "nested") for name in ("closed", "nested")}
    for step in steps.values():
        step()
    medians = seconds(steps, options.repeats)
    ratio = medians["nested"] / medians["closed"]
    shown = ", ".join(f"{name} {value * 1e3:.1f} ms" for name, value in medians.items())
    print(f"a step, batch {options.batch}, K = {options.components}: {shown}")
    print(f"closed form is {ratio:.1f} x faster")
    if options.out:
        settings = {k: v for k, v in vars(options).items() if k != "out"}
        settings["threads"] = torch.get_num_threads()
        content = settings | {"differences": found, "seconds": medians, "ratio": ratio}
        options.out.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
