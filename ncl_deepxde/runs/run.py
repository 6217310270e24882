"""One run of a problem: reference, training, metrics, figures, report."""

from __future__ import annotations

import io
import json
import shlex
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, redirect_stdout, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import deepxde as dde
import torch

from ..distributed import processes
from ..evaluation.metrics import Solution
from ..evaluation.rows import TRAINING_ROWS
from ..files import DAMAGE, content_hash, read_json, write_json
from ..reports.diagnosis import diagnose
from ..reports.report import terminal_table, write_report
from .cells import Cell, add_case, list_cells, mean_over_seeds, with_costs
from .discovery import find
from .environment import environment
from .log import read_log
from .problem import DataProblem, Experiment, Problem
from .run_directory import check_writable, sole_use
from .settings import Preset
from .stage_end import broken_in
from .threads import default_threads, set_threads
from .training import train

__all__ = [
    "Output",
    "RunOptions",
    "check_name",
    "load_reference",
    "run",
    "select_device",
    "with_data",
]


@dataclass(frozen=True)
class RunOptions:
    """What a run is of.

    Attributes:
        problem: Name of the problem.
        preset: Name of one of its presets.
        models: Names of models; those of the preset when empty.
        seed: Seed of weights and points; the first one, where the preset has several.
        device: ``"cpu"`` or ``"cuda"``.
        data: Files or folders of measurements, for problems that take some.
        threads: Number of threads; ``None`` for that of the run that is continued, or
            the default of the machine. The last bits of a result depend on it.
    """

    problem: str
    preset: str
    models: tuple[str, ...]
    seed: int
    device: str
    data: tuple[str, ...] = ()
    threads: int | None = None

    def command(self, out: Path) -> str:
        """Return the command line that repeats the run."""
        models = [word for model in self.models for word in ("--model", model)]
        words = ["ncl-deepxde", "run", self.problem, *models, "--preset", self.preset]
        if processes().size > 1:
            started = f"torchrun --nproc-per-node {processes().size} -m ncl_deepxde"
            words = [*started.split(), *words[1:]]
        words += [word for path in self.data for word in ("--data", path)]
        words += ["--seed", str(self.seed), "--device", self.device]
        if self.threads is not None:
            words += ["--threads", str(self.threads)]
        return shlex.join([*words, "--out", out.name])

    def content(self) -> dict[str, Any]:
        """Return all options, data by name with the hash of their content."""
        found = asdict(self)
        del found["data"]
        hashes = {Path(path).name: content_hash(Path(path)) for path in self.data}
        return {**found, "data": hashes} if hashes else found


@dataclass(frozen=True)
class Output:
    """What a run tells while it goes on; ``log.jsonl`` has everything in any case.

    Attributes:
        quiet: Tell nothing; what fails is an error all the same.
        verbose: Tell every line of the log.
    """

    quiet: bool = False
    verbose: bool = False

    def say(self, message: str) -> None:
        """Tell what begins or is done."""
        if not self.quiet:
            print(f"ncl-deepxde: {message}", file=sys.stderr, flush=True)


TALKATIVE = Output()


def run(
    options: RunOptions,
    out: Path,
    *,
    resume: bool = False,
    output: Output = TALKATIVE,
) -> dict[str, Any]:
    """Solve the reference, train the models, compare, draw, report.

    Several processes train together; the first one does all else.

    Args:
        options: What to run.
        out: Run directory.
        resume: Continue the run in that directory.
        output: What it tells while it goes on.

    Returns:
        The content of ``metrics.json``; nothing on processes that are not the first.

    Raises:
        ValueError: A bad argument.
        RuntimeError: Training or the reference failed.
    """
    here = processes()
    problem, options = _checked(options)
    # Before the reference, which may take hours.
    here.check_same({**asdict(replace(options, threads=None)), "out": str(out)})
    here.first(lambda: check_writable(out))
    with ExitStack() as held:
        here.first(lambda: held.enter_context(sole_use(out)))
        return _run_in_it(problem, options, out, resume, output)


