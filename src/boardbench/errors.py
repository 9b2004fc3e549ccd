"""The errors that a user can mend: shown as one message, never as a traceback."""


class BoardbenchError(Exception):
    """Something in the user's files, parameters or data is wrong.

    The message says what failed, where (file and field) and what to do about it.
    """


def nearest(word: str, valid: list[str]) -> str:
    """Return ' Did you mean ...?' for the nearest valid word, or a list of all valid words."""
    import difflib

    close = difflib.get_close_matches(word, valid, n=1, cutoff=0.6)
    return f"Did you mean '{close[0]}'?" if close else f"Valid: {', '.join(valid)}."


def shown(value: object, longest: int = 80) -> str:
    """Return a value for a message: as Python writes it, cut where it is long, its type where it cannot be written."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a whole number of thousands of digits; lists in lists without end
        return f"a value of type {type(value).__name__}"
    return text if len(text) <= longest else f"{text[:longest]}..."
