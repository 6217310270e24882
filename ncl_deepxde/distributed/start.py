"""How processes that torchrun started find each other."""

from __future__ import annotations

import atexit
import os
import sys
import warnings
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

import torch
import torch.distributed as dist
from torch.distributed.rendezvous import rendezvous

from .gradients import share_gradients
from .processes import Processes, enter, processes

__all__ = ["start"]

# Longer than what one process does alone between two messages of a step: a line of the
# log, a checkpoint.
TIMEOUT = timedelta(minutes=10)
VERSIONS = ("ncl_deepxde", "deepxde", "torch", "numpy")


def start() -> Processes:
    """Join the processes that ``torchrun`` started, and let them share the work.

    From here on, points of a ``Collocation`` or ``Observations`` are shared, and the
    gradients of every optimizer of torch are averaged when DeepXDE's closure has
    computed them. Messages go by NCCL between GPUs, one for each process, and by gloo
    between CPUs. All processes but the first say nothing but errors. Without
    ``torchrun``, or when called again, nothing happens.

    Returns:
        The processes.

    Raises:
        ValueError: Processes of different versions, more than there are GPUs, a port
            that is in use, or a build of torch without messages.

    Example:
        >>> start().size
        1
    """
    if processes().size > 1 or int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return processes()
    has_gpu = torch.get_default_device().type == "cuda"
    rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    _check_backend(has_gpu=has_gpu)
    if has_gpu:
        _select_gpu()
    backend = "cpu:gloo,cuda:nccl" if has_gpu else "gloo"
    try:
        store, *_ = next(iter(rendezvous("env://", timeout=TIMEOUT)))
        dist.init_process_group(
            backend, store=store, rank=rank, world_size=size, timeout=TIMEOUT
        )
    except (RuntimeError, ValueError) as error:
        raise ValueError(_unreachable(error)) from error
    found = Processes(rank, size, store)
    atexit.register(dist.destroy_process_group)
    enter(found)
    found.check_same({f"version of {name}": version(name) for name in VERSIONS})
    share_gradients()
    if not found.is_first:
        warnings.simplefilter("ignore")
        # Open for as long as somebody may print.
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    return found


def _check_backend(*, has_gpu: bool) -> None:
    gloo = dist.is_available() and dist.is_gloo_available()
    nccl = not has_gpu or dist.is_nccl_available()
    if not (gloo and nccl):
        name = "NCCL" if gloo else "gloo"
        raise ValueError(
            f"distributed: torch must be built with {name}, got {torch.__version__} "
            "without it. Install another build, or start one process without torchrun."
        )


def _select_gpu() -> None:
    """Take the GPU of this process."""
    local, count = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
    if local >= count:
        raise ValueError(
            f"distributed: each process must have a GPU, got {count} for process "
            f"{local} of this machine. Start torchrun with --nproc-per-node {count}, "
            "or use --device cpu."
        )
    torch.cuda.set_device(local)


def _unreachable(error: Exception) -> str:
    host, port = (os.environ.get(f"MASTER_{k}", "?") for k in ("ADDR", "PORT"))
    reason = str(error).strip().partition("\n")[0]
    if "EADDRINUSE" in str(error):
        return (
            f"distributed: MASTER_PORT must be free on {host}, got {port}, which "
            "another program uses. Choose another --master-port."
        )
    return (
        f"distributed: all processes must meet at {host}:{port}, and this one did not "
        f"({reason}). Check --master-addr, --master-port and --nnodes."
    )
