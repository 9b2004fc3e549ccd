"""Guards against leaks: what is fitted, trained or chosen sees no capture that it is scored on later.

Each check stands where data are read, so that it holds whichever file or line of code would let the test part in.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from boardbench.errors import BoardbenchError
from boardbench.integrity import checked

_closed: set[str] = set()


@contextmanager
def closed(captures: Iterable[str]) -> Iterator[None]:
    """Refuse to read these captures (the test part's) within the block; processes that load data inherit it."""
    added = set(captures) - _closed
    _closed.update(added)
    try:
        yield
    finally:
        _closed.difference_update(added)


def check_open(path: Path, name: str) -> None:
    """Check that a capture may be read.

    Raises:
        BoardbenchError: it belongs to the test part, and something is being fitted, trained or chosen.
    """
    if name in _closed:
        raise BoardbenchError(
            f"{path}: capture '{name}' belongs to the test part, which nothing may be fitted, trained or chosen on: "
            "its scores would be worthless. Write split.csv and all that is made from it again."
        )


def check_names(file: Path, names: Iterable[str], train: Iterable[str], verb: str) -> None:
    """Check that a file which was made of some captures was made of the training part only.

    Args:
        file: the file, for the message.
        names: of those captures.
        train: captures of the training part.
        verb: of ``boardbench segmentation`` that makes the file.

    Raises:
        BoardbenchError: naming the captures of other parts.
    """
    foreign = sorted(set(names) - set(train))
    if foreign:
        raise BoardbenchError(
            f"{file}: made of captures outside the training part: {', '.join(foreign[:5])}"
            f"{f' and {len(foreign) - 5} more' if len(foreign) > 5 else ''}. Make it again from this split with "
            f"`boardbench segmentation {verb}`."
        )


def check_fitted(files: Iterable[tuple[Path | None, str]], train: list[str]) -> None:
    """Check that what was fitted once for all captures was fitted on the training part.

    Args:
        files: fitted .npz file, if any, and the verb that makes it. Its ``fitted_on`` names captures; what is fitted
            cube by cube, and files of version 0.1, have none.
        train: captures of the training part.

    Raises:
        BoardbenchError: as :func:`check_names`.
    """
    for file, verb in files:
        if file is None or not file.is_file():
            continue
        try:
            with np.load(checked(file), allow_pickle=False) as arrays:
                names = arrays["fitted_on"].tolist() if "fitted_on" in arrays.files else []
        except (ValueError, OSError, EOFError, BadZipFile):
            continue  # who reads its arrays says what is wrong with it
        check_names(file, names, train, verb)
