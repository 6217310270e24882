r"""Results of experiments: one JSON file each below ``docs/results/``.

The numbers of README, results page and claims page come from these files alone
(``make claims``). A file holds

=============  =========================================================================
``title``      what was compared, a phrase
``command``    what was run, ``S`` for the seed; empty where no command exists
``preset``     of the command, with what was changed; may be empty
``size``       ``paper`` (the paper's own), ``smaller``, or ``own`` (no such run there)
``sizes``      networks, points, steps
``reference``  what errors are taken against; may be empty
``machine``    in words
``commit``     that wrote the numbers down, or ``null``; what ran is this or older
``source``     where the numbers were first printed
``seeds``      in the order of the values, ``null`` where a seed was not written down;
               none for what has no random numbers
``statistic``  ``each seed``, or ``mean`` where only means over the seeds were kept
``note``       what a reader must know, also why a value is missing; may be empty
``rows``       what was measured: ``unit``, ``values`` by model, how many significant
               ``digits`` (2) or ``decimals`` are shown
=============  =========================================================================

A row has one value per seed and model, ``null`` where there is none. Where the run
printed another unit (``printed``), ``factor`` turns its values into ``unit``. Density
and velocity of a flow have a large mean, so their errors are in standard deviations:
divided by the norm, a constant would count as accurate.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

__all__ = ["Result", "Row", "check", "format_number", "load"]

Unit = Literal[
    "standard deviations",
    "relative L2",
    "relative squared L2",
    "mean square",
    "root mean square",
    "squared distance",
    "R2",
    "sMAPE",
    "share",
    "1",
    "(m/s)^2",
    "s",
    "ms",
    "steps",
    "KiB",
    "MiB",
]
Text = Annotated[str, Field(min_length=1)]
Number = Annotated[float, Field(allow_inf_nan=False)]

STRICT = ConfigDict(extra="forbid", frozen=True, strict=True)
FIELDS_WITH_A_MEAN = ("density", "velocity")
DIVIDED_BY_THE_NORM = ("relative L2", "relative squared L2")


class Row(BaseModel):
    """One measured quantity.

    Raises:
        ValidationError: A unit is missing or unknown, a number is not finite, a field
            is unknown, or an error of a field with a mean is divided by its norm.
    """

    model_config = STRICT

    name: Text
    unit: Unit
    digits: int = Field(default=2, ge=1, le=6)
    decimals: Annotated[int, Field(ge=0, le=6)] | None = None
    values: dict[Text, list[Number | None]] = Field(min_length=1)
    printed: Unit | None = None
    factor: Annotated[Number, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _has_a_right_unit(self) -> Self:
        if (self.printed is None) != (self.factor is None):
            raise ValueError(f"{self.name}: 'printed' and 'factor' go together.")
        divided = self.unit in DIVIDED_BY_THE_NORM
        if divided and self.name.startswith(FIELDS_WITH_A_MEAN):
            raise ValueError(
                f"{self.name}: the field has a large mean; give its error in 'standard "
                f"deviations' (with 'printed' and 'factor'), got {self.unit!r}."
            )
        return self

    def of(self, model: str) -> list[float | None]:
        """Return the values of a model in the row's unit, one per seed."""
        factor = 1.0 if self.factor is None else self.factor
        return [None if v is None else factor * v for v in self.values[model]]

    def cell(self, model: str) -> str:
        """Return the values of a model as text, one per seed."""
        if model not in self.values:
            return "-"
        if self.decimals is None:
            return ", ".join(format_number(v, self.digits) for v in self.of(model))
        return ", ".join(
            "-" if v is None else f"{v:.{self.decimals}f}" for v in self.of(model)
        )


class Result(BaseModel):
    """One experiment with all its numbers; the module's docstring has the fields.

    Raises:
        ValidationError: A field is missing, unknown or of another type, or a row does
            not have one value per seed.
    """

    model_config = STRICT

    title: Text
    command: str
    preset: str
    size: Literal["paper", "smaller", "own"]
    sizes: Text
    reference: str
    machine: Text
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{7,40}$")] | None
    source: Text
    seeds: list[int | None]
    statistic: Literal["each seed", "mean"] = "each seed"
    note: str
    rows: list[Row] = Field(min_length=1)

    @model_validator(mode="after")
    def _has_a_value_per_seed(self) -> Self:
        each = self.statistic == "each seed"
        expected = len(self.seeds) or 1 if each else 1
        for row in self.rows:
            for model, values in row.values.items():
                if len(values) != expected:
                    raise ValueError(
                        f"{row.name}, {model}: must have {expected} values for seeds "
                        f"{self.seeds} ({self.statistic}), got {len(values)}."
                    )
                if None in values and not self.note:
                    raise ValueError(f"{row.name}, {model}: 'note' must say why null.")
        names = [row.name for row in self.rows]
        seeds = [seed for seed in self.seeds if seed is not None]
        if len(set(names)) < len(names) or len(set(seeds)) < len(seeds):
            raise ValueError(f"rows and seeds must differ, got {names}, {seeds}.")
        return self

    @property
    def models(self) -> list[str]:
        """Return the models in the order in which the rows name them."""
        return list(dict.fromkeys(model for row in self.rows for model in row.values))

    def row(self, name: str) -> Row:
        """Return the row of a name.

        Raises:
            ValueError: There is none.
        """
        for row in self.rows:
            if row.name == name:
                return row
        known = "; ".join(row.name for row in self.rows)
        raise ValueError(f"row: must be of {known}; got {name!r}.")


def check(text: str, name: str) -> Result:
    """Read a result from JSON.

    Raises:
        ValueError: It does not keep to the schema; the message names file and fields.
    """
    try:
        return Result.model_validate_json(text)
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}"
            for e in error.errors(include_url=False)
        ]
        raise ValueError(f"docs/results/{name}: " + "; ".join(faults)) from None


def load(folder: Path) -> dict[str, Result]:
    """Read all results of a folder, by the names of their files.

    Raises:
        ValueError: One does not keep to the schema.
    """
    paths = sorted(folder.glob("*.json"))
    return {path.stem: check(path.read_text(), path.name) for path in paths}


def format_number(value: float | None, digits: int) -> str:
    """Write a number with so many significant digits, none as ``-``."""
    if value is None:
        return "-"
    plain = f"{value:.{digits - 1}e}"
    exponent = int(plain.partition("e")[2])
    if float(value).is_integer() and exponent < digits:
        return f"{value:.0f}"
    if -4 < exponent < 5:
        return f"{float(plain):.{max(digits - 1 - exponent, 0)}f}"
    return f"{plain.partition('e')[0]}e{exponent}"
