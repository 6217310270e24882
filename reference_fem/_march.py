"""The loop over time steps that all domains share, and the checks of its arguments."""

import math
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from .solution import Array, time_weights

if TYPE_CHECKING:
    from ._splitting import Splitting

Fields = tuple[Array, Array, Array]
Reader = Callable[["Splitting", dict[int, float]], Fields]
"""Returns rho, u and p of a weighted sum of time levels (0 is the newest)."""


@dataclass
class March:
    """What a run leaves behind.

    Attributes:
        rho: Densities at the saved times (T, ...).
        u: Velocities (T, dim, ...).
        p: Pressures (T, ...).
        diagnostics: Numbers per time step (num_steps + 1,).
        parameters: ``dt``, ``num_steps``, ``seconds``, ``processes``.
    """

    rho: Array
    u: Array
    p: Array
    diagnostics: dict[str, Array]
    parameters: dict[str, Any]


def march(
    create: Callable[[], "Splitting"],
    read: Reader,
    dt: float,
    t_end: float,
    times: Array,
    label: str | None,
) -> March:
    """Run the splitting scheme to the final time.

    Args:
        create: Makes the scheme at time 0.
        read: Turns time levels of the scheme into arrays.
        dt: Largest time step.
        t_end: Final time.
        times: Times to save.
        label: Of the progress bar on the first process; ``None`` shows no bar.
    """
    start = time.perf_counter()
    num_steps = math.ceil(t_end / dt * (1 - 1e-12))
    scheme = create()
    comm = scheme.msh.comm
    steps: Array = np.linspace(0.0, t_end, num_steps + 1)
    bar = tqdm(
        range(1, num_steps + 1),
        label,
        disable=label is None or comm.rank > 0,
        file=sys.stderr,
    )
    try:
        fields, rows = _advance(scheme, read, steps, times, bar)
    finally:
        scheme.destroy()
    rho, u, p = (np.stack(part) for part in zip(*fields, strict=True))
    parameters = {
        "dt": t_end / num_steps,
        "num_steps": num_steps,
        "seconds": time.perf_counter() - start,
        "processes": comm.size,
    }
    diagnostics = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return March(rho, u, p, diagnostics, parameters)


def _advance(
    scheme: "Splitting", read: Reader, steps: Array, times: Array, bar: Iterable[int]
) -> tuple[list[Fields], list[dict[str, float]]]:
    """Run all steps; return the fields at the save times and the diagnostics."""
    fields, rows = [], [scheme.diagnostics(0.0)]
    if times[0] == 0.0:
        fields.append(read(scheme, {0: 1.0}))
    for k in bar:
        scheme.step(float(steps[-1]) / (len(steps) - 1), float(steps[k]))
        rows.append(scheme.diagnostics(float(steps[k])))
        known = steps[max(0, k - 3) : k + 1]
        for moment in times[(times > steps[k - 1]) & (times <= steps[k])]:
            weights = time_weights(known, float(moment))
            levels = {len(known) - 1 - i: w for i, w in weights.items()}
            fields.append(read(scheme, levels))
    return fields, rows


Rule = tuple[str, Any, bool, str]


def check(rules: Sequence[Rule], dt: float, t_end: float, grad_div: float) -> None:
    """Check the arguments of a solve.

    Args:
        rules: Of the domain: name, value, whether it holds, rule in words.
        dt: Largest time step.
        t_end: Final time.
        grad_div: Coefficient of the grad-div term.

    Raises:
        ValueError: If an argument is out of range.
    """
    common = [
        ("t_end", t_end, 0 < t_end < math.inf, "positive and finite"),
        ("dt", dt, 0 < dt <= t_end, f"positive and at most t_end = {t_end!r}"),
        ("grad_div", grad_div, 0 <= grad_div < math.inf, "finite and not negative"),
    ]
    for name, value, holds, rule in [*rules, *common]:
        if not holds:
            raise ValueError(f"{name} must be {rule}, got {value!r}")


def save_times_array(save_times: Sequence[float] | int, t_end: float) -> Array:
    """Return the times to save.

    Args:
        save_times: Increasing times in [0, t_end], or a number of equally spaced ones.
        t_end: Final time.

    Raises:
        ValueError: If they are out of range or order.
    """
    if isinstance(save_times, int):
        if save_times < 2:
            raise ValueError(
                f"save_times as a number must be at least 2, got {save_times!r}"
            )
        return np.linspace(0.0, t_end, save_times)
    times = np.asarray(save_times, dtype=np.float64)
    close = np.abs(times - t_end) <= 1e-12 * t_end
    times = np.where(close, t_end, times)
    ordered = times.ndim == 1 and times.size > 0 and bool((np.diff(times) > 0).all())
    if not ordered or times[0] < 0 or times[-1] > t_end:
        raise ValueError(
            f"save_times must increase within [0, t_end = {t_end:g}], "
            f"got {save_times!r}"
        )
    return times
