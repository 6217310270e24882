"""Files that the package reads, valid ones to be spoiled, and how each is read.

A file is read well, or refused by one line that names it; see ``harness``.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import meshio
import mutations
import numpy as np
import torch

from ncl_deepxde import cli, files
from ncl_deepxde.problems.hodge import reference as hodge
from ncl_deepxde.problems.hodge.presets import PRESETS
from ncl_deepxde.problems.optimal_transport.densities.samples import load_samples
from ncl_deepxde.radar import read
from ncl_deepxde.runs.checkpoints import load_checkpoint, save_checkpoint
from ncl_deepxde.runs.log import read_log
from ncl_deepxde.runs.run import Output, RunOptions, run
from ncl_deepxde.runs.skeleton import write_problem
from reference_fem import _archive, raw_mesh

Mutate = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        name: Its name, with the ending that decides how it is read.
        content: That of a valid file.
        read: Reads it, or raises.
        mutate: Ways to spoil it.
        is_sealed: Whether a reader that succeeds must see the same as before.
    """

    name: str
    content: bytes
    read: Callable[[Path], Any]
    mutate: tuple[Mutate, ...]
    is_sealed: bool = False


def written(folder: Path, name: str, write: Callable[[Path], Any]) -> bytes:
    """Return the content of a file that a function writes."""
    path = folder / name
    write(path)
    return path.read_bytes()


def table(header: str, lines: list[str]) -> bytes:
    return "\n".join([header, *lines, ""]).encode()


def arrays(path: Path) -> dict[str, Any]:
    with files.arrays_in(path) as data:
        return {name: data[name].tolist() for name in data}


def checkpoint(path: Path) -> Any:
    return str(load_checkpoint(path))


def elements(path: Path) -> Any:
    return _archive.read(path, "result", "Make one.", lambda a: str(sorted(a.items())))


def kinds(folder: Path) -> Iterator[Kind]:
    """Yield the kinds of files of arrays, tables and meshes.

    Args:
        folder: Where they are written once.
    """
    rng = np.random.default_rng(0)
    small = {"x": rng.random(20), "header": np.array("text")}
    raw, rows, values = (
        (mutations.of_bytes,),
        (mutations.of_bytes, mutations.of_table),
        (
            mutations.of_bytes,
            mutations.of_json,
        ),
    )
    content = written(folder, "a.npz", lambda p: files.write_arrays(p, small))
    yield Kind("a.npz", content, arrays, raw, is_sealed=True)
    content = written(folder, "b.npz", lambda p: _archive.write(p, small))
    yield Kind("b.npz", content, elements, raw, is_sealed=True)
    state = {"state": {"weights": {"w": torch.arange(9.0)}}, "progress": {"steps": 3}}
    content = written(folder, "c.pt", lambda p: save_checkpoint(p, state))
    yield Kind("c.pt", content, checkpoint, raw, is_sealed=True)
    content = written(folder, "h.npz", lambda p: hodge.compute(PRESETS["smoke"], p))
    yield Kind("h.npz", content, hodge.load, raw)
    yield Kind("d.json", b'{"a": [1, {"b": null}]}', files.read_json, values)
    yield Kind("e.jsonl", b'{"step": 1, "loss": 2.0}\n' * 5, read_log, values[:1])
    yield from tables(folder, rows, raw)
    points, cells = square()
    for ending in ("msh", "vtu"):
        mesh = meshio.Mesh(points, cells)
        options: Any = (
            {"file_format": "gmsh22", "binary": False} if ending == "msh" else {}
        )
        content = written(
            folder, f"m.{ending}", lambda p, m=mesh, o=options: meshio.write(p, m, **o)
        )
        yield Kind(f"m.{ending}", content, raw_mesh.read, (*raw, of_words))


def tables(
    folder: Path, rows: tuple[Mutate, ...], raw: tuple[Mutate, ...]
) -> Iterator[Kind]:
    """Yield tables of radars and of samples."""
    rng = np.random.default_rng(1)
    lines = [
        f"{radar},{5 + k},{50 + k},2018-04-05T{18 + h}:00:00Z,{z},{d:.2f},3,-4"
        for k, radar in enumerate("ab")
        for h in range(3)
        for z, d in zip((300, 500), rng.uniform(1, 30, 2), strict=True)
    ]
    profiles = table(
        "radar,lon,lat,time_utc,altitude_m,dens_per_km3,u_m_s,v_m_s", lines
    )
    yield Kind("p.csv", profiles, read, rows)
    packed = (*raw, mutations.packed(mutations.of_table))
    yield Kind("p.csv.gz", gzip.compress(profiles), read, packed)
    header = (
        "radar,datetime,height,u,v,w,ff,dd,sd_vvp,gap,eta,dens,dbz,dbz_all,n,n_dbz,n_all,"
        "n_dbz_all,rcs,sd_vvp_threshold,vcp,radar_latitude,radar_longitude,radar_height,"
        "radar_wavelength,source_file"
    )
    lines = [
        f"bejab,2024-09-01T2{h}:00:00Z,{z},3.5,-2.5,NaN,4.3,125,2.1,FALSE,140,12.5,1,2,"
        f"10,10,10,10,11,2,0,51.1917,3.0642,50,5.3,a.h5"
        for h in range(3)
        for z in (200, 400, 600)
    ]
    yield Kind("v.csv", table(header, lines), read, rows)
    samples = rng.random((30, 2))
    content = written(folder, "s.npy", lambda p: np.save(p, samples))
    yield Kind("s.npy", content, load_samples, raw)
    lines = [f"{x:.3f},{y:.3f}" for x, y in samples]
    yield Kind("s.csv", table("x,y", lines), load_samples, rows)


