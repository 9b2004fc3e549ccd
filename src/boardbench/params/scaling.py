"""What the normalizations of images are called; a module of its own, for models of old runs are read by it too."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

FORMER = {"z-score": "standardize", "min-max": "minmax"}
"""What they were called before -> the word now."""


def _current(word: Any) -> Any:
    if isinstance(word, str) and word in FORMER:
        raise ValueError(f"it is called '{FORMER[word]}' now; write that")
    return word


Scaling = Annotated[Literal["standardize", "minmax"], BeforeValidator(_current)]
