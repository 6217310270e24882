"""The progress bar of a stage: steps, loss, time left, and whether others compute."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, NoReturn, Self

import torch
from tqdm import tqdm

from .core_share import CoreShare

__all__ = ["StageBar"]

BUSY = 0.7
"""Share of a core below which a machine is called busy. On two idle cores, training of
the Euler torus had 1.00 with one thread and 0.89 with two; beside several programs,
0.34 to 0.66."""


class StageBar:
    """A progress bar; the budget that is nearer to its end moves it.

    Args:
        title: What stands before the bar.
        steps: Budget in steps.
        seconds: Budget in seconds.
        show: Whether there is a bar at all.
        share: Returns the share of a core that training gets.
    """

    def __init__(
        self,
        title: str,
        steps: int | None,
        seconds: float | None,
        *,
        show: bool,
        share: CoreShare | None = None,
    ) -> None:
        self._steps, self._seconds = steps, seconds
        self._share = share or CoreShare()
        self._first: tuple[int, float] | None = None
        self._bar: tqdm[NoReturn] = tqdm(
            total=1.0,
            bar_format=f"{title}: {{percentage:3.0f}}%|{{bar}}| {{desc}}",
            # A log file gets a line now and then, not an animation.
            mininterval=0.2 if sys.stderr.isatty() else 10.0,
            disable=not show,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(
        self,
        step: int,
        seconds: float,
        loss: float,
        errors: Mapping[str, float] | None = None,
    ) -> None:
        """Move the bar.

        Args:
            step: Steps of the stage so far, at least 1.
            seconds: Time of the stage so far.
            loss: Loss of the last step.
            errors: Errors by name, where some are known.
        """
        if self._bar.disable:
            return
        fractions = []
        if self._steps is not None:
            fractions.append(step / self._steps)
        if self._seconds is not None:
            fractions.append(seconds / self._seconds)
        fraction = min(max(fractions), 1.0)
        left = tqdm.format_interval(self.left(step, seconds))
        of = "" if self._steps is None else f" of {self._steps}"
        known = "".join(f", {k} {v:.2e}" for k, v in (errors or {}).items())
        text = f"step {step}{of}, loss {loss:.2e}{known}, {left} left{self._note()}"
        self._bar.set_description_str(text, refresh=False)
        self._bar.update(fraction - self._bar.n)

    def tell(self, record: Mapping[str, Any]) -> None:
        """Print a record of the log as a line above the bar."""
        values = {**record["terms"], **record.get("errors", {})}
        told = ", ".join(f"{name} {value:.2e}" for name, value in values.items())
        head = f"{record['model']} {record['stage']}, step {record['step']}"
        tqdm.write(f"{head}: loss {record['loss']:.3e} ({told})", file=sys.stderr)

    def left(self, step: int, seconds: float) -> float:
        """Return the seconds left, by all steps but the first, which sets up much."""
        if self._first is None:
            self._first = (step, seconds)
        began, since = self._first
        pace = seconds / step if step == began else (seconds - since) / (step - began)
        times = []
        if self._steps is not None:
            times.append((self._steps - step) * pace)
        if self._seconds is not None:
            times.append(self._seconds - seconds)
        return max(min(times), 0.0)

    def _note(self) -> str:
        """Say that the machine is busy, where it is; on a GPU the thread waits."""
        share = self._share()
        if share >= BUSY or torch.get_default_device().type != "cpu":
            return ""
        return f", busy machine: {share:.0%} of a core"
