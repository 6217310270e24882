"""Networks for DeepXDE that satisfy the continuity equation exactly."""

from __future__ import annotations

import os

os.environ.setdefault("DDE_BACKEND", "pytorch")

import deepxde as dde

if dde.backend.backend_name != "pytorch":
    raise RuntimeError(
        "ncl_deepxde: needs DeepXDE's PyTorch backend, but DeepXDE was loaded with "
        f"the backend {dde.backend.backend_name!r}. Set DDE_BACKEND=pytorch in the "
        "environment before Python starts."
    )

__version__ = "0.1.0"
