"""The DeepXDE callback that times, logs, saves and ends one stage of training."""

from __future__ import annotations

import math
import shutil
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

import deepxde as dde
import numpy as np
import torch
from tqdm import tqdm

from ..distributed import alone, processes
from ..files import replacing
from .checkpoints import save_checkpoint
from .environment import environment
from .log import append_record, read_log
from .model_state import (
    has_finite_weights,
    model_state,
    restore_sampling,
    sampling_state,
)
from .optimizer_record import as_json, last_step
from .stage_bar import StageBar
from .stage_end import loss_fell, network_promises, points_of, sample_of

__all__ = ["NonFiniteLoss", "Progress", "RunSettings", "Stage", "StageLoop"]


# Why a stage ends, in the order of their numbers in a message.
REASONS = ("", "callback", "steps", "seconds")


class NonFiniteLoss(RuntimeError):  # noqa: N818
    """A loss term or a weight became infinite or not a number."""


@dataclass(frozen=True)
class Stage:
    """One optimizer for one budget; the budget that is used up first ends the stage.

    Args:
        name: Name of the stage in the log, such as "adam".
        compile: Calls ``model.compile(..., verbose=0)`` with the optimizer's name or an
            instance, and may set ``model.data.resample_every``. For L-BFGS pass a
            ``torch.optim.LBFGS``: one step of the stage is one call of its ``step``.
        steps: Number of steps.
        seconds: Training time of the stage.

    Raises:
        ValueError: No budget, or one that is not positive.
    """

    name: str
    compile: Callable[[dde.Model], None]
    steps: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        budgets = [b for b in (self.steps, self.seconds) if b is not None]
        if not budgets or not all(b > 0 for b in budgets):
            raise ValueError(
                f"Stage {self.name!r}: steps or seconds must be given and positive, "
                f"got steps={self.steps} and seconds={self.seconds}."
            )


@dataclass
class Progress:
    """How far training has come.

    ``stopped_by`` is empty while a stage runs; ``lost`` counts the iterates that an
    optimizer left for better weights, in all stages.
    """

    stage: int = 0
    step: int = 0
    stage_seconds: float = 0.0
    steps: int = 0
    seconds: float = 0.0
    loss: float = math.inf
    stopped_by: str = ""
    lost: int = 0

    def enter_next_stage(self) -> None:
        """Count the steps and seconds of a stage from zero again."""
        self.stage += 1
        self.step, self.stage_seconds, self.stopped_by = 0, 0.0, ""


@dataclass(frozen=True)
class RunSettings:
    """Names and cadences of one run; ``plan`` must be equal for it to be continued."""

    directory: Path
    name: str
    plan: dict[str, Any]
    checkpoint_seconds: float
    checkpoint_steps: int | None
    log_every: int
    show_progress: bool
    evaluate: Callable[[], Mapping[str, float]] | None
    is_verbose: bool = False

    @property
    def checkpoint(self) -> Path:
        """The file of the newest checkpoint."""
        return self.directory / "checkpoints" / f"{self.name}.pt"

    @property
    def previous(self) -> Path:
        """The file of the checkpoint before."""
        return self.checkpoint.with_name(f"{self.name}.previous.pt")

    @property
    def log(self) -> Path:
        """The file of the log, shared by the models of a run directory."""
        return self.directory / "log.jsonl"


