"""Run DeepXDE's own example scripts with the compile line changed, and nothing else.

For each script and optimizer: the error that the script itself reports, after the same
CPU seconds of one core. A script that does not run tells why. The scripts come with
DeepXDE's sources, not with its package::

    git clone https://github.com/lululxvi/deepxde
    python benchmarks/deepxde_examples.py deepxde/examples --seconds 20
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import re
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

OPTIMIZERS = ("gauss-newton", "adam", "l-bfgs")
NUMBER = r"[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?"


def main() -> None:
    """Read the command line, run each script in a fresh process, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("examples", type=Path, help="folder examples/ of DeepXDE")
    parser.add_argument("--seconds", type=float, default=20.0, help="CPU seconds each")
    parser.add_argument("--only", default="", help="part of the scripts' names")
    parser.add_argument("--optimizer", action="append", choices=OPTIMIZERS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="JSON file of the results")
    parser.add_argument("--single", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.single:
        print(
            json.dumps(run(given.single, given.optimizer[0], given.seconds, given.seed))
        )
        return
    results = {}
    folders = ("function", "pinn_forward", "pinn_inverse")
    scripts = [p for f in folders for p in sorted((given.examples / f).glob("*.py"))]
    for script in scripts:
        is_ours = re.search("Backend supported:.*pytorch", script.read_text())
        if given.only not in script.name or not is_ours:
            continue
        row = {o: in_process(script, o, given) for o in given.optimizer or OPTIMIZERS}
        results[script.stem] = row
        print(
            script.stem,
            *(f"| {name} {shown(r)}" for name, r in row.items()),
            flush=True,
        )
        if given.out:
            given.out.write_text(json.dumps(results, indent=1) + "\n")


def shown(result: dict[str, Any]) -> str:
    """Return a cell of the table."""
    if "error" in result:
        return f"no: {result['error'][:100]}"
    parts = [f"{k} {v:.2e}" for k, v in result["reported"].items()]
    text = ", ".join(parts) or f"loss {result['loss']:.2e}"
    return f"{text} ({result['steps']} steps)"


def in_process(
    script: Path, optimizer: str, given: argparse.Namespace
) -> dict[str, Any]:
    """Run a script in a process that may fail."""
    command = [sys.executable, __file__, str(given.examples), "--single", str(script)]
    command += ["--optimizer", optimizer, "--seconds", str(given.seconds)]
    environment = os.environ | {"DDE_BACKEND": "pytorch", "OMP_NUM_THREADS": "1"}
    environment["MPLBACKEND"] = "agg"
    limit = 60 + 15 * given.seconds
    try:
        done = subprocess.run(
            [*command, "--seed", str(given.seed)],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
            timeout=limit,
        )
    except subprocess.TimeoutExpired:
        return {"error": f"a step takes more than {limit:.0f} s"}
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        return {"error": (done.stderr.strip().splitlines() or ["no output"])[-1]}
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def for_pytorch(text: str) -> str:
    """Return a script with the lines for PyTorch in place of those for others.

    DeepXDE's scripts hold both, each below a comment that names its backends.
    """
    lines, state, depth = [], "keep", 0
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        marker = re.match(r"\s*#.*\bbackends? (.*)", line, re.I)
        is_comment = line.lstrip().startswith("#")
        if marker:
            others = re.search("tensorflow|jax|paddle", marker[1])
            state = "add" if "pytorch" in marker[1] else "drop" if others else "keep"
            depth = indent
        elif not line.strip() or indent < depth or is_comment != (state == "add"):
            state = "keep"
        elif state == "add":
            line = re.sub("# ?", "", line, count=1)
        elif state == "drop":
            line = "# " + line
        lines.append(line)
    return "\n".join(lines)


def run(script: Path, optimizer: str, seconds: float, seed: int) -> dict[str, Any]:
    """Execute a script whose first training takes the given CPU seconds."""
    import ncl_deepxde  # noqa: F401, I001 (before deepxde)
    import deepxde as dde

    warnings.simplefilter("ignore")
    dde.config.set_random_seed(seed)
    found: dict[str, Any] = {}
    compile_, train = dde.Model.compile, dde.Model.train

    class Limit(dde.callbacks.Callback):
        def on_epoch_end(self) -> None:
            if time.process_time() - found["begin"] > seconds:
                self.model.stop_training = True

    def compiled(model: Any, name: Any, lr: Any = None, **options: Any) -> None:
        if "model" in found:
            return
        found["model"] = model
        options.pop("decay", None)
        options["verbose"] = 0
        if optimizer == "gauss-newton":
            from ncl_deepxde.optimizers import GaussNewton

            compile_(model, GaussNewton(model), **options)
        elif optimizer == "adam":
            compile_(model, "adam", lr=lr or 1e-3, **options)
        else:
            compile_(model, "L-BFGS", **options)

    def trained(
        model: Any, *_: Any, callbacks: Any = None, batch_size: Any = None, **__: Any
    ) -> Any:
        if "begin" in found:
            return model.losshistory, model.train_state
        found["begin"] = time.process_time()
        kept = (dde.callbacks.PDEPointResampler, dde.callbacks.VariableValue)
        limited = [*(c for c in callbacks or () if isinstance(c, kept)), Limit()]
        options = {"callbacks": limited, "verbose": 0, "display_every": 10**6}
        if optimizer == "l-bfgs":
            dde.optimizers.config.set_LBFGS_options(maxiter=10**6)
            train(model, **options)
        else:
            train(model, iterations=10**6, batch_size=batch_size, **options)
        model._test(verbose=0)  # metrics of the last weights
        return model.losshistory, model.train_state

    dde.Model.compile, dde.Model.train = compiled, trained
    dde.saveplot = lambda *_, **__: None
    text = io.StringIO()
    os.chdir(script.parent)
    sys.argv = [script.name]
    with contextlib.redirect_stdout(text):
        code = compile(for_pytorch(script.read_text()), script.name, "exec")
        exec(code, {"__name__": "__main__"})
    model = found["model"]
    pattern = rf"^(.*(?:rror|esidual).*?)[:=]?\s*({NUMBER})$"
    lines = re.findall(pattern, text.getvalue(), re.M)
    reported = {label.strip(" :"): float(value) for label, value in lines}
    metrics = model.train_state.metrics_test or []
    reported |= {f"metric {i}": float(m) for i, m in enumerate(metrics, 1)}
    reported |= {
        f"unknown {i}": float(v)
        for i, v in enumerate(model.external_trainable_variables, 1)
    }
    return {
        "reported": reported,
        "loss": float(sum(model.train_state.loss_train)),
        "steps": model.train_state.step,
    }


if __name__ == "__main__":
    main()
