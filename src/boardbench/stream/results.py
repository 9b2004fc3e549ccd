"""Results as they come: a line of JSON and a row of the class map for each line of the belt, and its components.

``lines.ndjson`` and ``components.ndjson`` grow under their own names, so that a sorter can follow them; the class map
(``classes.img``, ENVI BSQ uint8, with ``classes.hdr``) gets its name when the stream ends: a map is no use before.
"""

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from boardbench.files import write_text
from boardbench.segmentation.overlay import background, class_colours
from boardbench.stream.publish import Publisher
from boardbench.stream.times import Times
from boardbench.stream.tracker import Scale, Tracker

NOT_SEEN = "not seen"
"""Name of the class of lines that never reached the network; its index follows the last class."""
NAMES = ("lines.ndjson", "components.ndjson", "classes.img", "classes.hdr", "stream.json")


class Results:
    """The files of one stream in ``folder``; those of an earlier stream are removed.

    Args:
        folder: made where it is not there.
        classes: names, in index order.
        samples: of a line.
        start: ``time.monotonic`` that times count from.
        scale: of a pixel on the belt; None: pixels only.
        publisher: gets the components, too.

    Attributes:
        lines: written.
        delay: from the arrival of a component's last line to the component.
    """

    def __init__(
        self,
        folder: Path,
        classes: list[str],
        samples: int,
        start: float,
        scale: Scale | None = None,
        publisher: Publisher | None = None,
    ):
        folder.mkdir(parents=True, exist_ok=True)
        for name in NAMES:
            (folder / name).unlink(missing_ok=True)
        self._folder, self._classes, self._samples, self._start = folder, classes, samples, start
        self._background = background(classes)
        self._partial = folder / "classes.img.partial"
        self._log = (folder / "lines.ndjson").open("w", encoding="utf-8", newline="\n")
        self._events = (folder / "components.ndjson").open("w", encoding="utf-8", newline="\n")
        self._map = self._partial.open("wb")
        self._tracker, self._publisher, self._left = Tracker(classes, scale), publisher, start
        self.lines, self.delay = 0, Times()

    def write(
        self, rows: np.ndarray, seen: np.ndarray, arrived: np.ndarray, left: float, reasons: Sequence[tuple | None]
    ) -> None:
        """Append rows (lines, samples) of class indices; those not seen become the class ``not seen``.

        ``reasons`` are the statistics for which each is not trusted: empty where it is, None where that was not judged.
        """
        rows[~seen] = len(self._classes)
        self._map.write(np.ascontiguousarray(rows).data)
        self._map.flush()
        self._left = left
        for row, one_seen, one_arrived, why in zip(rows, seen, arrived, reasons, strict=True):
            entry = {
                "line": self.lines,
                "seen": bool(one_seen),
                "arrived_s": round(one_arrived - self._start, 6) if one_seen else None,
                "left_s": round(left - self._start, 6),
                "runs": runs(row, self._background) if one_seen else [],
                "trusted": None if why is None or not one_seen else not why,
            }
            if why and one_seen:
                entry["because"] = list(why)
            self._log.write(json.dumps(entry) + "\n")
            if one_seen:
                self._components(self._tracker.line(self.lines, entry["runs"], one_arrived, entry["trusted"]))
            else:
                self._components(self._tracker.lost())
            self.lines += 1
        self._log.flush()
        self._events.flush()

    def _components(self, ended: Iterable[tuple[dict[str, Any], float]]) -> None:
        """Write the components that have ended, and send them."""
        for found, arrived in ended:
            self.delay.add(self._left - arrived)
            times = {"arrived_s": round(arrived - self._start, 6), "left_s": round(self._left - self._start, 6)}
            text = json.dumps(found | times, ensure_ascii=False)
            self._events.write(text + "\n")
            if self._publisher:
                self._publisher.send(text)

    def finish(self) -> None:
        """Give out the open components, and the class map its header and its name; without any line there is none."""
        self._components(self._tracker.finish())
        self._events.close()
        self._log.close()
        self._map.close()
        if not self.lines:
            self._partial.unlink()
            return
        # What an ENVI header cannot hold, as in captures.envi_classmap.
        names = [name.translate(str.maketrans(",{}", "---")) for name in (*self._classes, NOT_SEEN)]
        colours = class_colours(self._classes) | {len(self._classes): (128, 128, 128)}
        fields = {
            "description": "{classes of a stream, by boardbench}",
            "samples": self._samples,
            "lines": self.lines,
            "bands": 1,
            "header offset": 0,
            "file type": "ENVI Classification",
            "data type": 1,
            "interleave": "bsq",
            "byte order": 0,
            "classes": len(names),
            "class names": "{" + ", ".join(names) + "}",
            "class lookup": "{"
            + ", ".join(str(part) for index in range(len(names)) for part in colours.get(index, (0, 0, 0)))
            + "}",
        }
        self._partial.replace(self._folder / "classes.img")
        write_text(
            self._folder / "classes.hdr", "ENVI\n" + "".join(f"{key} = {value}\n" for key, value in fields.items())
        )

    def report(self) -> dict[str, Any]:
        """Return how many components there were, how late they came, and what became of their messages."""
        found = {"count": self._tracker.closed, "delay": self.delay.summary()}
        return found | ({"published": self._publisher.close()} if self._publisher else {})

    def discard(self) -> None:
        """Close the files; no class map appears."""
        for file in (self._log, self._events, self._map):
            with suppress(OSError):  # what is left to write may not fit on a full disk
                file.close()
        self._partial.unlink(missing_ok=True)


def runs(row: np.ndarray, background: int | None) -> list[list[int]]:
    """Return [class, first sample, last sample] of each run of one class in a line, without the background."""
    edges = np.flatnonzero(np.diff(row)) + 1
    firsts, ends = np.concatenate(([0], edges)), np.concatenate((edges, [len(row)]))
    found = zip(row[firsts].tolist(), firsts.tolist(), (ends - 1).tolist(), strict=True)
    return [[kind, first, final] for kind, first, final in found if kind != background]
