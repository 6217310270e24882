"""Two processes that train, or fail to, beside one that does the same alone.

``python pair.py FOLDER`` imports everything once, forks pairs of processes, and writes
what they found to FOLDER.
"""

import os
import signal
import socket
import sys
from pathlib import Path

import deepxde as dde
import torch
import torch.distributed as dist
from trainings import TRAININGS, collocation, network, trained

from ncl_deepxde import distributed
from ncl_deepxde.optimizers import GaussNewton
from ncl_deepxde.runs import Stage, train

start = sys.modules["ncl_deepxde.distributed.start"]


def model_of(data=None):
    return dde.Model(collocation() if data is None else data, network())


def other_weights(rank):
    dde.config.set_random_seed(rank)
    distributed.share(model_of())


def other_versions(rank):
    start.version = lambda name: f"{rank}.0"
    distributed.start()


def too_few_points(rank):
    distributed.start()
    collocation(points=1).train_next_batch()


def no_gloo(rank):
    dist.is_gloo_available = lambda: False
    distributed.start()


def used_port(rank):
    if rank == 0:
        with socket.create_server(("", int(os.environ["MASTER_PORT"]))):
            distributed.start()


def dead_process(rank):
    here = distributed.start()
    if rank == 1:
        os._exit(0)
    here.sum(torch.ones(3))


def failure_of_the_first(rank):
    distributed.start().first(lambda: int("no number"))


def nncg(rank):
    here = distributed.start()
    optimizer = type("NNCG", (torch.optim.SGD,), {})([torch.ones(1)], lr=here.size)
    optimizer.step(lambda: 0.0)


def different_weights(rank):
    distributed.start()
    optimizer = torch.optim.SGD([torch.full((1,), 1.0 + rank)], lr=1.0)
    for _ in range(100):
        optimizer.step(lambda: 0.0)


TROUBLES = {
    f.__name__: f
    for f in (
        other_weights,
        other_versions,
        too_few_points,
        no_gloo,
        used_port,
        dead_process,
        failure_of_the_first,
        nncg,
        different_weights,
    )
}


def run(folder, rank=0, **options):
    """Train through two optimizers by ``train``; returns the weights."""
    dde.config.set_random_seed(0)
    model = model_of()
    stages = [
        Stage("adam", lambda model: model.compile("adam", lr=1e-2, verbose=0), steps=4),
        Stage("gn", lambda m: m.compile(GaussNewton(m), verbose=0), steps=4),
    ]
    options = {"name": "tiny", "progress": False, "log_every": 1, **options}
    train(model, stages, folder, **options)
    return torch.cat([p.detach().flatten() for p in model.net.parameters()])


class Interrupt(dde.callbacks.Callback):
    """Ctrl-C that reaches one process alone, in the third step."""

    def on_batch_end(self):
        if self.model.train_state.step == 3:
            os.kill(os.getpid(), signal.SIGINT)


def interrupted(folder, rank):
    callbacks = [Interrupt()] if rank == 1 else []
    try:
        run(folder, rank, callbacks=callbacks)
    except KeyboardInterrupt:
        return "interrupted"


def forked(size, work):
    """Do some work in several processes; returns what each found, or its error."""
    with socket.socket() as one:
        one.bind(("localhost", 0))
        port = str(one.getsockname()[1])
    world = {"MASTER_ADDR": "localhost", "MASTER_PORT": port, "WORLD_SIZE": str(size)}
    children = []
    for rank in range(size):
        mine, theirs = socket.socketpair()
        child = os.fork()
        if not child:
            os.environ |= world | {"RANK": str(rank)}
            try:
                found = work(rank)
            except Exception as error:
                found = f"{type(error).__name__}: {error}"
            with theirs.makefile("wb") as file:
                torch.save(found, file)
            os._exit(0)
        theirs.close()
        children.append((child, mine))
    found = []
    for child, mine in children:
        with mine.makefile("rb") as file:
            words = file.read()
        os.waitpid(child, 0)
        path = Path(sys.argv[1]) / "found.pt"
        path.write_bytes(words)
        found.append(torch.load(path, weights_only=True) if words else None)
    return found


def main(folder):
    # Shells start what runs in the background with Ctrl-C ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    dde.config.set_default_float("float64")
    torch.set_num_threads(1)
    found = {name: forked(2, work) for name, work in TROUBLES.items()}
    pair = folder / "pair"
    found["interrupted"] = forked(2, lambda rank: interrupted(pair, rank))
    found["resumed"] = forked(2, lambda rank: run(pair, rank, resume=True))
    forked(2, lambda rank: interrupted(folder / "then alone", rank))

    def every(rank):
        return {name: trained(name) for name in TRAININGS}

    found["trainings"] = forked(2, every)
    found["alone"] = every(0)
    found["run alone"] = run(folder / "alone")
    found["resumed alone"] = run(folder / "then alone", resume=True)
    torch.save(found, folder / "all.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
