"""Verdicts: the four words, and how a computed value is compared with a printed one.

A printed number stands for what rounding or truncation to its decimals would print so. Verdicts:

* matches: the evidence gives the published value, rounded as it stands;
* explained: it differs, and the reason is known (truncation, exchanged rows, a counting convention);
* contradicted: the paper's own tables, its logs, the data set, the camera or our count say otherwise;
* not run: it takes a run or a source that is not at hand; one of ``REASONS`` says which.

Tables against logs: a statement is about runs, so the logs decide (:func:`table_and_logs`). It matches where the
printed tables and the logs bear it out, is explained where the logs do and the tables do not (rows exchanged or
copied, cells cut), and is contradicted where the logs do not, whatever the tables say. A number that repeats a printed
cell shares that cell's verdict.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import floor

MATCHES, EXPLAINED, CONTRADICTED, NOT_RUN = VERDICTS = ("matches", "explained", "contradicted", "not run")
ABOUT = 0.1  # "about x" allows x plus or minus a tenth of it
REASONS = GPU, DATA, SOURCE, RECORD, VAGUE, BUILT, LONG = (
    "needs a GPU",
    "data not reachable",
    "source not reachable",  # a paper, a data sheet, a measurement of others
    "no record published",  # neither code nor log nor data of the author's shows it
    "not published precisely enough",
    "not built",
    "too long on two cores",
)


@dataclass(frozen=True)
class Finding:
    """One verdict: what the evidence gives, what we measured or counted, and one sentence why; how ours is made.

    ``reason`` is one of ``REASONS`` where it was not run, and empty elsewhere.
    """

    verdict: str
    recomputed: str
    why: str
    ours: str = ""
    command: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        if self.reason not in (REASONS if self.verdict == NOT_RUN else ("",)):
            raise ValueError(f"verdict {self.verdict!r} with reason {self.reason!r}")


def numbers_in(text: str) -> list[str]:
    """Return the numbers of a text as printed, thousands without commas; a dash between numbers is no sign."""
    return re.findall(r"(?<![\w.-])-?\d+(?:\.\d+)?|(?<=-)\d+(?:\.\d+)?", text.replace(",", ""))


@dataclass(frozen=True)
class Claim:
    """A quantitative sentence of a paper: its value as text and how that value is obtained.

    ``recomputed`` and ``why`` are the texts of its row, into which is filled what its check finds; ``reason`` says why
    it was not run, where its check finds that it was not.
    """

    id: str
    paper: str
    place: str
    claim: str
    value: str
    derivation: str
    recomputed: str = ""
    why: str = ""
    reason: str = ""

    @cached_property
    def texts(self) -> list[str]:
        """The numbers of the value as printed."""
        return numbers_in(self.value)

    @property
    def numbers(self) -> list[float]:
        """The numbers of the value."""
        return [float(text) for text in self.texts]


def truncated(value: float, decimals: int = 2) -> str:
    """Return ``value`` cut off after some decimals (towards 0); a millionth below a step counts as the step."""
    step = 10**decimals
    cut = floor(abs(value) * step + 1e-6) / step
    return f"{-cut if value < 0 and cut else cut:.{decimals}f}"


def rounded(value: float, decimals: int = 2) -> str:
    """Return ``value`` with some decimals, halves away from 0."""
    return truncated(value + (0.5 if value >= 0 else -0.5) / 10**decimals, decimals)


FORMS = {"rounded": rounded, "truncated": truncated}


def reading(text: str, value: float) -> str | None:
    """Return how ``value`` becomes the printed ``text``: 'rounded', 'truncated', or None if neither."""
    decimals = len(text.partition(".")[2])
    return next((name for name, form in FORMS.items() if float(form(value, decimals)) == float(text)), None)


def by_reading(texts: Iterable[str], values: Iterable[float]) -> str:
    """Return the verdict on printed texts and as many values: all rounded, some truncated, or some neither."""
    found = {reading(text, value) for text, value in zip(texts, values, strict=True)}
    return CONTRADICTED if None in found else EXPLAINED if "truncated" in found else MATCHES


def table_and_logs(table: bool, logs: bool) -> str:
    """Return the verdict on a statement about runs that the printed tables, and their logs, bear out or not."""
    return CONTRADICTED if not logs else MATCHES if table else EXPLAINED


def about(stated: float, value: float) -> bool:
    """Return whether ``value`` is about what was stated."""
    return abs(value - stated) <= ABOUT * abs(stated) + 1e-9


def worst(verdicts: Iterable[str]) -> str:
    """Return the verdict that weighs most: contradicted, not run, explained, matches."""
    return max(verdicts, key=(MATCHES, EXPLAINED, NOT_RUN, CONTRADICTED).index)