def _run_in_it(
    problem: Problem[Any], options: RunOptions, out: Path, resume: bool, output: Output
) -> dict[str, Any]:
    start = time.perf_counter()
    here = processes()
    threads = here.first(lambda: _number_of_threads(options, out, resume))
    set_threads(threads)
    options = replace(options, threads=threads)
    preset = problem.presets[options.preset]
    here.first(lambda: _prepare(options, preset.content, out, resume))
    reference_path = out / "reference.npz"
    here.first(lambda: _solve_reference(problem, preset, reference_path, output))
    if not here.is_first:
        for cell in list_cells(options.models, preset, options.seed):
            _train(problem, cell, options, out, resume, Output(quiet=True))
        return {}
    reference = load_reference(problem, reference_path)
    metrics: dict[str, Any] = {
        "problem": problem.name,
        "preset": options.preset,
        "seed": options.seed,
        "device": options.device,
        "threads": options.threads,
        "processes": here.size,
        "models": {},
        "training": {},
        "reference": problem.describe_reference(reference_path),
    }
    solutions: dict[str, Solution] = {}
    trained = _trained(problem, options, reference, out, metrics, resume, output)
    for cell, experiment in trained:
        if cell.seed == options.seed:
            solutions[cell.label] = experiment.solution
    metrics["agreement"] = problem.agreement(solutions, reference)
    write_json(out / "metrics.json", metrics)
    solutions["reference"] = reference
    output.say("drawing figures and writing fields")
    figures = problem.draw(out, solutions, metrics)
    rows = (*problem.rows, *TRAINING_ROWS)
    report = write_report(
        out,
        title=f"{problem.name}: {problem.summary}",
        summary_html_or_text=problem.summarize(metrics),
        metrics=metrics,
        rows=rows,
        figures=figures,
        command=options.command(out),
    )
    if not output.quiet:
        print(f"\n{terminal_table(metrics, rows)}\n")
    output.say(f"done in {time.perf_counter() - start:.0f} s; report: {report}")
    return metrics


def _solve_reference(
    problem: Problem[Any], preset: Preset, path: Path, output: Output
) -> None:
    if not path.exists():
        output.say("solving the reference")
        problem.compute_reference(preset, path)


def load_reference(problem: Problem[Any], path: Path) -> Solution:
    """Read the reference of a run.

    Raises:
        ValueError: The file is damaged, or holds something else.
    """
    try:
        return problem.load_reference(path)
    except DAMAGE as error:
        text = " ".join(str(error).split())
        if str(path) in text:
            raise ValueError(text) from error
        raise ValueError(
            f"{path}: is damaged or holds something else ({text}). Remove it, and it "
            "is written again."
        ) from error


def _trained(
    problem: Problem[Any],
    options: RunOptions,
    reference: Solution,
    out: Path,
    metrics: dict[str, Any],
    resume: bool,
    output: Output,
) -> Iterator[tuple[Cell, Experiment[Any]]]:
    """Train and measure cell by cell; the metrics are complete after each."""
    preset = problem.presets[options.preset]
    records: dict[str, dict[int, dict[str, Any]]] = {m: {} for m in options.models}
    for cell in list_cells(options.models, preset, options.seed):
        experiment, costs = _train(problem, cell, options, out, resume, output)
        # With the type of numbers that the model has set.
        metrics["environment"] = environment()
        output.say(f"measuring {cell.name}")
        record = with_costs(cell, costs, problem.measure(experiment, reference))
        seeds = records[cell.model]
        seeds[cell.seed] = add_case(seeds.get(cell.seed, {}), record)
        metrics["models"][cell.model] = mean_over_seeds(seeds)
        log = [r for r in read_log(out / "log.jsonl") if r.get("model") == cell.name]
        metrics["training"][cell.name] = {
            **asdict(diagnose(log)),
            "broken": broken_in(log),
        }
        write_json(out / "metrics.json", metrics)
        yield cell, experiment


