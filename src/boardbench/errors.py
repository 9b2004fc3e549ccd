"""The errors that a user can mend: shown as one message, never as a traceback."""

import errno
import re

_LONGEST_WORD = 1000
_LONGEST = 10_000


class BoardbenchError(Exception):
    """Something in the user's files, parameters or data is wrong.

    The message says what failed, where (file and field) and what to do about it. What a broken file puts into it is cut
    where it is longer than a screen.
    """

    def __str__(self) -> str:
        """Return the message, long words and long messages cut."""
        text = re.sub(rf"\S{{{_LONGEST_WORD},}}", lambda found: f"{found[0][:100]}...", super().__str__())
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def nearest(word: str, valid: list[str]) -> str:
    """Return ' Did you mean ...?' for the nearest valid word, or a list of all valid words."""
    import difflib

    close = difflib.get_close_matches(word, valid, n=1, cutoff=0.6)
    return f"Did you mean '{close[0]}'?" if close else f"Valid: {', '.join(valid)}."


def refused_by_machine(error: Exception) -> str | None:
    """Return the message for what no check sees before: no room, no right, no memory; None for any other error."""
    no_memory = ("allocate memory", "failed to map segment")  # torch's, and the loader's of its libraries
    if isinstance(error, MemoryError) or any(words in str(error) for words in no_memory):
        return "out of memory. 'boardbench doctor' says how much there is and what the default run needs."
    if isinstance(error, UnicodeEncodeError):
        text = f"{shown(error.object)} cannot be written in this locale's encoding, {error.encoding}"
        return f"{text}. Set LC_ALL=C.UTF-8, or PYTHONUTF8=1."
    if isinstance(error, OSError) and error.errno is not None and error.filename is not None:
        return f"{shown(str(error.filename), 500)}: {error.strerror}. {_REMEDIES.get(error.errno, _LOOK)}"
    return None


ADDRESSES = 3_000_000_000
"""Bytes of addresses ('ulimit -v') that a step may reserve: 2.3 GB were measured, in training."""

_LOOK = "Look at this path, its disk and its rights."
_REMEDIES = {
    errno.ENOSPC: "Free some space, and run the same again.",
    errno.EDQUOT: "Free some space within your quota, and run the same again.",
    errno.EROFS: "Its disk is mounted read-only: name another folder, or run in one of your own.",
    errno.EACCES: "Take rights to it, name another folder, or run in one of your own.",
    errno.ENAMETOOLONG: "Give a shorter path.",
    errno.ENOENT: "Check the path, and that the disk with it is mounted.",
}


def shown(value: object, longest: int = 80) -> str:
    """Return a value for a message: as Python writes it, cut where it is long, its type where it cannot be written."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a whole number of thousands of digits; lists in lists without end
        return f"a value of type {type(value).__name__}"
    return text if len(text) <= longest else f"{text[:longest]}..."
