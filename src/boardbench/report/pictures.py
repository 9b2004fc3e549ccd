"""Pictures small enough for git."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from boardbench.errors import BoardbenchError
from boardbench.files import atomic_write, write_json
from boardbench.integrity import checked, remove

MAX_WIDTH = 1100


class Figures:
    """The figures of a data set in a folder, with captions and alt texts.

    Attributes:
        entries: file, caption and alt of each.
    """

    def __init__(self, out: Path, study: str):
        """Begin with none; their files' names start with the study's."""
        self.out, self.study, self.entries = out, study, []

    def add(self, file: str, caption: str, alt: str, plot: list[dict[str, Any]] | None = None) -> Path:
        """Return the path of a figure that the caller draws; ``plot`` is written beside it (:mod:`report.plots`)."""
        entry = {"file": file, "caption": caption, "alt": alt}
        if plot:
            entry["plot"] = f"{Path(file).stem}.json"
            with atomic_write(self.out / entry["plot"], record=True) as beside:
                beside.write_text(json.dumps(plot, separators=(",", ":"), ensure_ascii=False), encoding="utf-8")
        self.entries.append(entry)
        return self.out / file

    def finish(self) -> None:
        """Write ``<study>_figures.json``, and remove figures of an earlier run."""
        write_json(self.out / f"{self.study}_figures.json", self.entries, record=True)
        kept = {
            f"{self.study}_figures.json",
            *(entry[key] for entry in self.entries for key in entry.keys() & {"file", "plot"}),
        }
        for path in self.out.glob(f"{self.study}_*"):
            if path.suffix in (".png", ".svg", ".json") and path.name not in kept:
                path.unlink()


def shrunk(draw: Callable[[Path], Any], out: Path, limit: int, verb: str) -> None:
    """Let ``draw`` write a PNG, then :func:`shrink` it."""
    large = out.with_name(f".{out.name}")
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        draw(large)
        shrink(large, out, limit, verb)
    finally:
        remove(large)


def shrink(source: Path, out: Path, limit: int, verb: str) -> None:
    """Write a picture as a palette PNG of at most ``limit`` bytes: fewer colours first, then fewer pixels.

    Args:
        source: the picture.
        out: the PNG.
        limit: bytes.
        verb: that draws the picture, for the error.

    Raises:
        BoardbenchError: the source is not a picture.
    """
    try:
        with Image.open(checked(source)) as opened:
            picture = opened.convert("RGB")
    except OSError as error:
        raise BoardbenchError(
            f"{source}: not a picture ({error}). Delete it and run 'boardbench {verb}' again."
        ) from None
    width = min(picture.width, MAX_WIDTH)
    with atomic_write(out, record=True) as temporary:
        while True:
            size = (width, max(1, round(picture.height * width / picture.width)))
            small = picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS)
            for colours in (256, 64):
                small.quantize(colours, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
                    temporary, format="PNG", optimize=True
                )
                if temporary.stat().st_size <= limit or width <= 64:
                    return
            width = int(width * 0.8)