class StageLoop(dde.callbacks.Callback):  # type: ignore[misc]
    """Runs stages through ``dde.Model.train``, as the last of its callbacks."""

    def __init__(
        self, trained: dde.Model, settings: RunSettings, done: Progress
    ) -> None:
        super().__init__()
        self.trained = trained
        self.settings = settings
        self.done = done
        self.interrupted = False
        self._saved_at = time.perf_counter()
        self.saved_step = done.steps
        self._has_warned = False
        self._terms: dict[str, float] = {}
        self._errors: dict[str, float] = {}
        self._is_observing = False

    def run(self, stage: Stage, callbacks: Sequence[dde.callbacks.Callback]) -> None:
        """Train the compiled model from where ``done`` stands to the end of a stage."""
        model, done = self.trained, self.done
        self._stage = stage
        self._trainable = [p.requires_grad for p in model.net.parameters()]
        self._sampling = sampling_state(model)
        model.train_state.step = model.train_state.iteration = done.steps
        self._bar = StageBar(
            f"{self.settings.name} {stage.name}",
            stage.steps,
            stage.seconds,
            show=self.settings.show_progress,
        )
        with self._bar, _observed_losses(model, self._observe):
            # DeepXDE's display would evaluate all losses once more.
            model.train(
                iterations=sys.maxsize,
                display_every=sys.maxsize,
                callbacks=[*callbacks, self],
                verbose=0,
            )

    def on_train_begin(self) -> None:
        """Undo DeepXDE's test before the loop: it draws points and thaws weights."""
        restore_sampling(self.model, self._sampling)
        for p, flag in zip(self.model.net.parameters(), self._trainable, strict=True):
            p.requires_grad_(flag)
        self.model.stop_training = False
        self._clock = time.perf_counter()

    def on_batch_begin(self) -> None:
        """Wait for the first loss evaluation of the step."""
        self._is_observing = True

    def _observe(self, terms: Sequence[torch.Tensor]) -> None:
        """Keep the loss terms a step starts from; stop before bad ones do harm."""
        # Later evaluations are trials of a line search, which may be infinite.
        if not self._is_observing:
            return
        self._is_observing = False
        values = torch.stack([t.detach() for t in terms]).tolist()
        names = getattr(self.trained.data, "loss_names", None)
        names = names or [f"term {i}" for i in range(1, len(values) + 1)]
        if self.trained.loss_weights is not None:
            weights = torch.as_tensor(self.trained.loss_weights, device="cpu").tolist()
            values = [w * v for w, v in zip(weights, values, strict=True)]
        self._terms = dict(zip(names, values, strict=True))
        for name, value in self._terms.items():
            if not math.isfinite(value):
                self._refuse(f"the loss term {name!r} is {value}", self.done.steps + 1)

    def on_batch_end(self) -> None:
        """Count the step and show its losses to the other callbacks."""
        done, now = self.done, time.perf_counter()
        elapsed, self._clock = now - self._clock, now
        done.step += 1
        done.steps += 1
        done.stage_seconds += elapsed
        done.seconds += elapsed
        done.loss = math.fsum(self._terms.values())
        newest = last_step(self.model.opt)
        done.lost += newest is not None and not newest.is_kept
        self.model.train_state.loss_train = np.array(list(self._terms.values()))

    def on_epoch_end(self) -> None:
        """Log, show and save, and end the stage when a budget is used up."""
        done, settings = self.done, self.settings
        done.stopped_by = self._agreed(self._reason_to_stop())
        if done.stopped_by or done.steps % settings.log_every == 0:
            self._log()
        self._bar.show(done.step, done.stage_seconds, done.loss, self._errors)
        every = settings.checkpoint_steps
        waited = time.perf_counter() - self._saved_at
        is_due = waited >= settings.checkpoint_seconds
        is_due |= every is not None and done.steps % every == 0
        if is_due or done.stopped_by or self.interrupted:
            self.save()
        if self.interrupted:
            raise KeyboardInterrupt
        self.model.stop_training = bool(done.stopped_by)

    def on_train_end(self) -> None:
        """Turn DeepXDE's copies of points into arrays, which ``dde.saveplot`` needs."""
        state = self.model.train_state
        for name in ("X_train", "X_test"):
            points = getattr(state, name)
            if isinstance(points, torch.Tensor):
                setattr(state, name, points.detach().cpu().numpy())

    def _reason_to_stop(self) -> str:
        stage, done = self._stage, self.done
        if self.model.stop_training:
            return "callback"
        if stage.steps is not None and done.step >= stage.steps:
            return "steps"
        if stage.seconds is not None and done.stage_seconds >= stage.seconds:
            return "seconds"
        return ""

    def _agreed(self, reason: str) -> str:
        """Stop all processes in the same step: by the first one's clock, or Ctrl-C."""
        here = processes()
        if here.size == 1:
            return reason
        number = REASONS.index(reason) if here.is_first else 0
        flags = torch.tensor(
            [number, self.interrupted], dtype=torch.int64, device="cpu"
        )
        (found,) = here.sum(flags)
        self.interrupted = bool(found[1])
        return REASONS[int(found[0])]

    def save(self) -> None:
        """Write a checkpoint; if the disk is full, warn once and keep the older one."""
        if not has_finite_weights(self.trained):
            self._refuse("a weight is not finite", self.done.steps)
        if not processes().is_first:
            return
        with self._surviving_full_disk():
            self.write()
        self._saved_at = time.perf_counter()

    def write(self) -> None:
        """Write a checkpoint and keep the one before; raises OSError."""
        newest = self.settings.checkpoint
        if newest.exists():
            with replacing(self.settings.previous) as copy:
                shutil.copyfile(newest, copy)
        payload = {
            "progress": asdict(self.done),
            "plan": self.settings.plan,
            "environment": environment(),
            "sample": sample_of(self.trained) if self.done.stopped_by else None,
            "state": model_state(self.trained),
        }
        save_checkpoint(newest, payload)
        self.saved_step = self.done.steps

    def _log(self) -> None:
        record: dict[str, Any] = {
            "model": self.settings.name,
            "stage": self._stage.name,
            "step": self.done.steps,
            "seconds": self.done.seconds,
            "loss": self.done.loss,
            "terms": self._terms,
        }
        newest = last_step(self.model.opt)
        if newest is not None:
            record["optimizer"] = {**as_json(newest), "lost": self.done.lost}
        if self.settings.evaluate is not None:
            # On all processes, whose random numbers stay the same.
            with alone():
                record["errors"] = self._errors = dict(self.settings.evaluate())
        if self.done.stopped_by and processes().is_first:
            self._look(record)
        self._clock = time.perf_counter()
        if not processes().is_first:
            return
        if self.settings.is_verbose:
            self._bar.tell(record)
        terms = self.model.train_state.loss_train
        self.model.losshistory.append(self.done.steps, terms, None, None)
        with self._surviving_full_disk():
            append_record(self.settings.log, record)

    def _look(self, record: dict[str, Any]) -> None:
        """Look at what must hold at the end of a stage; tell what does not."""
        began = self.done.steps - self.done.step
        earlier = [
            r["loss"]
            for r in read_log(self.settings.log)
            if r.get("model") == self.settings.name and r.get("step", 0) > began
        ]
        found = [*network_promises(self.trained.net, points_of(self.trained))]
        fell = loss_fell([*earlier, self.done.loss], self._stage.name)
        found += [] if fell is None else [fell]
        record["promises"] = [str(promise) for promise in found if promise.holds]
        record["broken"] = [str(promise) for promise in found if not promise.holds]
        for text in record["broken"]:
            where = f"{self.settings.name}, end of stage {self._stage.name!r}"
            tqdm.write(f"! {where}: BROKEN: {text}", file=sys.stderr)

    @contextmanager
    def _surviving_full_disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if not self._has_warned:
                warnings.warn(
                    f"{self.settings.name}: cannot write to {self.settings.directory} "
                    f"({error.strerror or error}). Training goes on; the checkpoint of "
                    f"step {self.saved_step} stays. Free some space on the disk.",
                    RuntimeWarning,
                    stacklevel=3,
                )
            self._has_warned = True

    def _refuse(self, reason: str, step: int) -> NoReturn:
        raise NonFiniteLoss(
            f"{self.settings.name}: {reason} at step {step}, stage "
            f"{self._stage.name!r}. The last good checkpoint is "
            f"{self.settings.checkpoint}, of step {self.saved_step}. A resumed run "
            "would repeat this; lower the learning rate or check the residuals."
        )


@contextmanager
def _observed_losses(
    model: dde.Model, observe: Callable[[Sequence[torch.Tensor]], None]
) -> Iterator[None]:
    """Hand the loss terms that DeepXDE computes while it trains to ``observe``."""
    original = model.data.losses_train

    def losses_train(*arguments: Any, **options: Any) -> Any:
        terms = original(*arguments, **options)
        observe(terms if isinstance(terms, list) else [terms])
        return terms

    model.data.losses_train = losses_train
    try:
        yield
    finally:
        del model.data.losses_train
