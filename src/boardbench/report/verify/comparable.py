"""What the cells of two runs must have in common to be comparable: each hangs on some settings, and on no others.

Seeds, devices, threads, times and exports are left out: they change bits or omit steps, not what is asked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from boardbench.params.pruning import NamedPruning
from boardbench.params.section import Section

_TECHNICAL = {"device", "devices", "nodes", "threads", "workers", "memory_mib", "path", "url", "storage"}


@dataclass(frozen=True)
class Scored:
    """A row of a study's table of runs.

    Attributes:
        settings: that its scores hang on.
        seeds: that are asked for.
        trained: whether its scores differ from machine to machine.
    """

    settings: dict[str, Any]
    seeds: list[int]
    trained: bool = True


@dataclass(frozen=True)
class Table:
    """A table whose cells are the same on every machine.

    Attributes:
        keys: columns that name a row.
        settings: that its cells hang on.
        asks: tells whether the run's params ask for a row.
    """

    keys: tuple[str, ...]
    settings: dict[str, Any]
    asks: Callable[[dict[str, str]], bool] = lambda row: True


def dump(section: Section, *left_out: str) -> dict[str, Any]:
    """Return the settings of a section without those that change bits or omit steps only."""
    return section.model_dump(mode="json", exclude=_TECHNICAL | set(left_out))


def pruned(prunings: list[NamedPruning], runs: dict[str, Scored]) -> dict[str, Scored]:
    """Return <pruning>/<run> of every run that is pruned."""
    return {
        f"{pruning.name}/{name}": Scored(run.settings | {"pruning": dump(pruning, "runs")}, run.seeds)
        for pruning in prunings
        for name, run in runs.items()
        if not pruning.runs or name in pruning.runs
    }


def differing(ours: Any, theirs: Any, key: str = "") -> str:
    """Return the first setting that differs, as 'training.epochs 2, reference 32'; '' where none does."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in dict.fromkeys([*ours, *theirs]):
            found = differing(ours.get(name), theirs.get(name), f"{key}.{name}" if key else name)
            if found:
                return found
        return ""
    return "" if ours == theirs else f"{key} {ours}, reference {theirs}"
