"""What a run computes with, beside its options: versions, numbers and device."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

import deepxde as dde
import torch

from .. import __version__

__all__ = ["environment", "installed_versions", "tell_changes"]

PACKAGES = ("deepxde", "torch", "numpy", "scipy")


def installed_versions() -> dict[str, str | None]:
    """Return the versions of what computes; ``None`` for what is no package here."""
    found: dict[str, str | None] = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def environment() -> dict[str, str]:
    """Return versions, type of numbers and device, by name."""
    device = torch.get_default_device().type
    if device == "cuda":
        device = f"{device}, {torch.cuda.get_device_name()}"
    return {
        "python": platform.python_version(),
        # Of the code that runs: an installation in place may tell an older one.
        "ncl-deepxde": __version__,
        **{name: found or "unknown" for name, found in installed_versions().items()},
        "float type": dde.config.default_float(),
        "device": device,
    }


def tell_changes(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Tell what has changed between two environments; empty where nothing has.

    Args:
        before: One that :func:`environment` returned; what it lacks is unknown.
        now: Another one.
    """
    changes = [
        f"{name} was {before[name]} and is now {now.get(name)}"
        for name in before
        if before[name] != now.get(name)
    ]
    return "; ".join(changes)
