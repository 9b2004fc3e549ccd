"""The flags of a verb for runs of any study, of which each study takes its own."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from boardbench.errors import BoardbenchError
from boardbench.study import Study


def flags_of(of: Study, step: Callable, flags: dict[str, Any], run: Path) -> dict[str, Any]:
    """Return the flags that were given to a verb for runs of any study.

    Args:
        of: the run's study.
        step: its own function.
        flags: argument -> value; None or False: not given.
        run: for the error.

    Raises:
        BoardbenchError: a flag that the study's function does not take.
    """
    given = {name: value for name, value in flags.items() if value}
    wrong = [f"--{name.replace('_', '-')}" for name in given if name not in inspect.signature(step).parameters]
    if wrong:
        raise BoardbenchError(f"{run}: a run of the {of.name} study, which takes no {', '.join(wrong)}. Leave it out.")
    return given
