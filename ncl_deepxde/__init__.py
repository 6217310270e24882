"""Networks for DeepXDE that satisfy the continuity equation exactly."""

from __future__ import annotations

import os

_WRONG_BACKEND = (
    "ncl_deepxde: needs DeepXDE's PyTorch backend, got {!r}. "
    "Set DDE_BACKEND=pytorch in the environment before Python starts."
)

if os.environ.setdefault("DDE_BACKEND", "pytorch") != "pytorch":
    raise RuntimeError(_WRONG_BACKEND.format(os.environ["DDE_BACKEND"]))

# Read when torch loads its threads. Those that wait actively take the cores from the
# others of a busy machine, and a step on two threads took six times that on one.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import deepxde as dde  # noqa: E402  the environment is set above

if dde.backend.backend_name != "pytorch":
    raise RuntimeError(_WRONG_BACKEND.format(dde.backend.backend_name))

from . import _upstream, nn  # noqa: E402

_upstream.mend()

__version__ = "0.2.0"
__all__ = ["nn"]
