"""What a finished run promised, looked at again: ``ncl-deepxde verify RUN``."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import deepxde as dde

from ..evaluation.promises import Promise, is_same
from ..files import content_hash, read_json
from ..reports.comparison import load_metrics, run_remedy
from ..reports.findings import doubts
from .cells import Cell, list_cells
from .checkpoints import CheckpointError, load_checkpoint
from .discovery import find
from .environment import environment, tell_changes
from .log import read_log
from .problem import Problem
from .run import check_name, load_reference, with_data
from .settings import Preset
from .stage_end import loss_fell, network_promises, outputs_at

__all__ = ["verify"]


def verify(directory: Path, data: Sequence[Path] = ()) -> Iterator[Promise]:
    """Yield every promise of a finished run, as it is looked at.

    Each network is built anew, gets the weights of its checkpoint, and must say what
    the trained one said; its laws and its hard start are looked at again. The losses of
    each stage fell, the reference is finer than the differences it judges, and
    ``metrics.json`` tells what the checkpoints hold. Nothing is trained or solved.

    Args:
        directory: The run directory.
        data: The measurements of the run, if it had some.

    Raises:
        ValueError: It holds no run, or one of other code, settings or data.
    """
    config = _read(directory / "config.json", CONFIG)
    try:
        metrics = load_metrics(directory)
    except ValueError as error:
        raise ValueError(
            f"RUN: must be the directory of a finished run, but {error}"
        ) from error
    problem = _same_problem(config, data)
    check_name("preset in config.json", config["preset"], problem.presets)
    preset = problem.presets[config["preset"]]
    if json.loads(json.dumps(preset.content)) != config["settings"]:
        raise ValueError(
            f"verify: the preset {config['preset']!r} has other settings now than in "
            f"{directory / 'config.json'}. Verify with the release that ran it."
        )
    yield _reference(problem, metrics, directory / "reference.npz")
    log = read_log(directory / "log.jsonl")
    for cell in list_cells(list(metrics["models"]), preset, config["seed"]):
        for promise in _of_cell(problem, preset, cell, directory, metrics):
            yield _named(cell, promise)
        records = [r for r in log if r.get("model") == cell.name]
        for stage, group in itertools.groupby(records, lambda r: str(r["stage"])):
            fell = loss_fell([r["loss"] for r in group], stage)
            if fell is not None:
                yield _named(cell, fell)


def _named(cell: Cell, promise: Promise) -> Promise:
    return Promise(f"{cell.name}, {promise.name}", promise.holds, promise.text)


CONFIG = {"problem": str, "preset": str, "seed": int, "settings": dict}
"""What must be in ``config.json``."""


def _read(path: Path, kinds: Mapping[str, type]) -> dict[str, Any]:
    """Read a JSON file of a run with values of some kinds."""
    try:
        found = read_json(path)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"RUN: must be the directory of a finished run, but {path} cannot be read "
            f"({getattr(error, 'strerror', None) or error}). {run_remedy(path.parent)}"
        ) from error
    wrong = [key for key, kind in kinds.items() if not isinstance(found.get(key), kind)]
    wrong += ["data"] if not isinstance(found.get("data", {}), dict) else []
    if wrong:
        raise ValueError(
            f"RUN: must be the directory of a finished run, but {path} has no valid "
            f"{', '.join(wrong)}. Choose another directory."
        )
    return found


def _same_problem(config: Mapping[str, Any], data: Sequence[Path]) -> Problem[Any]:
    """Return the problem of a run with its data, which must be the same."""
    problem = with_data(find(config["problem"]), tuple(map(str, data)))
    hashes = {path.name: content_hash(path) for path in data}
    if hashes != config.get("data", {}):
        raise ValueError(
            f"--data: must be the files of the run, {', '.join(config['data'])}, with "
            f"the same content, got {', '.join(hashes) or 'none'}."
            if "data" in config
            else "--data: the run has no data. Leave --data out."
        )
    return problem


def _reference(
    problem: Problem[Any], metrics: Mapping[str, Any], path: Path
) -> Promise:
    """Tell whether the reference is whole, and finer than what it judges."""
    try:
        load_reference(problem, path)
    except ValueError as error:
        return Promise("reference", False, str(error))
    found = list(doubts(metrics))
    return Promise("reference", not found, " ".join(found) or "whole, and no doubts")


def _of_cell(
    problem: Problem[Any],
    preset: Preset,
    cell: Cell,
    directory: Path,
    metrics: Mapping[str, Any],
) -> Iterator[Promise]:
    """Yield the promises of one training, from its checkpoint."""
    try:
        saved = load_checkpoint(directory / "checkpoints" / f"{cell.name}.pt")
    except CheckpointError as error:
        yield Promise("checkpoint", False, str(error))
        return
    settings = preset.settings(cell.model, cell.case)
    with redirect_stdout(io.StringIO()):
        dde.config.set_default_float(settings.float_type)
        dde.config.set_random_seed(cell.seed)
    experiment = problem.build(cell.model, settings, cell.seed)
    progress, net = saved["progress"], experiment.model.net
    is_done = progress["stage"] + 1 == len(experiment.stages)
    is_done &= bool(progress["stopped_by"])
    of = f"step {progress['steps']}, stage {progress['stage'] + 1} of "
    yield Promise("finished", is_done, f"{of}{len(experiment.stages)}")
    changes = tell_changes(saved.get("environment", {}), environment())
    yield Promise("environment", True, changes or "the same")
    yield _told(cell, metrics, progress["loss"])
    try:
        net.load_state_dict(saved["state"]["weights"])
    except RuntimeError as error:
        yield Promise("weights", False, " ".join(str(error).split()))
        return
    sample = saved.get("sample")
    if sample is None:
        yield Promise("outputs", True, "nothing was saved to compare with")
        return
    now = outputs_at(net, sample["inputs"])
    yield is_same(sample["outputs"], now["outputs"])
    yield from network_promises(net, sample["inputs"])


def _told(cell: Cell, metrics: Mapping[str, Any], loss: float) -> Promise:
    """Compare the loss in ``metrics.json`` with that of the checkpoint."""
    record = metrics["models"][cell.model]
    if "seeds" in record:
        record = record["seeds"].get(str(cell.seed), {})
    told = record.get("loss", record.get(f"loss_{cell.case}"))
    return Promise("metrics.json", told == loss, f"loss {told}, checkpoint {loss}")
