"""Train a DeepXDE model in stages, in a way that survives kills and bad numbers."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import deepxde as dde

from ..distributed import processes, share, start
from ..evaluation.step_memory import check_memory
from ..optimizers import GaussNewton
from .checkpoints import load_checkpoint
from .environment import environment, tell_changes
from .kept_memory import keep_memory
from .log import drop_records
from .model_state import restore_model
from .stage_loop import NonFiniteLoss, Progress, RunSettings, Stage, StageLoop

__all__ = ["NonFiniteLoss", "TrainingResult", "train"]


@dataclass(frozen=True)
class TrainingResult:
    """What a run of ``train`` did, interruptions included.

    Args:
        steps: Steps of all stages.
        seconds: Training time of all stages, without the time between two processes.
        seconds_per_step: Their quotient.
        loss: Weighted sum of the loss terms at the last step, before its update.
        stopped_by: What ended the last stage: "steps", "seconds" or "callback".
    """

    steps: int
    seconds: float
    seconds_per_step: float
    loss: float
    stopped_by: str


def train(
    model: dde.Model,
    stages: Sequence[Stage],
    directory: Path,
    *,
    name: str,
    seed: int = 0,
    config: Mapping[str, Any] | None = None,
    resume: bool = False,
    checkpoint_seconds: float = 30.0,
    checkpoint_steps: int | None = None,
    log_every: int = 20,
    progress: bool = True,
    verbose: bool = False,
    callbacks: Sequence[dde.callbacks.Callback] = (),
    evaluate: Callable[[], Mapping[str, float]] | None = None,
) -> TrainingResult:
    """Train ``model`` through all stages by ``dde.Model.train``.

    Writes ``directory/checkpoints/<name>.pt``, keeps the one before as
    ``<name>.previous.pt``, and appends to ``directory/log.jsonl`` one line every
    ``log_every`` steps: model, stage, step, seconds, loss and terms, weighted as they
    enter the loss; of Gauss-Newton also the last ``StepRecord``, with ``lost``, the
    number of iterates that it left so far. A resumed run gives the numbers of an
    unbroken one, to the last bit on a CPU with budgets in steps, for data with a
    ``state_dict`` or with fixed points and optimizers with a complete ``state_dict``;
    DeepXDE's NNCG lacks one and builds its preconditioner anew.

    The network exists already: call ``dde.config.set_random_seed`` before building it.
    Under ``torchrun`` the processes share the points; the first one alone writes files,
    and a run may be continued by another number of processes. On Linux the process
    keeps memory that it frees for the next step, see :mod:`.kept_memory`.

    Args:
        model: The model; each stage compiles it.
        stages: The stages in order.
        directory: The run directory, shared by the models of a comparison.
        name: Name of the model in file names and in the log.
        seed: Seeds what is random in training itself.
        config: What must be equal for a run to be continued, as JSON values.
        resume: Continue from the checkpoint, if there is one.
        checkpoint_seconds: Longest time between two checkpoints.
        checkpoint_steps: Number of steps between two checkpoints, besides.
        log_every: Number of steps between two lines of the log.
        progress: Show a progress bar.
        verbose: Print every line of the log.
        callbacks: Further DeepXDE callbacks.
        evaluate: Errors by name, such as those against an exact solution; they go into
            every line of the log, and their time does not count.

    Raises:
        ValueError: A bad argument, a directory that cannot be written, a checkpoint of
            another plan, where the message names the difference, or a step that needs
            more than twice the memory there is.
        CheckpointError: The checkpoint is damaged or foreign.
        NonFiniteLoss: A loss term or a weight became infinite or not a number.
        KeyboardInterrupt: After Ctrl-C, once the step is finished and saved.
    """
    _check(stages, name, checkpoint_seconds, checkpoint_steps, log_every)
    plan = _plan(stages, name, seed, config or {})
    keep_memory()
    here = start()
    here.check_same(_flat(plan))
    share(model)
    settings = RunSettings(
        directory,
        name,
        plan,
        checkpoint_seconds,
        checkpoint_steps,
        log_every,
        show_progress=progress and here.is_first,
        evaluate=evaluate,
        is_verbose=verbose,
    )
    saved = here.first(lambda: _find_checkpoint(settings)) if resume else None
    done = Progress() if saved is None else Progress(**saved["progress"])
    for stage in stages[: done.stage + 1]:
        _compile(stage, model)
    if saved is None:
        dde.config.set_random_seed(seed)
    else:
        restore_model(model, saved["state"])
    loop = StageLoop(model, settings, done)
    here.first(lambda: _prepare_files(loop, fresh=saved is None))
    with _deferred_interrupt(loop):
        _run_stages(loop, stages, callbacks)
    per_step = done.seconds / done.steps
    return TrainingResult(
        done.steps, done.seconds, per_step, done.loss, done.stopped_by
    )


def _run_stages(
    loop: StageLoop,
    stages: Sequence[Stage],
    callbacks: Sequence[dde.callbacks.Callback],
) -> None:
    """Finish the stage that ``loop.done`` stands in, and run those after it."""
    while True:
        if not loop.done.stopped_by:
            if not isinstance(loop.trained.opt, GaussNewton):
                check_memory(loop.trained)  # which it does by itself
            loop.run(stages[loop.done.stage], callbacks)
        if loop.done.stage + 1 == len(stages):
            return
        loop.done.enter_next_stage()
        _compile(stages[loop.done.stage], loop.trained)


def _check(
    stages: Sequence[Stage],
    name: str,
    checkpoint_seconds: float,
    checkpoint_steps: int | None,
    log_every: int,
) -> None:
    if not stages:
        raise ValueError("train: stages must hold at least one Stage, got none.")
    if not name or Path(name).name != name:
        raise ValueError(f"train: name must be a plain file name, got {name!r}.")
    cadences = {
        "checkpoint_seconds": checkpoint_seconds,
        "checkpoint_steps": 1 if checkpoint_steps is None else checkpoint_steps,
        "log_every": log_every,
    }
    for argument, value in cadences.items():
        if not value > 0:
            raise ValueError(f"train: {argument} must be positive, got {value}.")


def _plan(
    stages: Sequence[Stage], name: str, seed: int, config: Mapping[str, Any]
) -> dict[str, Any]:
    """Return all that must be equal for a run to be continued, as JSON values."""
    plan = {
        "name": name,
        "seed": seed,
        "float type": dde.config.default_float(),
        "stages": [
            {"name": s.name, "steps": s.steps, "seconds": s.seconds} for s in stages
        ],
        "config": dict(config),
    }
    try:
        return dict(json.loads(json.dumps(plan)))
    except TypeError as error:
        raise ValueError(
            f"train: config must hold JSON values only, got {dict(config)} ({error})."
        ) from error


def _find_checkpoint(settings: RunSettings) -> dict[str, Any] | None:
    """Load the checkpoint to continue from; None if the run has not begun."""
    if not settings.checkpoint.exists():
        print(
            f"{settings.name}: no checkpoint {settings.checkpoint}, starting afresh.",
            file=sys.stderr,
        )
        return None
    saved = load_checkpoint(settings.checkpoint)
    before, now = _flat(saved["plan"]), _flat(settings.plan)
    for key in sorted(before.keys() | now.keys()):
        old, new = before.get(key, "absent"), now.get(key, "absent")
        if old != new:
            raise ValueError(
                f"train: cannot resume {settings.name!r} from {settings.checkpoint}: "
                f"{key} was {old!r} and is now {new!r}. Use the old value, start "
                "without resume, or choose another directory."
            )
    changes = tell_changes(saved.get("environment", {}), environment())
    if changes:
        print(
            f"{settings.name}: {changes}. It goes on, but its numbers may differ from "
            "those of an unbroken run.",
            file=sys.stderr,
        )
    return saved


def _flat(value: Any, key: str = "") -> dict[str, Any]:
    """Return the leaves of nested dicts and lists by dotted keys."""
    if isinstance(value, dict):
        items = [(f"{key}.{k}" if key else k, v) for k, v in value.items()]
    elif isinstance(value, list):
        items = [(f"{key}[{i}]", v) for i, v in enumerate(value)]
    else:
        return {key: value}
    return {k: leaf for name, v in items for k, leaf in _flat(v, name).items()}


def _compile(stage: Stage, model: dde.Model) -> None:
    stage.compile(model)
    if model.opt_name in ("L-BFGS", "L-BFGS-B"):
        raise ValueError(
            f"Stage {stage.name!r}: the optimizer must work step by step, got the name "
            f"{model.opt_name!r}, whose loop in DeepXDE cannot be saved or timed. Pass "
            "an instance, torch.optim.LBFGS(model.net.parameters(), ...)."
        )


def _prepare_files(loop: StageLoop, *, fresh: bool) -> None:
    """Prove that the directory can be written, and drop what an older run left."""
    settings = loop.settings
    try:
        settings.directory.mkdir(parents=True, exist_ok=True)
        drop_records(settings.log, model=settings.name, beyond=loop.done.steps)
        if fresh:
            loop.write()
            settings.previous.unlink(missing_ok=True)
    except OSError as error:
        raise ValueError(
            f"train: directory must be a folder that can be written, got "
            f"{settings.directory} ({error.strerror or error}). Choose another one."
        ) from error


@contextmanager
def _deferred_interrupt(loop: StageLoop) -> Iterator[None]:
    """Let Ctrl-C end the run after the step; a second Ctrl-C ends it at once."""
    is_ours = threading.current_thread() is threading.main_thread()
    is_ours = is_ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler

    def note(*_: object) -> None:
        loop.interrupted = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    if is_ours:
        signal.signal(signal.SIGINT, note)
    try:
        yield
    except KeyboardInterrupt:
        if not processes().is_first:
            raise
        print(
            f"\n{loop.settings.name}: interrupted; saved {loop.settings.checkpoint} at "
            f"step {loop.saved_step}. Continue with resume=True, or --resume on the "
            "command line.",
            file=sys.stderr,
        )
        raise
    finally:
        if is_ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
