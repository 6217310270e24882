"""What the columns of a network mean, and whether that is what a script takes them for.

A network that takes the place of ``dde.nn.FNN`` cannot see the script around it. It can
be told: ``columns=("u", "v", "p")`` is compared with what its columns are. A network
that is not told says once, by the logger ``ncl_deepxde``, what they are.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["SCRIPTS", "Script", "named_columns"]

LOGGER = logging.getLogger("ncl_deepxde")


@dataclass(frozen=True)
class Script:
    """The outputs of a script and the network that is made for them.

    Attributes:
        network: The network, as it is written in the script.
        fields: The fields of its columns, in order: "rho" for a density, "m" for its
            flux, "u" for a velocity, "v" for any vector field, "Pi" for the upper
            triangle of a tensor in the plane.
        law: The law that the network obeys.
        has_time: Whether the last column of the inputs is the time.
    """

    network: str
    fields: tuple[str, ...]
    law: str
    has_time: bool = True

    def columns(self, d: int) -> list[str]:
        """Return the names of the columns in d space dimensions, without extras."""
        found: list[str] = []
        for field in self.fields:
            if field == "rho":
                found.append(field)
            elif field == "Pi":
                found += ["Pi_11", "Pi_12", "Pi_22"]
            else:
                found += [f"{field}_{i + 1}" for i in range(d)]
        return found

    def inputs(self, d: int) -> list[str]:
        """Return the names of the inputs in d space dimensions."""
        return [f"x_{i + 1}" for i in range(d)] + ["t"] * self.has_time

    def row(self) -> str:
        """Return a line of the table "which class for which script"."""
        columns = ", ".join(
            field if field == "rho" else f"{field}_1.." for field in self.fields
        )
        inputs = "x, t" if self.has_time else "x"
        return f"  ({columns}) of ({inputs}), {self.law}: nn.{self.network}"


SCRIPTS = {
    script.network: script
    for script in (
        Script("NCL", ("rho", "m"), "d_t rho + div m = 0"),
        Script('NCL(output="velocity")', ("rho", "u"), "d_t rho + div(rho u) = 0"),
        Script("Incompressible", ("u",), "div u = 0"),
        Script("Incompressible(time=False)", ("u",), "div u = 0", False),
        Script("CurlNet", ("rho", "m"), "m = rho u with div u = 0"),
        Script('CurlNet(output="velocity")', ("rho", "u"), "div u = 0"),
        Script(
            "MomentumNCL",
            ("rho", "m", "Pi", "v"),
            "d_t rho + div m = 0, d_t m + div Pi = 0, div v = 0",
        ),
        Script("DivergenceFree", ("v",), "div v = 0", False),
        Script("GradientField", ("v",), "curl v = 0", False),
    )
}
"""Which class for which script; the first that fits is recommended."""

_said: set[str] = set()


def named_columns(
    script: Script, d: int, extras: int, stated: Iterable[str] | None
) -> tuple[str, ...]:
    """Return the names of all columns of a network, those of the script if it has any.

    Args:
        script: What the network is made for.
        d: Number of space dimensions.
        extras: Number of free columns after those of the law.
        stated: What the user's script takes the columns for, or ``None``.

    Raises:
        ValueError: The script takes them for something else.
    """
    needed = script.columns(d)
    if stated is None:
        names = (*needed, *(f"extra_{k + 1}" for k in range(extras)))
        _say(script, d, names)
        return names
    given = [stated] if isinstance(stated, str) else list(stated)
    if not all(isinstance(name, str) for name in given):
        raise ValueError(
            f"columns: must hold the names of the outputs, got {given!r}. Use for "
            f"example columns={tuple(needed)!r}."
        )
    if not _fit(given, script, d, len(needed) + extras):
        raise ValueError(_refusal(given, script, d, extras))
    return (*needed, *given[len(needed) :])


def _fit(given: Sequence[str], script: Script, d: int, number: int) -> bool:
    """Tell whether names are those of a script's columns; extras may have any other."""
    needed = script.columns(d)
    if len(given) != number or len(set(given)) != number:
        return False
    head, extras = given[: len(needed)], given[len(needed) :]
    fits = all(
        name in _spellings(column) for name, column in zip(head, needed, strict=True)
    )
    return fits and not any(_is_known(name) for name in extras)


def _refusal(given: Sequence[str], script: Script, d: int, extras: int) -> str:
    needed = script.columns(d)
    free = f" and {extras} free column(s) of other names" if extras else ""
    # A script without time has one more axis of space among the same inputs.
    num_inputs = d + script.has_time
    better = [
        other.network
        for other in SCRIPTS.values()
        if (e := num_inputs - other.has_time) > 0
        and _fit(given, other, e, max(len(given), len(other.columns(e))))
    ]
    if script.network in better:
        remedy = f"Name all {len(needed) + extras} columns of layer_sizes"
    elif better:
        remedy = f"Use nn.{better[0]}"
    else:
        remedy = "Name them so if that is what they are, or use dde.nn.FNN"
    table = "\n".join(other.row() for other in SCRIPTS.values())
    return (
        f"columns: must be those of nn.{script.network}, ({', '.join(needed)}){free}, "
        f"with {script.law}, got ({', '.join(given)}). {remedy}. Which class for which "
        f"script (free columns may follow):\n{table}"
    )


def _say(script: Script, d: int, names: tuple[str, ...]) -> None:
    """Say once what the columns are."""
    line = (
        f"nn.{script.network} gives the columns ({', '.join(names)}) of the inputs "
        f"({', '.join(script.inputs(d))}), with {script.law}. State columns=(...), as "
        "your script names them, and they are checked."
    )
    if line not in _said:
        _said.add(line)
        LOGGER.warning(line)


def _spellings(column: str) -> set[str]:
    """Return how scripts may call a column."""
    field, _, number = column.partition("_")
    if field == "rho":
        return {"rho", "density"}
    if field == "Pi":
        return {column}
    axis = "xyz"[int(number) - 1] if int(number) <= 3 else number
    found = {f"{field}_{number}", f"{field}{number}", f"{field}_{axis}", field + axis}
    if int(number) <= 3:
        letter = "uvw"[int(number) - 1]
        # A field of any kind may be a velocity.
        found |= {f"rho_{letter}", f"rho{letter}"} if field == "m" else {letter}
    if field == "v":
        found |= _spellings(f"u_{number}")
    return found


def _is_known(name: str) -> bool:
    """Tell whether a name is taken by a density, a momentum or a velocity."""
    columns = ["rho", *(f"{field}_{i}" for field in "muv" for i in (1, 2, 3))]
    return any(name in _spellings(column) for column in columns)
