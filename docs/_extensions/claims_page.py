"""The page of claims, and all tables of numbers: ``make claims``.

``docs/claims.toml`` says what is claimed and where, what was run, what was found and
what would decide; its numbers are taken from ``docs/results``.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator
from result_tables import fill, seeds_in_words
from results import STRICT, Result, Text, load

__all__ = ["Claim", "claims_of", "page", "pages"]

ROOT = Path(__file__).parents[2]
NUMBER = re.compile(r"\{([^{}|]+)\|([^{}|]+)\|([^{}|]+)\}")
ENOUGH_SEEDS = 3

SOURCES = {
    "ncl": "Neural Conservation Laws ([arXiv 2210.01741]"
    "(https://arxiv.org/abs/2210.01741))",
    "lflow": "Lagrangian Flow Networks ([arXiv 2305.16846]"
    "(https://arxiv.org/abs/2305.16846))",
    "other": "Other public code",
    "readme": "This project's own",
}
VERDICTS = {
    "reproduced": "our runs show what is claimed",
    "refuted": "our runs show the contrary",
    "changed": "something is true, but not what is claimed",
    "not decidable here": "what was run, or what there is, does not decide",
    "not run": "nothing of ours speaks to it",
}
SIZES = {"paper": "the paper's size", "smaller": "smaller", "own": "a size of our own"}

HEAD = """# Claims

Every claim that the two papers, and this project, make about results, and what became of it here. {counts}

{verdicts}

A verdict from fewer than three seeds is *provisional*. Values of several seeds are listed one by one. Errors of density and velocity
are in standard deviations of the field. The file behind each run has its command, machine, sizes and seeds, and says where a number was
first printed; `docs/_extensions/results.py` documents and checks these files. The claims stand in {{download}}`claims.toml`.
`make claims` writes this page and the tables of README, [results](results.md) and [balance laws](laws.md); a test fails where they differ from the files.
"""  # noqa: E501


class Claim(BaseModel):
    """One claim; ``ran`` names results, which the texts cite as ``{file|row|model}``.

    Raises:
        ValidationError: A field is missing or unknown, ``not run`` has numbers, or
            another verdict has nothing to stand on.
    """

    model_config = STRICT

    paper: Literal["ncl", "lflow", "other", "readme"]
    where: Text
    claim: Text
    ran: list[Text]
    ours: str
    second: str = ""
    verdict: Literal[
        "reproduced", "refuted", "changed", "not decidable here", "not run"
    ]
    decides: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _stands_on_something(self) -> Self:
        if (self.verdict == "not run") != (self.ours == ""):
            raise ValueError(f"{self.where}: 'not run' and no 'ours' go together.")
        text = self.ours + self.second + self.decides
        cited = {match[1] for match in NUMBER.finditer(text)}
        if not cited <= set(self.ran):
            raise ValueError(f"{self.where}: 'ran' must name {sorted(cited)}.")
        return self

    def cells(self, results: Mapping[str, Result]) -> list[str]:
        """Return claim, what was found, and verdict, with their numbers.

        Raises:
            ValueError: A number is not in the results.
        """
        second = f"*Second source:* {self.second}" if self.second else ""
        runs = "; ".join(_run(stem, results[stem]) for stem in self.ran)
        found = [self.ours, second, f"*Ran:* {runs}." if runs else ""]
        cells = [
            f"**{self.where}.** {self.claim}",
            " ".join(part for part in found if part),
            f"{self.judged(results)}. *Decides:* {self.decides}",
        ]
        return [
            NUMBER.sub(lambda m: _number(results, *m.groups()), cell) for cell in cells
        ]

    def judged(self, results: Mapping[str, Result]) -> str:
        """Return the verdict, and whether it stands on too few seeds."""
        random = [results[stem] for stem in self.ran if results[stem].seeds]
        few = random and max(len(r.seeds) for r in random) < ENOUGH_SEEDS
        decided = self.verdict in ("reproduced", "refuted", "changed")
        provisional = ", *provisional*" if few and decided else ""
        return f"**{self.verdict}**{provisional}"


def claims_of(text: str) -> list[Claim]:
    """Read the claims.

    Raises:
        ValidationError: One does not keep to :class:`Claim`.
    """
    return [Claim.model_validate(entry) for entry in tomllib.loads(text)["claim"]]


def page(claims: Sequence[Claim], results: Mapping[str, Result]) -> str:
    """Return the page of claims, Markdown.

    Raises:
        ValueError: A claim cites what the results do not have.
    """
    for claim in claims:
        missing = set(claim.ran) - results.keys()
        if missing:
            raise ValueError(f"{claim.where}: docs/results has no {sorted(missing)}.")
    counted = Counter(claim.verdict for claim in claims)
    counts = ", ".join(f"{counted[v]} {v}" for v in VERDICTS)
    meanings = "\n".join(f"- **{v}**: {meaning}" for v, meaning in VERDICTS.items())
    parts = [HEAD.format(counts=f"{len(claims)} claims: {counts}.", verdicts=meanings)]
    for paper, title in SOURCES.items():
        lines = ["| claim | found | verdict |", "|---|---|---|"]
        lines += [_line(c, results) for c in claims if c.paper == paper]
        parts.append(f"## {title}\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def pages(root: Path = ROOT) -> dict[Path, str]:
    """Return the page of claims and the texts with tables, as they must be."""
    docs = root / "docs"
    results = load(docs / "results")
    claims = claims_of((docs / "claims.toml").read_text())
    texts = [root / "README.md", docs / "results.md", docs / "laws.md"]
    written = {path: fill(path.read_text(), results) for path in texts}
    return {docs / "claims.md": page(claims, results), **written}


def _number(results: Mapping[str, Result], stem: str, name: str, model: str) -> str:
    row = results[stem].row(name)
    if model not in row.values:
        raise ValueError(f"{stem}, {name}: has no {model!r}.")
    return row.cell(model)


def _line(claim: Claim, results: Mapping[str, Result]) -> str:
    cells = claim.cells(results)
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _run(stem: str, result: Result) -> str:
    link = f"[{stem}](results/{stem}.json)"
    return f"{link} ({SIZES[result.size]}, {seeds_in_words(result)})"


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text)
        print(f"claims: wrote {path.relative_to(ROOT)}")
