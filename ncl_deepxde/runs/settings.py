"""Presets of a problem: JSON values that frozen dataclasses check when declared.

A preset is written as the JSON values that ``config.json`` holds. A key that names a
model holds what differs for that model, ``"cases"`` maps names to what differs in a
case. What a model sees in a case is one flat dataclass, so that a name or a type that
is wrong in a preset is an error where the preset is declared.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from inspect import get_annotations
from typing import Annotated, Any, Literal, TypeVar, dataclass_transform

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as pydantic_dataclass

__all__ = [
    "Count",
    "NonNegative",
    "Positive",
    "Preset",
    "Presets",
    "Settings",
    "checked",
    "merge",
]

C = TypeVar("C")
S = TypeVar("S", bound="Settings")
Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


@dataclass_transform(
    frozen_default=True, kw_only_default=True, field_specifiers=(Field,)
)
def checked(cls: type[C]) -> type[C]:
    """Make a frozen dataclass whose fields are checked and that has no others."""
    for name in get_annotations(cls):
        # Otherwise a base's default would stay where a subclass asks for a value.
        if name not in vars(cls):
            setattr(cls, name, field())
    config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)
    made: Any = pydantic_dataclass(frozen=True, kw_only=True, config=config)(cls)
    found: type[C] = made
    return found


@checked
class Settings:
    """What decides the result of one training, the base of every problem's settings.

    Attributes:
        float_type: Type of all numbers; ``"float"`` in JSON.
        seeds: Number of seeds, from the first one on.
        case: Name of the case, empty where a preset has none.
    """

    float_type: Annotated[Literal["float32", "float64"], Field(alias="float")]
    seeds: Count = 1
    case: str = ""


@dataclass(frozen=True)
class Preset:
    """A named choice of sizes and budgets of a problem.

    Attributes:
        summary: One line for ``ncl-deepxde list``.
        models: Models that run when none is named.
        content: JSON values that decide the result, see the module's docstring.
        schemas: Class of the settings of each model of the problem.
        common: Class of the settings that no model changes.

    Raises:
        ValueError: The content does not fit the classes.
    """

    summary: str
    models: tuple[str, ...]
    content: Mapping[str, Any]
    schemas: Mapping[str, type[Settings]] = field(repr=False)
    common: type[Settings] = Settings

    def __post_init__(self) -> None:
        self._check_names()
        for case in self.cases or (None,):
            self.settings(case=case)
            for model in self.schemas:
                self.settings(model, case)

    def _check_names(self) -> None:
        """Refuse models without settings, classes that check nothing, bad cases."""
        for model in self.models:
            if model not in self.schemas:
                raise ValueError(
                    f"models: must be of {', '.join(self.schemas)}, got {model!r}."
                )
        for schema in (self.common, *self.schemas.values()):
            if "__pydantic_fields__" not in vars(schema):
                raise ValueError(
                    f"{schema.__name__}: must be a class by @ncl_deepxde.runs.checked, "
                    "or its settings are not known. Put that above it."
                )
        cases = self.content.get("cases", {})
        is_by_name = isinstance(cases, Mapping)
        if not is_by_name or not all(isinstance(c, Mapping) for c in cases.values()):
            raise ValueError(
                f"cases: must map names to what differs in a case, got {cases!r}."
            )

    @classmethod
    def shared(
        cls,
        summary: str,
        models: Iterable[str],
        content: Mapping[str, Any],
        schema: type[Settings],
    ) -> Preset:
        """Make a preset of models whose settings are all of one class."""
        names = tuple(models)
        return cls(summary, names, content, dict.fromkeys(names, schema), schema)

    @property
    def cases(self) -> tuple[str, ...]:
        """Names of the cases."""
        return tuple(self.content.get("cases") or ())

    def content_of(self, case: str | None) -> dict[str, Any]:
        """Return the JSON values of a case, with its name as ``"case"``."""
        if case is None:
            return dict(self.content)
        return merge(self.content, self.content["cases"][case], {"case": case})

    def settings(self, model: str | None = None, case: str | None = None) -> Any:
        """Return the settings that a model sees in a case.

        Args:
            model: Name of the model; settings of the class ``common`` without.
            case: Name of the case; what all cases share without.

        Raises:
            ValueError: The content does not fit the class, or there is no such model or
                case.
        """
        if model is not None and model not in self.schemas:
            raise ValueError(
                f"model: must be one of {', '.join(self.schemas)}, got {model!r}."
            )
        if case is not None and case not in self.cases:
            raise ValueError(
                f"case: must be one of {', '.join(self.cases)}, got {case!r}."
            )
        content = self.content_of(case)
        if model is not None:
            content = merge(content, content.get(model, {}))
        others = {"cases", *self.schemas}
        schema = self.common if model is None else self.schemas[model]
        return _read(schema, {k: v for k, v in content.items() if k not in others})

    def with_reference(self, changes: Mapping[str, Any]) -> Preset:
        """Change settings of the reference, such as ``n`` and ``dt``.

        Raises:
            ValueError: The reference has no such settings.
        """
        known = self.content.get("reference", {})
        for name in changes:
            if name not in known:
                raise ValueError(
                    f"--{name}: the reference of this problem has no such setting. "
                    f"Leave --{name} out."
                )
        if not changes:
            return self
        return replace(self, content=merge(self.content, {"reference": changes}))


class Presets(dict[str, Preset]):
    """Presets by name; ``"NAME@CHOICE"`` is the preset NAME with a choice.

    Args:
        choose: Returns a preset with a choice; raises ``ValueError`` for a bad one.
        presets: Presets by name.
    """

    def __init__(
        self, choose: Callable[[Preset, str], Preset], presets: Mapping[str, Preset]
    ) -> None:
        super().__init__(presets)
        self._choose = choose

    def __contains__(self, name: object) -> bool:
        """Whether the name, or what is before the ``@``, is a preset."""
        return super().__contains__(str(name).partition("@")[0])

    def __missing__(self, name: str) -> Preset:
        """Return the preset of a name with a choice."""
        base, has_choice, choice = name.partition("@")
        if not has_choice or base not in self:
            raise KeyError(name)
        return self._choose(self[base], choice)


def merge(*settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return mappings merged key by key; the last one counts, inner ones merge too."""
    merged: dict[str, Any] = {}
    for mapping in settings:
        for key, value in mapping.items():
            old: Any = merged.get(key)
            has_inner = isinstance(old, Mapping) and isinstance(value, Mapping)
            merged[key] = merge(old, value) if has_inner else value
    return merged


def _read(schema: type[S], content: Mapping[str, Any]) -> S:
    """Return JSON values as an instance of a class.

    Raises:
        ValueError: A value is missing, unknown or of another type.
    """
    try:
        return TypeAdapter(schema).validate_json(json.dumps(content))
    except ValidationError as error:
        listed = "; ".join(_complaints(error))
        raise ValueError(f"{schema.__name__}: {listed}.") from None


def _complaints(error: ValidationError) -> Iterator[str]:
    """Yield each setting that is wrong, the rule, and the value."""
    for item in error.errors(include_url=False):
        name = ".".join(map(str, item["loc"]))
        if item["type"] == "unexpected_keyword_argument":
            yield f"{name} is no setting"
        elif item["type"] == "missing":
            yield f"{name} is missing"
        else:
            yield f"{name}: {item['msg']}, got {item['input']!r}"