def _train(
    problem: Problem[Any],
    cell: Cell,
    options: RunOptions,
    out: Path,
    resume: bool,
    output: Output,
) -> tuple[Experiment[Any], dict[str, float]]:
    """Train one model; returns it with what that cost."""
    settings = problem.presets[options.preset].settings(cell.model, cell.case)
    with redirect_stdout(io.StringIO()):
        dde.config.set_default_float(settings.float_type)
        dde.config.set_random_seed(cell.seed)
    experiment = problem.build(cell.model, settings, cell.seed)
    output.say(f"training {cell.name}: {problem.models[cell.model]}")
    result = train(
        experiment.model,
        experiment.stages,
        out,
        name=cell.name,
        seed=cell.seed,
        config={
            **options.content(),
            "models": None,
            "settings": dict(cell.content),
        },
        resume=resume,
        evaluate=experiment.evaluate,
        progress=not output.quiet,
        verbose=output.verbose,
    )
    return experiment, {
        "train_seconds": result.seconds,
        "steps": result.steps,
        "seconds_per_step": result.seconds_per_step,
        "loss": result.loss,
        "parameters": sum(p.numel() for p in experiment.model.net.parameters()),
    }


def _checked(options: RunOptions) -> tuple[Problem[Any], RunOptions]:
    """Find the problem with its data, check the names and fill in the models."""
    problem = with_data(find(options.problem), options.data)
    check_name("--preset", options.preset, problem.presets)
    models = options.models or problem.presets[options.preset].models
    for model in models:
        check_name("--model", model, problem.models)
    if not 0 <= options.seed < 2**32:
        raise ValueError(f"--seed: must be from 0 to 2**32 - 1, got {options.seed}.")
    unique = tuple(dict.fromkeys(models))
    return problem, RunOptions(**{**asdict(options), "models": unique})


def with_data(problem: Problem[Any], files: tuple[str, ...]) -> Problem[Any]:
    """Return the problem of some files, where there are any.

    Raises:
        ValueError: It takes no data, a file is missing, or two have the same name.
    """
    if not files:
        return problem
    if not isinstance(problem, DataProblem):
        raise ValueError(
            f"--data: {problem.name} takes no data, got {', '.join(files)}. Leave "
            "--data out."
        )
    paths = [Path(file) for file in files]
    for path in paths:
        if not path.exists():
            raise ValueError(f"--data: no such file or folder, got {path}.")
    names = [path.name for path in paths]
    if len(set(names)) < len(names):
        raise ValueError(f"--data: names must differ, got {', '.join(names)}.")
    return problem.with_data(paths)


def check_name(argument: str, name: str, known: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` unless a name is one of the keys of ``known``."""
    if name not in known:
        raise ValueError(
            f"{argument}: must be one of {', '.join(known)}, got {name!r}."
        )


def _number_of_threads(options: RunOptions, out: Path, resume: bool) -> int:
    """Return the number of threads asked for, or that of the run continued."""
    threads = options.threads
    if threads is None:
        threads = default_threads()
        # A file that is damaged is refused where the options are compared.
        with suppress(OSError, ValueError, KeyError, TypeError):
            if resume:
                threads = int(read_json(out / "config.json")["threads"])
    return threads


def _prepare(
    options: RunOptions, settings: Mapping[str, Any], out: Path, resume: bool
) -> None:
    """Write or compare ``config.json``."""
    path = out / "config.json"
    content = {**options.content(), "settings": dict(settings)}
    config = json.loads(json.dumps(content))
    if path.exists() and not resume:
        raise ValueError(
            f"--out: {out} holds a run already. Continue it with --resume, or choose "
            "another directory."
        )
    if path.exists():
        try:
            old = read_json(path)
        except ValueError as error:
            raise ValueError(f"--resume: {error}") from error
        keys = (config.keys() | old.keys()) - {"models"}
        changed = sorted(k for k in keys if old.get(k) != config.get(k))
        if changed:
            raise ValueError(
                f"--resume: the run in {out} has other values of {', '.join(changed)}. "
                "Repeat its options (config.json), or choose another directory."
            )
    write_json(path, config)


def select_device(name: str) -> str:
    """Let torch and DeepXDE compute on a device.

    Args:
        name: ``"auto"``, ``"cpu"`` or ``"cuda"``; auto takes a GPU where there is one.

    Raises:
        ValueError: There is no such device.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name not in ("cpu", "cuda"):
        raise ValueError(f"--device: must be auto, cpu or cuda, got {name!r}.")
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError(
            "--device: cuda needs a CUDA device that torch can see, and there is none. "
            "Use --device cpu."
        )
    torch.set_default_device(name)
    return name