def square() -> tuple[Any, Any]:
    """Return nodes and cells of the unit square, with a tag on two sides."""
    axis = np.linspace(0, 1, 3)
    points = np.stack(np.meshgrid(axis, axis, [0.0], indexing="ij"), -1).reshape(-1, 3)
    lower = [i * 3 + j for i in range(2) for j in range(2)]
    cells = [c for k in lower for c in ((k, k + 1, k + 3), (k + 1, k + 4, k + 3))]
    return points, [("triangle", np.array(cells)), ("line", np.array([[0, 1], [1, 2]]))]


def of_words(content: bytes, rng: random.Random) -> bytes:
    """Replace some words of a text."""
    words = content.split(b" ")
    for _ in range(rng.choice((1, 1, 5))):
        odd = rng.choice(mutations.ODD_TEXTS).encode("utf-8", "surrogatepass")
        words[rng.randrange(len(words))] = odd
    return b" ".join(words)


class FinishedRun:
    """A finished run of a small problem, and commands that read its files.

    Args:
        folder: Where it runs.
    """

    FILES = ("config.json", "metrics.json", "log.jsonl", "reference.npz")

    def __init__(self, folder: Path) -> None:
        problem = write_problem(folder / "pond")
        options = RunOptions(str(problem), "smoke", (), 0, "cpu", threads=1)
        self.directory = folder / "run"
        run(options, self.directory, output=Output(quiet=True))
        # Another JSON value is to be found by its meaning, not by its sum alone.
        for name in self.FILES[:2]:
            values = files.read_json(self.directory / name)
            (self.directory / name).write_text(json.dumps(values))
        self.whole = {n: (self.directory / n).read_bytes() for n in self.FILES}
        again = [
            "run",
            str(problem),
            "--preset",
            "smoke",
            "--device",
            "cpu",
            "--resume",
        ]
        again += ["--threads", "1", "--quiet", "--out", str(self.directory)]
        self.commands = (
            ["verify", str(self.directory)],
            ["compare", str(self.directory)],
            again,
        )

    def case(self, rng: random.Random) -> tuple[str, list[str]]:
        """Spoil a file; returns its name and a command that reads it."""
        for name, content in self.whole.items():
            (self.directory / name).write_bytes(content)
        name = rng.choice(self.FILES)
        ways = [mutations.of_bytes]
        if name.endswith(".json"):
            ways += [mutations.of_json] * 3
        spoiled = rng.choice(ways)(self.whole[name], rng)
        (self.directory / name).write_bytes(spoiled)
        return name, rng.choice(self.commands[: 2 if rng.random() < 0.8 else 3])


def command_line(rng: random.Random, problem: str) -> list[str]:
    """Return a command line of words that fit, and of some that do not."""
    odd = [*mutations.ODD_TEXTS, "--", "-x", "run", "--out", "--seed", "/", "a" * 5000]
    names = ["list", "run", "reference", "compare", "verify", "new", "doctor", "fly"]
    options = {
        "--model": ["pinn", "ncl"],
        "--preset": ["smoke", "quick"],
        "--seed": ["0", "1"],
        "--device": ["cpu", "auto"],
        "--threads": ["1", "0"],
        "--n": ["4"],
        "--dt": ["0.1"],
        "--data": ["a.csv"],
        "--reference-processes": ["1"],
        "--out": ["/proc/none/x", "/dev/null", "\x00"],
    }
    words = [rng.choice(names[:6]), rng.choice([problem, "hodge", "nowhere", *odd])]
    for option in rng.sample(sorted(options), rng.randint(0, 4)):
        words += [option, rng.choice([*options[option], *odd])]
    if words[0] in ("run", "reference"):
        # Nothing is trained: the directory cannot be made.
        words += ["--out", rng.choice(options["--out"])]
    if rng.random() < 0.2:
        words.insert(rng.randrange(len(words)), rng.choice(odd))
    return words


__all__ = ["FinishedRun", "Kind", "cli", "command_line", "kinds"]
