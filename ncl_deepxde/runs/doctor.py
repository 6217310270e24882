"""What is there to compute with, and what to do about what is missing."""

from __future__ import annotations

import io
import platform
import shutil
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import deepxde as dde
import numpy as np
import torch

from .. import __version__
from ..data import Collocation, kronecker_box
from ..evaluation.available_memory import available_memory
from ..evaluation.solution import continuity_error
from ..nn import NCL
from ..optimizers import GaussNewton
from .environment import installed_versions
from .stage_loop import Stage
from .threads import available_cores, default_threads
from .training import train

__all__ = ["Check", "examine"]

OPTIONAL = {
    "dolfinx": (
        "finite elements",
        "pip install 'ncl-deepxde[fem]' (Linux x86-64, Python 3.12), elsewhere "
        "conda env create -f environment.yml; without it the torus has a spectral "
        "reference, and the ball none",
    ),
    "netgen": ("meshes of domains in words", "pip install 'ncl-deepxde[mesh]'"),
    "pandas": ("radar files of birds", "pip install 'ncl-deepxde[birds]'"),
}

GIB = 2**30
DISK = 1.0
"""GiB on the disk below which a remedy is told."""

MEMORY = 2.0
"""GiB of memory below which a remedy is told."""

ROUNDINGS = 100
"""Roundings that a residual of a few dozen terms may be off."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: What it is.
        found: What was found.
        remedy: What to do; empty where all is well.
        is_needed: Whether a run fails without.
    """

    name: str
    found: str
    remedy: str = ""
    is_needed: bool = False


def examine(directory: Path) -> Iterator[Check]:
    """Yield what there is to compute with, one check after the other.

    Args:
        directory: Where runs would be written, and where a tiny training is.
    """
    yield from _versions()
    yield from _devices()
    yield from _parts()
    yield from _room(directory)
    yield _exactness()
    yield _training(directory)


def _versions() -> Iterator[Check]:
    yield Check("python", f"{platform.python_version()}, {platform.platform()}")
    # Of the code that runs: an installation in place may tell an older one.
    yield Check("ncl-deepxde", __version__)
    for name, found in installed_versions().items():
        missing = "" if found else f"pip install {name}"
        yield Check(name, found or "not installed as a package", missing)


def _devices() -> Iterator[Check]:
    if torch.cuda.is_available():
        yield Check("GPU", torch.cuda.get_device_name())
    elif torch.version.cuda:
        yield Check("GPU", f"none seen; torch is built for CUDA {torch.version.cuda}")
    else:
        remedy = "with a GPU: make .venv TORCH=cuda" if _has_nvidia() else ""
        yield Check("GPU", "none; torch is built for CPUs", remedy)
    threads, cores = default_threads(), available_cores()
    yield Check("threads", f"{threads} by default, {cores} cores to be had")


def _has_nvidia() -> bool:
    return any(Path("/dev").glob("nvidia[0-9]*"))


def _parts() -> Iterator[Check]:
    for name, (purpose, remedy) in OPTIONAL.items():
        if find_spec(name) is None:
            yield Check(name, f"missing, for {purpose}", remedy)
        else:
            yield Check(name, f"there, for {purpose}")


def _room(directory: Path) -> Iterator[Check]:
    free = shutil.disk_usage(directory).free / GIB
    remedy = "" if free >= DISK else "free some space, or choose another --out"
    yield Check("disk", f"{free:.1f} GiB free in {directory}", remedy)
    memory = available_memory(torch.device("cpu"))
    if memory is not None:
        remedy = "" if memory >= MEMORY * GIB else "close other programs"
        yield Check("memory", f"{memory / GIB:.1f} GiB free", remedy)


def _exactness() -> Check:
    """Measure the residual of continuity of an exact network that is not trained."""
    net = NCL([3, 16, 16, 3], "tanh", "Glorot normal")
    points = np.random.default_rng(0).random((64, 3))
    error = continuity_error(net, points[:, :2], points[:, 2:], "flux")
    dtype = torch.finfo(next(net.parameters()).dtype)
    is_exact = error.relative <= ROUNDINGS * dtype.eps
    found = (
        f"rho_t + div m is {error.relative:.0e} of its largest term; one rounding in "
        f"{dtype.dtype} is {dtype.eps:.0e}"
    )
    remedy = "" if is_exact else "report this: the network must be exact to round-off"
    return Check("exactness", found, remedy, is_needed=True)


def _training(directory: Path) -> Check:
    """Train an exact network for a few steps, with checkpoints and a log."""
    net = NCL([2, 8, 8, 2], "tanh", "Glorot normal")

    def carried(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return y[:, 1:] - y[:, :1] + torch.sin(x[:, :1])

    data = Collocation(carried, kronecker_box([0, 0], [1, 1]), num_domain=64, seed=0)
    model = dde.Model(data, net)

    def compiled(model: dde.Model) -> None:
        model.compile(GaussNewton(model), verbose=0)

    losses = []  # before the last step each: that is after none and after three
    for steps in (1, 4):
        folder = directory / ".doctor"
        try:
            stage = Stage("gauss-newton", compiled, steps)
            with redirect_stdout(io.StringIO()):
                found = train(model, [stage], folder, name="doctor", progress=False)
            losses.append(found.loss)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    first, last = losses
    fell = last < first
    found_text = f"three steps took the loss from {first:.0e} to {last:.0e}"
    remedy = "" if fell else "report this: they must lower it"
    return Check("training", found_text, remedy, is_needed=True)
